"""From a bench file to open, identified and guarded instruments."""
