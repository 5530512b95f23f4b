"""A comparator: an output between two levels that follows the sign of its input voltage, with finite gain and speed."""

from tsbench.simulated_backends.devices.comparator.equations import Comparator

DEVICE = Comparator
