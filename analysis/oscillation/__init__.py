"""Oscillations: spikes, their intervals, frequency and jitter."""
