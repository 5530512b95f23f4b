"""The screen with the stored runs of a folder: find, compare, review."""
