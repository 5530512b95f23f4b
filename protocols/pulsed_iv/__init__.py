"""Pulsed I-V."""

from tsbench.protocols.pulsed_iv.protocol import PulsedIV

PROTOCOL = PulsedIV
