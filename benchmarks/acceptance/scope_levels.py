"""How exact the levels of a record must be: what the data sheet of the virtual oscilloscope states, at its settings.

A level may be wrong by the gain error of its distance from mid-screen, by the offset errors, by one code and by noise.
In the swing, which is the difference of two levels, the offset errors cancel. So the swing shows a gain error that the
levels hide.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.acceptance.benches import TESTED, OpenBench
from benchmarks.acceptance.drivers import close_to

Volts = npt.NDArray[np.float64]
_DEVIATIONS = 4.0  #: of a normal error: one of 16 000 is larger
_MEDIAN = 1.25  #: standard deviation of a median of normal errors, to that of their mean
_TRUE_SPAN, _TRUE_POINTS = 1e-3, 100_001  #: [s] of the true waveform: whole periods of all signals of the cases


@dataclass(frozen=True)
class Screen:
    """One channel of an oscilloscope as a case has set it.

    Parameters
    ----------
    sheet : data sheet of the virtual oscilloscope (``ScopeDataSheet``)
    scale : [V/div] without a probe
    middle : [V] at mid-screen
    """

    sheet: Any
    scale: float
    middle: float

    @property
    def code(self) -> float:
        """Return one code of 8 bits [V], which is what most drivers read."""
        return float(self.scale * self.sheet.divisions / self.sheet.levels)

    def noise(self, samples: float = 1.0) -> float:
        """Return the largest error [V] that noise makes in the median of so many samples."""
        one = _DEVIATIONS * float(self.sheet.noise(self.scale))
        return one if samples <= 1 else _MEDIAN * one / float(np.sqrt(samples))

    def level_bound(self, volts: float, samples: float = 1.0) -> float:
        """Return the largest error [V] of a level of so many samples."""
        gain = self.sheet.gain_accuracy * abs(volts - self.middle)
        offset = self.sheet.offset_divisions * self.scale + self.sheet.offset_accuracy
        offset += self.sheet.offset_gain_accuracy * abs(self.middle)
        return float(gain + offset) + self.code + self.noise(samples)

    def swing_bound(self, volts: float, samples: float = 1.0) -> float:
        """Return the largest error [V] of the difference of two levels; ``samples`` of the shorter one."""
        return float(self.sheet.gain_accuracy * abs(volts)) + self.code + float(np.sqrt(2.0)) * self.noise(samples)


def screen(bench: OpenBench, middle: float, *, scale: float = 0.0, full_scale: float = 0.0) -> Screen:
    """Return the screen of the instrument under test.

    Parameters
    ----------
    bench : OpenBench
    middle : [V] at mid-screen
    scale, full_scale : [V/div] or [V]: the one of the two that the case has set
    """
    virtual: Any = bench.world.instruments[TESTED]
    sheet = getattr(virtual, "data_sheet", None) or virtual.sheet
    return Screen(sheet, scale or full_scale / sheet.divisions, middle)


@dataclass(frozen=True)
class Levels:
    """The two levels of a waveform that goes between them, and how many samples the shorter one has."""

    low: float
    high: float
    samples: int = 1

    @property
    def swing(self) -> float:
        """Return the difference [V]."""
        return self.high - self.low


def levels_of(volts: Volts) -> Levels:
    """Return the median [V] of the samples above half of the levels, and of those below."""
    above = volts > (volts.min() + volts.max()) / 2
    return Levels(float(np.median(volts[~above])), float(np.median(volts[above])),
                  int(min(np.count_nonzero(above), np.count_nonzero(~above))))


def true_levels(bench: OpenBench) -> Levels:
    """Return the levels that are at the resistor now."""
    return levels_of(bench.waveform(_TRUE_SPAN, _TRUE_POINTS)[1])


def levels_are_true(volts: Volts, bench: OpenBench, shown: Screen) -> Levels:
    """Compare the levels of a record with those at the resistor; return those of the record."""
    found, true = levels_of(volts), true_levels(bench)
    close_to("high level", found.high, true.high, shown.level_bound(true.high, found.samples))
    close_to("low level", found.low, true.low, shown.level_bound(true.low, found.samples))
    close_to("swing", found.swing, true.swing, shown.swing_bound(true.swing, found.samples))
    return found
