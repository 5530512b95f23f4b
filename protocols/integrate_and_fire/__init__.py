"""Integrate and fire."""

from tsbench.protocols.integrate_and_fire.protocol import IntegrateAndFire

PROTOCOL = IntegrateAndFire
