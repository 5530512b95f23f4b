"""Adaptive measurements: what is believed of a firing curve or of a window's edges, and what to measure next."""
