"""Relaxation after a pulse."""

from tsbench.protocols.relaxation.protocol import Relaxation

PROTOCOL = Relaxation
