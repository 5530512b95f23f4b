"""Sweeps: half-sweeps, evidence of switching, threshold and hold."""
