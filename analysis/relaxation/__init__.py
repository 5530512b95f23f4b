"""Relaxation after a pulse."""
