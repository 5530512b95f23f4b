"""Arbitrary stimulus."""

from tsbench.protocols.stimulus.protocol import ArbitraryStimulus

PROTOCOL = ArbitraryStimulus
