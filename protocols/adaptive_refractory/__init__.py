"""Adaptive refractory period."""

from tsbench.protocols.adaptive_refractory.protocol import AdaptiveRefractory

PROTOCOL = AdaptiveRefractory
