"""tsbench.simulated_backends.circuit."""
