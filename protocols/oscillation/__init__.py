"""Oscillation."""

from tsbench.protocols.oscillation.protocol import Oscillation

PROTOCOL = Oscillation
