"""What one cycle of a write and a read pulse shows: conductance at the end of the write, and during the read.

Plain arithmetic on the records, for the acquisition that decides whether to go on and for the extraction alike.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tsbench.protocols.extracting.signals import DeviceRecord
from tsbench.protocols.pulses.write_read import WriteReadParameters
from tsbench.records import Flag, FloatArray
from tsbench.samples import noise_of

BoolArray = npt.NDArray[np.bool_]

SIGMAS = 4.0  #: standard uncertainties by which a conductance must differ from a limit
_LATE = 0.6  #: of a pulse: from there on the state at its end is read
_FEWEST = 3


@dataclass(frozen=True)
class PulseStand:
    """Device voltage [V] and current [A] in one part of a pulse, less what stood before, with standard uncertainties.

    The uncertainties are random: noise, and the part of a code that no noise averages out.
    """

    voltage: float
    current: float
    voltage_uncertainty: float
    current_uncertainty: float

    @property
    def conductance(self) -> float:
        """Current over voltage [S]."""
        return self.current / self.voltage if self.voltage else math.nan

    @property
    def uncertainty(self) -> float:
        """Standard uncertainty of the conductance [S]."""
        if not self.voltage:
            return math.inf
        relative = self.voltage_uncertainty / abs(self.voltage)
        return math.hypot(self.current_uncertainty / abs(self.voltage), relative * abs(self.conductance))

    def below(self, limit: float, doubt: float = 0.0) -> bool:
        """Return whether the conductance is below ``limit`` [S] by evidence.

        Parameters
        ----------
        limit : [S]
        doubt : relative limit of the error of gains
        """
        return self.conductance * (1 + doubt) + SIGMAS * self.uncertainty < limit

    def above(self, limit: float, doubt: float = 0.0) -> bool:
        """Return whether the conductance is above ``limit`` [S] by evidence.

        Parameters
        ----------
        limit : [S]
        doubt : relative limit of the error of gains
        """
        return self.conductance * (1 - doubt) - SIGMAS * self.uncertainty > limit


@dataclass(frozen=True)
class CycleState:
    """One cycle: how the device stood at the end of the write pulse, and during the read pulse."""

    write: PulseStand
    read: PulseStand


_UNKNOWN = CycleState(*[PulseStand(math.nan, math.nan, math.inf, math.inf)] * 2)


def record_states(settings: WriteReadParameters, record: DeviceRecord) -> list[CycleState]:
    """Return the state of each segment of a record; empty where it has no current or no voltage.

    Of a segment that tells nothing (:func:`tsbench.protocols.extracting.mute_records.mute`), all numbers are NaN and no
    limit is passed.
    """
    if record.voltage is None or record.current is None:
        return []
    resolution = (record.voltage_resolution, record.current_resolution)
    mute = record.mute or (Flag.NONE,) * len(record.voltage)
    return [_UNKNOWN if why else cycle_state(settings, record.times, voltage, current, resolution)
            for voltage, current, why in zip(record.voltage, record.current, mute, strict=True)]


def cycle_state(
    settings: WriteReadParameters, times: FloatArray, voltage: FloatArray, current: FloatArray,
    resolution: tuple[float, float] = (0.0, 0.0),
) -> CycleState:
    """Read one segment.

    Parameters
    ----------
    settings : when the pulses are
    times : [s] after the trigger on the write pulse, shape (n,)
    voltage, current : [V], [A] at the device, shape (n,)
    resolution : [V], [A] of one code
    """
    before = times < -2 * settings.rise_time
    again = settings.width + settings.gap
    parts = []
    for begin, width in ((0.0, settings.width), (again, settings.read_width)):
        late = (times > begin + _LATE * width) & (times < begin + width - 2 * settings.fall_time)
        if late.sum() < _FEWEST:
            late = (times > begin + 0.4 * width) & (times < begin + 0.9 * width)
        v, sv = _level(voltage, before, late, resolution[0])
        i, si = _level(current, before, late, resolution[1])
        parts.append(PulseStand(v, i, sv, si))
    return CycleState(*parts)


def _level(values: FloatArray, before: BoolArray, during: BoolArray, code: float) -> tuple[float, float]:
    """Return the mean of a part less the mean before, and its standard uncertainty."""
    if not before.any() or not during.any():
        return math.nan, math.inf
    noise = noise_of(values[before], code)
    count = 1 / float(before.sum()) + 1 / float(during.sum())
    # without noise of half a code, no average is finer than the code
    floor = code / math.sqrt(12.0) if noise < 0.5 * code else 0.0
    return float(values[during].mean() - values[before].mean()), math.hypot(noise * math.sqrt(count), floor)


def resistance_of(conductances: FloatArray) -> FloatArray:
    """Return resistances [Ohm]; infinite where the conductance is not above zero.

    Parameters
    ----------
    conductances : [S] shape (n,)
    """
    return np.where(conductances > 0, 1.0 / np.where(conductances > 0, conductances, 1.0), np.inf)
