"""The twin of the Keysight DSOX3000T."""
