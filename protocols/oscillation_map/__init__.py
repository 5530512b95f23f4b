"""Oscillation map."""

from tsbench.protocols.oscillation_map.protocol import OscillationMap

PROTOCOL = OscillationMap
