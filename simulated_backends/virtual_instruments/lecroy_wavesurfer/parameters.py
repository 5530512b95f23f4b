"""What a MAUI oscilloscope measures on a record: kinds of measurement, their values, and their statistics.

Sources: WaveSurfer 3000/3000z Oscilloscopes Operator's Manual, "List of Standard Measurements" (definitions); MAUI
remote control manual, page 2-28, "Param" (the value is the last one of a record, the statistics have all of them),
"PARAMETER_VALUE?" (states).
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from tsbench.records import FloatArray
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition import Acquisition
from tsbench.simulated_backends.virtual_instruments.oscilloscope.shown_trace import ShownTrace, Thresholds

#: returns all values that a record has: one for each cycle, pulse or edge, or one
Measured = Callable[[ShownTrace], FloatArray]

NO_VALUE = "UNDEF"
_OUTER = Thresholds(lower=20.0, upper=80.0)  #: [%] of the amplitude
_MANTISSA = ".7g"


def _one(value: Callable[[ShownTrace], float]) -> Measured:
    """Return a measurement with one value for a record."""
    def measured(trace: ShownTrace) -> FloatArray:
        found = value(trace) if len(trace.filled) else math.nan
        return np.array([found]) if math.isfinite(found) else np.empty(0)

    return measured


def _whole_cycles(trace: ShownTrace) -> FloatArray:
    """Return the points within the periods of a record, or all of them if it has none."""
    inside = trace.within(True)
    return inside if len(inside) else trace.filled


def _overshoot(trace: ShownTrace, positive: bool) -> float:
    low, high = trace.levels
    if not high > low:
        return math.nan
    beyond = trace.extremes[1] - high if positive else low - trace.extremes[0]
    return 100.0 * max(beyond, 0.0) / (high - low)


def _periods(trace: ShownTrace) -> FloatArray:
    """Return the times [s] between every other crossing of the middle, from the first on."""
    edges = trace.edges
    return np.diff(edges.middle[edges.rising == edges.rising[0]]) if len(edges.middle) else np.empty(0)


def _widths(trace: ShownTrace, positive: bool) -> FloatArray:
    middle, rising = trace.edges.middle, trace.edges.rising
    return np.asarray(np.diff(middle)[rising[:-1] == positive])


def _duties(trace: ShownTrace) -> FloatArray:
    """Return the part [%] of each period that is above the middle."""
    middle, rising = trace.edges.middle, trace.edges.rising
    begins = np.flatnonzero(rising[:-2])
    return np.asarray(100.0 * (middle[begins + 1] - middle[begins]) / (middle[begins + 2] - middle[begins]))


def _transitions(trace: ShownTrace, rising: bool, thresholds: Thresholds | None = None) -> FloatArray:
    edges = (trace if thresholds is None else replace(trace, thresholds=thresholds)).edges
    return np.asarray((edges.end - edges.begin)[edges.rising == rising])


@dataclass(frozen=True)
class ParameterKind:
    """One kind of measurement.

    Parameters
    ----------
    engine : name in the automation (``ParamEngine``)
    word : name in the remote commands (``PAVA?``)
    unit : of the values
    measured : returns the values of a record
    """

    engine: str
    word: str
    unit: str
    measured: Measured


KINDS = (
    ParameterKind("Amplitude", "AMPL", "V", _one(lambda trace: trace.levels[1] - trace.levels[0])),
    ParameterKind("Area", "AREA", "V.S", _one(lambda trace: float(np.sum(trace.filled)) * trace.interval)),
    ParameterKind("Base", "BASE", "V", _one(lambda trace: trace.levels[0])),
    ParameterKind("Delay", "DLY", "S", lambda trace: trace.edges.middle[:1]),
    ParameterKind("DutyCycle", "DUTY", "%", _duties),
    ParameterKind("Fall", "FALL", "S", lambda trace: _transitions(trace, False)),
    ParameterKind("Fall8020", "FALL82", "S", lambda trace: _transitions(trace, False, _OUTER)),
    ParameterKind("Frequency", "FREQ", "HZ", lambda trace: 1.0 / _periods(trace)),
    ParameterKind("Maximum", "MAX", "V", _one(lambda trace: trace.extremes[1])),
    ParameterKind("Mean", "MEAN", "V", _one(lambda trace: float(np.mean(trace.filled)))),
    ParameterKind("Minimum", "MIN", "V", _one(lambda trace: trace.extremes[0])),
    ParameterKind("OvershootNegative", "OVSN", "%", _one(lambda trace: _overshoot(trace, False))),
    ParameterKind("OvershootPositive", "OVSP", "%", _one(lambda trace: _overshoot(trace, True))),
    ParameterKind("PeakToPeak", "PKPK", "V", _one(lambda trace: trace.extremes[1] - trace.extremes[0])),
    ParameterKind("Period", "PER", "S", _periods),
    ParameterKind("Rise", "RISE", "S", lambda trace: _transitions(trace, True)),
    ParameterKind("Rise2080", "RISE28", "S", lambda trace: _transitions(trace, True, _OUTER)),
    ParameterKind("RootMeanSquare", "RMS", "V", _one(
        lambda trace: float(np.sqrt(np.mean(np.square(_whole_cycles(trace))))))),
    ParameterKind("StandardDeviation", "SDEV", "V", _one(lambda trace: float(np.std(_whole_cycles(trace))))),
    ParameterKind("Top", "TOP", "V", _one(lambda trace: trace.levels[1])),
    ParameterKind("Width", "WID", "S", lambda trace: _widths(trace, True)),
    ParameterKind("WidthNegative", "WIDN", "S", lambda trace: _widths(trace, False)),
)
BY_WORD: Mapping[str, ParameterKind] = {kind.word: kind for kind in KINDS}
BY_ENGINE: Mapping[str, ParameterKind] = {kind.engine.lower(): kind for kind in KINDS}


def state_of(trace: ShownTrace | None, values: FloatArray) -> str:
    """Return the state of a measurement: OK, IV (no value), OF, UF or OU (clipped above, below, both)."""
    if trace is None or not len(values):
        return "IV"
    return {(False, False): "OK", (False, True): "OF", (True, False): "UF", (True, True): "OU"}[
        trace.clipped_low, trace.clipped_high]


def engineering(value: float) -> str:
    """Return a number as ``PAVA?`` writes it, with an exponent of three times something: ``-500.0116E-6``."""
    if value == 0.0 or not math.isfinite(value):
        return "0" if value == 0.0 else NO_VALUE
    exponent = 3 * math.floor(math.log10(abs(value)) / 3)
    mantissa = format(value / 10.0 ** exponent, _MANTISSA)
    if abs(float(mantissa)) >= 1000.0:   # rounding has carried
        exponent, mantissa = exponent + 3, format(value / 10.0 ** (exponent + 3), _MANTISSA)
    return f"{mantissa}E{exponent}" if exponent else mantissa


@dataclass
class SweepStatistics:
    """Values since the last clearing, of which only the sums are kept."""

    count: int = 0
    mean: float = math.nan
    squares: float = 0.0  #: sum of the squared deviations from the mean
    lowest: float = math.nan
    highest: float = math.nan
    last: float = math.nan

    def add(self, values: FloatArray) -> None:
        """Take the values of a record."""
        if not len(values):
            return
        count, mean = len(values), float(np.mean(values))
        squares = float(np.sum(np.square(values - mean)))
        if self.count:
            total = self.count + count
            self.squares += squares + (mean - self.mean) ** 2 * self.count * count / total
            self.mean += (mean - self.mean) * count / total
            self.lowest, self.highest = min(self.lowest, float(values.min())), max(self.highest, float(values.max()))
        else:
            self.mean, self.squares = mean, squares
            self.lowest, self.highest = float(values.min()), float(values.max())
        self.count += count
        self.last = float(values[-1])

    @property
    def deviation(self) -> float:
        """Return the standard deviation of the values."""
        return math.sqrt(self.squares / self.count) if self.count else math.nan


@dataclass
class ParameterSlot:
    """One of the measurements P1, P2, ... of the screen."""

    kind: ParameterKind | None = None
    source: int = 1
    shown: bool = False
    statistics: SweepStatistics = field(default_factory=SweepStatistics)
    state: str = "IV"
    value: float = math.nan  #: of the last record
    measured: Acquisition | None = None  #: the last that was measured

    def set(self, kind: ParameterKind | None = None, source: int | None = None) -> None:
        """Measure something else; what was measured before is forgotten."""
        self.kind, self.source = kind, self.source if source is None else source
        self.clear()
        self.measured = None

    def clear(self) -> None:
        """Forget the statistics; the next record begins new ones."""
        self.statistics, self.state, self.value = SweepStatistics(), "IV", math.nan

    def take(self, acquisition: Acquisition, traces: list[ShownTrace]) -> None:
        """Measure the segments of an acquisition, unless that has been done."""
        if self.kind is None or not self.shown or self.measured is acquisition:
            return
        self.measured = acquisition
        with np.errstate(all="ignore"):
            found = [self.kind.measured(trace) for trace in traces]
        values = np.concatenate(found) if found else np.empty(0)
        self.statistics.add(values)
        self.state = state_of(traces[-1] if traces else None, found[-1] if found else values)
        self.value = float(found[-1][-1]) if self.state != "IV" else math.nan
