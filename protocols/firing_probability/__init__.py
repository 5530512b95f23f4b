"""Firing probability."""

from tsbench.protocols.firing_probability.protocol import FiringProbability

PROTOCOL = FiringProbability
