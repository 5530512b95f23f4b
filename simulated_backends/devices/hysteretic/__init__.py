"""A VO2 film whose resistance follows its temperature with hysteresis: the thermal neuristor, without events."""

from tsbench.simulated_backends.devices.hysteretic.equations import Hysteretic

DEVICE = Hysteretic
