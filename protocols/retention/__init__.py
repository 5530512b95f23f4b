"""Retention."""

from tsbench.protocols.retention.protocol import Retention

PROTOCOL = Retention
