"""Pulse train."""

from tsbench.protocols.pulse_train.protocol import PulseTrain

PROTOCOL = PulseTrain
