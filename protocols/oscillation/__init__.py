"""Oscillation."""
