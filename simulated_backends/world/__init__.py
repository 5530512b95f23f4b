"""The simulated world: world file, devices, positioner, faults."""
