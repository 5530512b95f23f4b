"""Endurance."""

from tsbench.protocols.endurance.protocol import Endurance

PROTOCOL = Endurance
