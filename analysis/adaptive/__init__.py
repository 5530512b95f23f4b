"""Adaptive measurements: the probability of each firing curve or edge of a window, and the next stimulus."""
