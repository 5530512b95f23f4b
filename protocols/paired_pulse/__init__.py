"""Paired pulses."""
