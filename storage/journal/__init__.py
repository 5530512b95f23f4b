"""The journal of a run while it is measured: written, read back, and put back where its name is gone."""
