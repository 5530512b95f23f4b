"""tsbench.gui."""
