"""The process that switches off what the measuring process no longer can."""
