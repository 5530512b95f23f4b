"""The journal of a run: writing, reading, and restoring it if its file was deleted or renamed."""
