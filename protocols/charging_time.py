"""Whether the capacitance across the device is charged in time: before a reading, and within a pulse.

A capacitance C behind a resistance R follows a step by 1 - exp(-t / RC). All numbers are those of a device that does
not conduct; one that conducts is faster.
"""

import math

import numpy as np

from tsbench.instruments import Station
from tsbench.quantities import short_quantity
from tsbench.records import FloatArray

_TOLD = 0.01  #: share of a step that is missing, from which on it is told
_SETTLED = 5.0  #: time constants after which 0.7 % of a step are missing
_NOT_ZERO = 1e-9  #: of the farthest level: a smaller one is a zero that was rounded
_REMEDY = "or lower the resistance or the capacitance"


def time_constant(station: Station, role: str) -> float:
    """Return the time constant [s] of the path from an instrument to the device and the capacitance across it.

    0 where there is no path, and behind a capacitor, which lets edges pass.
    """
    path = station.wire_path(role)
    if path.coupled or not math.isfinite(path.resistance):
        return 0.0
    return path.thevenin_resistance * station.fixture.parallel_capacitance


def missing_share(constant: float, after: float, aperture: float) -> float:
    """Return the share of a step that the mean over an aperture misses.

    Parameters
    ----------
    constant : time constant [s]
    after : [s] from the beginning of the charging to that of the aperture; negative: the aperture begins earlier
    aperture : [s], above 0
    """
    early, begin = min(max(-after, 0.0), aperture), max(after, 0.0)
    if constant <= 0.0:
        return early / aperture
    end = begin + aperture - early
    return (early + constant * (math.exp(-begin / constant) - math.exp(-end / constant))) / aperture


def late_readings(
    station: Station, levels: FloatArray, drive: str, compliance: float, dwell: float, aperture: float,
) -> list[str]:
    """Return a line where readings of a sweep come before the capacitance across the device is charged.

    Parameters
    ----------
    station : whose role "drive" sweeps
    levels : [V or A], shape (n,), in order
    drive : "voltage" or "current"
    compliance : [A] where voltage is driven, else [V]
    dwell, aperture : [s] from a level to its reading, and of the reading
    """
    stored = station.fixture.parallel_capacitance
    if stored <= 0.0:
        return []
    farads, waited = short_quantity(stored, "F", 3), short_quantity(dwell, "s", 3)
    if drive == "voltage":
        constant = time_constant(station, "drive")
        limited = stored * float(np.abs(np.diff(levels)).max()) / compliance   # it charges with no more than that
        share, needed = missing_share(constant, dwell - limited, aperture), limited + _SETTLED * constant
        said = (f"the {farads} across the device are charged through {short_quantity(constant / stored, 'Ohm', 3)}, "
                f"with at most the compliance. A reading {waited} after its level may miss {share:.0%} of the step, "
                "and its current contains the one that charges them")
    else:
        sizes = np.abs(levels)
        least = float(sizes[sizes > _NOT_ZERO * float(sizes.max())].min())
        constant = stored * compliance / least   # of the largest resistance that the compliance lets pass
        share, needed = missing_share(constant, dwell, aperture), _SETTLED * constant
        said = (f"the {farads} across the device are charged by the current of the source. At "
                f"{short_quantity(least, 'A')}, a reading {waited} after its level may miss {share:.0%} of the voltage "
                "if the device needs the compliance there")
    if share <= _TOLD:
        return []
    return [f"{said}. Use {short_quantity(needed, 's', 3)} or more at each level, {_REMEDY}"]


def slow_pulses(station: Station, width: float, role: str = "pulser") -> tuple[str, ...]:
    """Return a line where pulses end before the capacitance across the device is charged.

    Parameters
    ----------
    station : the bench
    width : [s] of the shortest pulse whose height is a condition of a result
    role : of the generator
    """
    constant = time_constant(station, role)
    if constant <= 0.0 or (share := math.exp(-width / constant)) <= _TOLD:
        return ()
    stored = station.fixture.parallel_capacitance
    return (
        f"{role}: {short_quantity(constant / stored, 'Ohm', 3)} and the {short_quantity(stored, 'F', 3)} across the "
        f"device have a time constant of {short_quantity(constant, 's', 3)}. A pulse of {short_quantity(width, 's')} "
        f"brings at most {1 - share:.0%} of its height to a device that does not conduct. Use pulses of "
        f"{short_quantity(_SETTLED * constant, 's', 3)} or more, {_REMEDY}",)
