"""4225-PMU: what its commands set, and the waveforms and measuring windows that follow from it."""

from dataclasses import dataclass, field

import numpy as np

from tsbench.records import FloatArray
from tsbench.simulated_backends.kxci.errors import NOT_SIMULATED, VALUE, WINDOW, KxciError
from tsbench.simulated_backends.virtual_instruments.keithley_4200 import pulse_sheet as sheet

NONE, SPOT, WAVEFORM, MEAN_SPOT, MEAN_WAVEFORM = range(5)  #: measure modes
MOST_PLAYED = 100_000  #: segments or pulses of one test
AMPLITUDE, BASE, DC = "amplitude", "base", "dc"


@dataclass(frozen=True)
class Varied:
    """A sweep or a step of a channel."""

    what: str  #: AMPLITUDE, BASE or DC
    values: tuple[float, ...]  #: [V]
    other: float = 0.0  #: [V] base of swept amplitudes, amplitude of swept bases


@dataclass
class Sequence:
    """A sequence of segments, by the names of its commands."""

    arrays: dict[str, list[float]] = field(default_factory=dict)

    def array(self, name: str, default: float) -> list[float]:
        """Return an array; the default for each segment where it was never set."""
        return self.arrays.get(name) or [default] * len(self.arrays.get("TIME", ()))


@dataclass
class PulseCardSetup:
    """Settings of a channel after ``:PMU:INIT``."""

    enabled: bool = False
    volts: float = 10.0  #: [V] source range
    load: float = 1e6  #: [Ohm]
    llec: bool = False
    range_type: int = 0  #: 0 automatic, 1 limited, 2 fixed
    current_range: float = 10e-3  #: [A]
    period: float = 1e-6
    width: float = 500e-9
    rise: float = 100e-9
    fall: float = 100e-9
    delay: float = 0.0
    base: float = 0.0  #: [V]
    amplitude: float = 0.0
    sweep: Varied | None = None
    step: Varied | None = None
    high: bool = True  #: MEASURE:PIV
    low: bool = True
    spot_window: tuple[float, float] = (0.75, 0.9)  #: of the pulse top and of the base
    wave_window: tuple[float, float] = (0.1, 0.1)  #: before and behind the pulse, in parts of the width
    sequences: dict[int, Sequence] = field(default_factory=dict)
    plays: list[tuple[int, float]] = field(default_factory=list)  #: sequence, loops


@dataclass(frozen=True)
class MeasuringWindow:
    """A measuring window."""

    start: float  #: [s] from the start of the waveform
    stop: float
    kind: int  #: SPOT or WAVEFORM
    group: int = 0  #: windows of one group are averaged, in modes that average
    low: bool = False  #: of the base


@dataclass(frozen=True)
class PulseCourse:
    """A waveform to play, with its windows."""

    times: FloatArray  #: [s]
    volts: FloatArray  #: [V] behind the output resistance
    windows: tuple[MeasuringWindow, ...]
    relay: tuple[tuple[float, bool], ...] = ()

    @property
    def length(self) -> float:
        """Return the duration [s]."""
        return float(self.times[-1])


def behind_resistance(level: float, setup: PulseCardSetup) -> float:
    """Return the voltage behind the output resistance that makes ``level`` [V] at the load that was set."""
    return level * (setup.load + sheet.OUTPUT_RESISTANCE) / setup.load


# -------------------------------------------------------------------------------------------- standard pulses


def require_pulse_times(setup: PulseCardSetup) -> None:
    """KxciError where the times of a pulse do not fit together or into the range."""
    half = 0.5 * (setup.rise + setup.fall)
    edge, volts = 1 + 1e-9, setup.volts
    fits = (sheet.LEAST_PERIOD[volts] <= setup.period * edge and setup.period <= sheet.LONGEST_PERIOD * edge
            and sheet.LEAST_WIDTH[volts] <= setup.width * edge and setup.width <= (setup.period - 10e-9) * edge
            and all(sheet.LEAST_EDGE[volts] <= one * edge and one <= sheet.LONGEST_EDGE * edge
                    for one in (setup.rise, setup.fall))
            and setup.width > half and (setup.delay == 0.0 or setup.delay >= 20e-9 / edge)
            and setup.period - setup.delay - setup.width - half > 40e-9 / edge)
    if not fits:
        raise KxciError(VALUE)


def _levels(setup: PulseCardSetup, swept: int, stepped: int) -> tuple[float, float]:
    """Return base and top [V] at a point of the sweep and of the steps."""
    base, top = setup.base, setup.amplitude
    for varied, index in ((setup.step, stepped), (setup.sweep, swept)):
        if varied is not None:
            value = varied.values[min(index, len(varied.values) - 1)]
            base, top = {AMPLITUDE: (varied.other, value), BASE: (value, varied.other), DC: (value, value)}[varied.what]
    return base, top


def pulse_course(setup: PulseCardSetup, mode: int, count: int, points: tuple[int, int]) -> PulseCourse:
    """Return the pulses of a test: ``count`` of each point; ``points``: of the sweep, of the steps."""
    if count * points[0] * points[1] > MOST_PLAYED:
        raise KxciError(NOT_SIMULATED, "More than 100 000 pulses are not simulated.")
    times, volts, windows = [0.0], [behind_resistance(_levels(setup, 0, 0)[0], setup)], []
    group, begin = 0, 0.0
    rise, fall = setup.rise, setup.fall
    top_time = setup.width - 0.5 * (rise + fall)
    for stepped in range(points[1]):
        for swept in range(points[0]):
            base, top = (behind_resistance(one, setup) for one in _levels(setup, swept, stepped))
            for _ in range(count):
                up = begin + setup.delay
                marks = (up, up + rise, up + rise + top_time, up + rise + top_time + fall, begin + setup.period)
                times += [max(up, begin + 1e-12), *marks[1:]]
                volts += [base, top, top, base, base]
                windows += _windows(setup, mode, marks, group)
                begin += setup.period
            group += 1
    return PulseCourse(np.array(times), np.array(volts), tuple(windows))


def _windows(setup: PulseCardSetup, mode: int, marks: tuple[float, ...], group: int) -> list[MeasuringWindow]:
    up, top, down, end, last = marks
    if mode in (WAVEFORM, MEAN_WAVEFORM):
        before, behind = (part * setup.width for part in setup.wave_window)
        return [MeasuringWindow(max(up - before, 0.0), min(end + behind, last), WAVEFORM, group)]
    if mode == NONE:
        return []
    first, second = setup.spot_window
    found = []
    for wanted, low, start, length in ((setup.high, False, top, down - top), (setup.low, True, end, last - end)):
        if wanted:
            found.append(MeasuringWindow(start + first * length, start + second * length, SPOT, group, low))
    return found


# -------------------------------------------------------------------------------------------------- segments


def segment_course(setup: PulseCardSetup) -> PulseCourse:
    """Return the waveform of the list of sequences; KxciError where the arrays do not fit together."""
    if not setup.plays:
        raise KxciError(VALUE)
    times = [0.0]
    volts: list[float] = []
    windows: list[MeasuringWindow] = []
    relay: list[tuple[float, bool]] = []
    closed, last, begin = True, None, 0.0
    for number, loops in setup.plays:
        sequence = setup.sequences.get(number)
        if sequence is None:
            raise KxciError(VALUE)
        if loops * len(sequence.array("TIME", 0.0)) > MOST_PLAYED - len(volts):
            raise KxciError(NOT_SIMULATED, "More than 100 000 segments are not simulated.")
        rows = _rows(sequence, setup)
        for _ in range(int(loops)):
            for duration, start, stop, kind, measured, relay_state in rows:
                if last is not None and abs(start - last) > 1e-9:
                    raise KxciError(VALUE, "The segments do not join.")
                if not volts:
                    volts.append(behind_resistance(start, setup))
                if relay_state != closed:
                    if duration < sheet.RELAY_TIME * (1 - 1e-9):
                        raise KxciError(VALUE)
                    relay.append((begin, relay_state))
                    closed = relay_state
                if kind:
                    windows.append(MeasuringWindow(begin + measured[0], begin + measured[1],
                                          WAVEFORM if kind in (WAVEFORM, MEAN_WAVEFORM) else SPOT, len(windows)))
                begin += duration
                times.append(begin)
                volts.append(behind_resistance(stop, setup))
                last = stop
    times.append(begin + sheet.LAST_STEP)
    volts.append(volts[-1])
    return PulseCourse(np.array(times), np.array(volts), tuple(windows), tuple(relay))


def _rows(
    sequence: Sequence, setup: PulseCardSetup,
) -> list[tuple[float, float, float, int, tuple[float, float], bool]]:
    durations = sequence.array("TIME", 0.0)
    names = (("STARTV", 0.0), ("STOPV", 0.0), ("MEAS:TYPE", 0.0), ("MEAS:START", 0.0), ("MEAS:STOP", 0.0), ("SSR", 1.0))
    arrays = [sequence.array(name, default) for name, default in names]
    if not durations or any(len(array) != len(durations) for array in arrays):
        raise KxciError(VALUE)
    rows = []
    for duration, start, stop, kind, first, second, ssr in zip(durations, *arrays, strict=True):
        if duration < sheet.LEAST_SEGMENT[setup.volts] * (1 - 1e-9) or max(abs(start), abs(stop)) > setup.volts:
            raise KxciError(VALUE)
        good = first == second == 0.0 if not kind else 0.0 <= first < second <= duration * (1 + 1e-9)
        if not good:
            raise KxciError(WINDOW)
        rows.append((round(duration / sheet.STEP) * sheet.STEP, start, stop, int(kind), (first, second), bool(ssr)))
    return rows
