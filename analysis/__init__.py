"""tsbench.analysis."""
