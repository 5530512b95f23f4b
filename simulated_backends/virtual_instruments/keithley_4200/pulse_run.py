"""4225-PMU: a test, from ``:PMU:EXECUTE`` to its data.

All enabled channels play at the same time. Load-line effect compensation (LLEC) plays trial pulses before the test, and
changes the voltage behind the output resistance until the amplitude is at the device: a device that switches with
threshold and forgets is switched by them.

Not modelled: the automatic current range pulses once more for each change of range. Here the range that fits is taken
from the beginning.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from tsbench.records import FloatArray
from tsbench.simulated_backends.kxci.errors import VALUE, KxciError
from tsbench.simulated_backends.virtual_instruments.instrument import VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.keithley_4200 import pulse_sheet as sheet
from tsbench.simulated_backends.virtual_instruments.keithley_4200.pulse_setup import (
    MEAN_SPOT,
    MEAN_WAVEFORM,
    SPOT,
    WAVEFORM,
    MeasuringWindow,
    PulseCardSetup,
    PulseCourse,
    pulse_course,
    segment_course,
)
from tsbench.simulated_backends.virtual_instruments.keithley_4200.pulse_unit import PulseCardChannel

TRIALS = 5  #: of the load-line effect compensation
Point = tuple[float, float, float, str]  #: voltage [V], current [A], time [s], status


class PulseCardRun:
    """Runs tests of one pulse card.

    Parameters
    ----------
    instrument : VirtualInstrument
    channels : by number
    """

    def __init__(self, instrument: VirtualInstrument, channels: Mapping[int, PulseCardChannel]) -> None:
        self._instrument = instrument
        self.channels = channels
        self.initialise(segments=False)

    def initialise(self, segments: bool) -> None:
        """Take the settings after ``:PMU:INIT``."""
        self.segments = segments
        self.setups = {number: PulseCardSetup() for number in self.channels}
        self.mode = SPOT
        self.rate = sheet.FASTEST
        self.count = 1
        #: by channel: of a waveform one point each, of spot means one of the top and one of the base each
        self.data: dict[int, list[tuple[Point, ...]]] = {number: [] for number in self.channels}

    def courses(self) -> dict[int, PulseCourse]:
        """Return the waveforms of the enabled channels; KxciError where the settings do not fit together."""
        enabled = {number: setup for number, setup in self.setups.items() if setup.enabled}
        if not enabled:
            raise KxciError(VALUE, "No output is on.")
        if self.segments:
            found = {number: segment_course(setup) for number, setup in enabled.items()}
            if any(setup.range_type != 2 for setup in enabled.values()):
                raise KxciError(VALUE, "Segment Arb needs a fixed current range.")
        else:
            points = tuple(
                max(len(varied.values) if varied else 1 for varied in each)
                for each in ([setup.sweep for setup in enabled.values()], [setup.step for setup in enabled.values()]))
            if len({setup.period for setup in enabled.values()}) > 1:
                raise KxciError(VALUE, "The periods differ.")
            found = {number: pulse_course(setup, self.mode, self.count, (points[0], points[1]))
                     for number, setup in enabled.items()}
        if len({round(course.length, 10) for course in found.values()}) > 1:
            raise KxciError(VALUE, "The channels are not of the same length.")
        return found

    def test(self, courses: Mapping[int, PulseCourse]) -> Generator[float, None, None]:
        """Play the waveforms and keep their data; yields the seconds it takes."""
        for number in courses:
            if not self.channels[number].is_on:
                self.channels[number].switch(True)
        yield sheet.PREPARATION
        factors = dict.fromkeys(courses, 1.0)
        if not self.segments:
            yield from self._compensate(courses, factors)
        for number, course in courses.items():
            self.channels[number].play(
                course.times, course.volts * factors[number], self.setups[number].volts, course.relay)
        yield max(course.length for course in courses.values()) + 2 * sheet.JITTER
        for number, course in courses.items():
            self.data[number] = self._measured(number, course, factors[number] != 1.0)

    def _compensate(
        self, courses: Mapping[int, PulseCourse], factors: dict[int, float],
    ) -> Generator[float, None, None]:
        """Play trial pulses of the highest amplitude until it is at the device."""
        for number in courses:
            setup = self.setups[number]
            if not setup.llec:
                continue
            level = max((setup.amplitude, *(setup.sweep.values if setup.sweep else ())), key=abs)
            trial = pulse_course(replace(setup, sweep=None, step=None, amplitude=level), SPOT, 1, (1, 1))
            top = next((window for window in trial.windows if not window.low), None)
            if top is None or not level:
                continue
            for _ in range(TRIALS):
                channel = self.channels[number]
                channel.play(trial.times, trial.volts * factors[number], setup.volts)
                yield trial.length + 1e-3
                seen = channel.samples(
                    "voltage", sheet.VOLTAGE_RANGES[setup.volts], np.array([top.start]),
                    np.array([top.stop - top.start]), self.rate)[0]
                if not abs(seen) > 1e-3 * abs(level):
                    break
                factors[number] *= float(level / seen)
                highest = setup.volts / max(np.max(np.abs(trial.volts)), 1e-12)
                factors[number] = float(np.clip(factors[number], 0.1, highest))

    # --------------------------------------------------------------------------------------------- data

    def _current_range(self, number: int) -> sheet.PulseRange:
        setup = self.setups[number]
        rows = sheet.CURRENT_RANGES[setup.volts]
        if setup.range_type == 2:
            return next(row for row in rows if row.full_scale == setup.current_range)
        peak = self.channels[number].peak_current()
        lowest = setup.current_range if setup.range_type == 1 else 0.0
        return next((row for row in rows if row.full_scale >= max(peak, lowest)), rows[-1])

    def _interval(self, windows: list[MeasuringWindow]) -> float:
        """Return the time between two samples [s]: the rate that was set, or the next that is possible."""
        whole = sum(window.stop - window.start for window in windows)
        shortest = min(window.stop - window.start for window in windows)
        divider = max(round(sheet.FASTEST / self.rate), 1)
        divider = min(divider, max(int(shortest * sheet.FASTEST), 1))
        while whole * sheet.FASTEST / divider > sheet.MOST_POINTS:
            divider += 1
        return divider / sheet.FASTEST

    def _measured(self, number: int, course: PulseCourse, compensated: bool) -> list[tuple[Point, ...]]:
        windows = list(course.windows)
        if not windows:
            return []
        waves = [window for window in windows if window.kind == WAVEFORM]
        spots = [window for window in windows if window.kind == SPOT]
        found: list[tuple[Point, ...]] = []
        if waves:
            interval = self._interval(waves)
            parts = [_sample_times(window, interval) for window in waves]
            starts = np.concatenate(parts)
            points = self._points(number, starts, np.zeros_like(starts), 1 / interval, True, compensated)
            groups = np.concatenate([np.full(part.size, window.group)
                                     for part, window in zip(parts, waves, strict=True)])
            found += [(point,) for point in (
                self._averaged(points, groups, parts) if self.mode == MEAN_WAVEFORM and not self.segments else points)]
        if spots:
            found += self._spots(number, spots, compensated)
        return found

    def _averaged(
        self, points: list[Point], groups: FloatArray, parts: Sequence[FloatArray],
    ) -> list[Point]:
        """Return the mean of the waveforms of each group, sample by sample, with the times of the first."""
        size = min(part.size for part in parts)
        cut, place = [], 0
        for part in parts:
            cut.append((groups[place] if part.size else -1, points[place: place + size]))
            place += part.size
        found: list[Point] = []
        for group in dict.fromkeys(group for group, _ in cut):
            members = [part for own, part in cut if own == group]
            for index, first in enumerate(members[0]):
                volts = float(np.mean([part[index][0] for part in members]))
                found.append((volts, float(np.mean([part[index][1] for part in members])), first[2], first[3]))
        return found

    def _spots(self, number: int, spots: list[MeasuringWindow], compensated: bool) -> list[tuple[Point, ...]]:
        starts = np.array([window.start for window in spots])
        lengths = np.array([window.stop - window.start for window in spots])
        points = self._points(number, starts, lengths, self.rate, False, compensated)
        rows: dict[int, list[Point]] = {}
        each = int(self.setups[number].high) + int(self.setups[number].low) if not self.segments else 1
        averaged = self.mode == MEAN_SPOT and not self.segments
        for index, (window, point) in enumerate(zip(spots, points, strict=True)):
            rows.setdefault(window.group if averaged else index // each, []).append(point)
        if not averaged:
            return [tuple(row) for row in rows.values()]
        return [tuple(
            (float(np.mean([point[0] for point in row[k::each]])), float(np.mean([point[1] for point in row[k::each]])),
             row[k][2], row[k][3]) for k in range(each)) for row in rows.values()]

    def _points(
        self, number: int, starts: FloatArray, lengths: FloatArray, rate: float, waveform: bool, compensated: bool,
    ) -> list[Point]:
        channel, setup = self.channels[number], self.setups[number]
        row, volts_row = self._current_range(number), sheet.VOLTAGE_RANGES[setup.volts]
        volts = channel.samples("voltage", volts_row, starts, lengths, rate)
        amperes = channel.samples("current", row, starts, lengths, rate)
        points: list[Point] = []
        llec = 3 if compensated else int(setup.llec)
        for volt, ampere, start, length in zip(volts, amperes, starts, lengths, strict=True):
            no_volt, no_ampere = not abs(volt) <= volts_row.top, not abs(ampere) <= row.top
            over = no_volt * (2 if volt > 0 else 1) + no_ampere * (8 if ampere > 0 else 4)
            word = sheet.status_word(number, setup.volts, row, waveform, over, llec)
            points.append((sheet.BEYOND if no_volt else float(volt), sheet.BEYOND if no_ampere else float(ampere),
                           float(start + length / 2), word))
        return points


def _sample_times(window: MeasuringWindow, interval: float) -> FloatArray:
    """Return when samples are taken in a window [s]."""
    count = int((window.stop - window.start) / interval + 1e-6)
    times: FloatArray = window.start + np.arange(count, dtype=np.float64) * interval
    return times
