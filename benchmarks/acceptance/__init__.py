"""Drivers of other authors, unmodified, on the virtual instruments (``python -m benchmarks.acceptance``)."""
