"""Energy that a device takes in one spike."""
