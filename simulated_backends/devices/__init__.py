"""tsbench.simulated_backends.devices."""
