"""tsbench.storage."""
