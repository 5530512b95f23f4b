"""Processes that are killed, and disks that fail, wherever tsbench writes: ``python -m benchmarks.kills``."""
