"""A metal core that grows and shrinks inside an insulating channel (Nb2O5, VO2): Pickett and Williams' model."""

from tsbench.simulated_backends.devices.moving_core.equations import MovingCore

DEVICE = MovingCore
