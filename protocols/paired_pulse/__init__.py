"""Paired pulses."""

from tsbench.protocols.paired_pulse.protocol import PairedPulse

PROTOCOL = PairedPulse
