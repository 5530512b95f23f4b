"""Pulses: delays, currents, firing and counts."""
