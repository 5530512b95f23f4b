"""Adaptive searches against equally spaced pulses: ``python -m benchmarks.adaptive [--quick]``."""
