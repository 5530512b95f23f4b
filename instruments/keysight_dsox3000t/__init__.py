"""Keysight InfiniiVision DSOX3000T and MSOX3000T."""
