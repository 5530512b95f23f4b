"""Telegraph noise."""

from tsbench.protocols.telegraph_noise.protocol import TelegraphNoise

PROTOCOL = TelegraphNoise
