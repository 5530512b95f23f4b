"""tsbench.simulated_backends.virtual_instruments."""
