"""Adaptive threshold."""

from tsbench.protocols.adaptive_threshold.protocol import AdaptiveThreshold

PROTOCOL = AdaptiveThreshold
