"""Zones of a control loop: the gains, the heater range and the rate that belong to a region of set-points."""

from collections.abc import Sequence
from dataclasses import dataclass

from tsbench.simulated_backends.virtual_instruments.lakeshore_33x.data_sheet import DEFAULT_GAINS

ZONES = 10  #: of each output (user's manuals of the 335 and 336, ZONE)


@dataclass(frozen=True)
class Zone:
    """One zone. An upper bound of 0 is that of a zone which is not used.

    Parameters
    ----------
    upper_bound : highest set-point of the zone [K]
    gains : P, I and D
    manual : [%]
    range : of the heater
    input : 0: that of the output, 1: A, 2: B, ...
    rate : of set-points [K/min]
    """

    upper_bound: float = 0.0
    gains: tuple[float, float, float] = DEFAULT_GAINS
    manual: float = 0.0
    range: int = 0
    input: int = 0
    rate: float = 0.1


def zone_of(zones: Sequence[Zone], set_point: float) -> Zone | None:
    """Return the first zone whose upper bound is not below a set-point [K]; None: there is none."""
    return next((zone for zone in zones if zone.upper_bound > 0.0 and set_point <= zone.upper_bound), None)
