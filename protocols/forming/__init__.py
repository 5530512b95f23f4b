"""Forming."""

from tsbench.protocols.forming.protocol import Forming

PROTOCOL = Forming
