"""tsbench.protocols."""
