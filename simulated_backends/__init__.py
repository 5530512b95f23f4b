"""tsbench.simulated_backends."""
