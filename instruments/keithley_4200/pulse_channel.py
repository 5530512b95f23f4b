"""One channel of a 4225-PMU as a :class:`~tsbench.instruments.PulseMeasure`: Segment Arb waveforms by text.

A train is one sequence of segments, which the instrument plays ``repeats`` times. Its samples are voltage, current and
time at the terminal. The output relay closes when the first train starts; until then the terminal is open, whatever
``set_output`` has said. After a train the output stays at the base. An abort switches it off.

Load-line effect compensation (LLEC) is switched off and cannot be switched on: it finds the voltage by trial pulses,
which switch a volatile device before the measurement has begun.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from tsbench.errors import GarbledReply, InstrumentError, LimitError
from tsbench.instruments.guard.limits import require_in_range
from tsbench.instruments.interfaces import (
    OutputState,
    PulseMeasureCapabilities,
    Range,
    Segment,
    SegmentRecord,
    SegmentTrain,
)
from tsbench.instruments.keithley_4200 import pulse_sheet as sheet
from tsbench.instruments.keithley_4200.mainframe import Analyser4200
from tsbench.instruments.languages.scpi import format_number
from tsbench.quantities import short_quantity
from tsbench.records import Flag, FloatArray, Identity

_SEQUENCE = 1


class PulseTerminal:
    """A channel of the pulse card.

    Parameters
    ----------
    box : Analyser4200
    channel : 1 or 2
    """

    capabilities: PulseMeasureCapabilities = sheet.CAPABILITIES

    def __init__(self, box: Analyser4200, channel: int) -> None:
        self.box = box
        self.channel = channel
        self.name = f"pmu{channel}"
        self.identity: Identity = box.identity
        self.label = f"{box.label} {self.name}"
        self.forget()

    def forget(self) -> None:
        """Forget the set-up (after a reset)."""
        self._full_scales = (sheet.VOLTS[0], 10e-3)
        self._train: SegmentTrain | None = None
        self._record: SegmentRecord | None = None
        self._started = False

    def switched_off(self) -> None:
        """The mainframe has stopped all tests and switched all outputs off."""
        self.box.note_off(self.name)

    # ------------------------------------------------------------------------------------- configuration

    def configure_ranges(self, voltage: float, current: float) -> tuple[float, float]:
        """Choose the smallest ranges that hold both; which current ranges there are depends on the voltage."""
        volts = next((full for full in sheet.VOLTS if abs(voltage) <= full), None)
        amperes = next((full for full in sheet.CURRENTS.get(volts or 0.0, ()) if abs(current) <= full), None)
        if volts is None or amperes is None:
            raise LimitError(f"{self.label}: no range holds {short_quantity(voltage, 'V')} and "
                             f"{short_quantity(current, 'A')}. The widest are 10 V with 200 mA and 40 V with 800 mA")
        self._full_scales = volts, amperes
        self._train = None   # it was checked against other ranges
        return self._full_scales

    def configure_train(self, train: SegmentTrain) -> SegmentTrain:
        """Check a train and keep it, with times in steps of 10 ns and a sample rate that the instrument has."""
        volts, amperes = self._full_scales
        least = sheet.LEAST_SEGMENT[volts]
        top = Range(-volts, volts, "V")
        require_in_range(self.label, "base level", train.base, top, "the voltage range")
        for one in train.segments:
            require_in_range(self.label, "segment level", one.level, top, "the voltage range")
            require_in_range(self.label, "segment duration", one.duration, Range(least, 1.0, "s"))
        segments = tuple(
            replace(one, duration=round(one.duration / sheet.STEP) * sheet.STEP) for one in train.segments)
        divider = max(round(train.sample_interval * sheet.FASTEST_RATE), 1)
        accepted = replace(train, segments=segments, sample_interval=divider / sheet.FASTEST_RATE)
        self._require_widths(accepted, amperes)
        count = sum(int(one.duration / accepted.sample_interval + 1e-6) for one in segments if one.sampled)
        require_in_range(self.label, "number of samples", count * train.repeats, Range(0, sheet.MOST_POINTS, ""))
        self._train = accepted
        return accepted

    def _require_widths(self, train: SegmentTrain, amperes: float) -> None:
        """Refuse a flat sampled segment that the current range cannot measure, or shorter than a sample."""
        row = sheet.current_range(self._full_scales[0], amperes)
        before = train.base
        for one in train.segments:
            least = max(row.least_width if one.level == before else 0.0, train.sample_interval)
            if one.sampled and one.duration < least * (1 - 1e-9):
                raise LimitError(
                    f"{self.label}: a segment of {short_quantity(one.duration, 's')} is too short for the current "
                    f"range {short_quantity(amperes, 'A')} and the sample interval, which need "
                    f"{short_quantity(least, 's')}. Make it longer, choose a higher range, or do not sample it")
            before = one.level

    # -------------------------------------------------------------------------------------------- output

    def set_output(self, enabled: bool) -> None:
        """Switch the channel; on acts when the train starts, off at once."""
        if not enabled:
            self.box.send(f":PMU:OUTPUT:STATE {self.channel}, 0")
            self.box.note_off(self.name)
            self.abort()
            return
        self._configured()
        self.box.require_idle()
        other = f"pmu{3 - self.channel}"
        if other in self.box.on:
            raise InstrumentError(f"{self.label}: {other} is on, and both channels would play. Switch it off first")
        self._set_up()
        self.box.note_on(self.name)   # also if the message below fails
        self.box.send(f":PMU:OUTPUT:STATE {self.channel}, 1")
        self.box.check_errors()

    def _configured(self) -> SegmentTrain:
        return self.box.configured(self._train, "train")

    def _set_up(self) -> None:
        """Initialise Segment Arb, which switches both channels off, and set path and ranges."""
        channel, (volts, amperes) = self.channel, self._full_scales
        self.box.send(
            ":PMU:INIT 1", f":PMU:RPM:CONFIGURE PMU1-{channel}, 0", f":PMU:SOURCE:RANGE {channel}, {volts:g}",
            f":PMU:MEASURE:RANGE {channel}, 2, {amperes:g}", f":PMU:LOAD {channel}, {sheet.LOAD:g}",
            f":PMU:LLEC:CONFIGURE {channel}, 0")

    # ----------------------------------------------------------------------------------------- execution

    def start(self) -> None:
        """Load the train and play it."""
        train = self._configured()
        with self.box.lock:
            if self.name not in self.box.on:
                raise InstrumentError(f"{self.label}: the output is off. Switch it on first")
            if self.running():
                raise InstrumentError(f"{self.label} plays. Wait for its end")
            self.box.require_idle()
            self._record, self._started = None, False
            self._load(train)
            self.box.check_errors()
            self.box.testing, self._started = self.name, True
            self.box.send(":PMU:EXECUTE")
            self.box.check_errors()

    def _played(self, train: SegmentTrain) -> tuple[Segment, ...]:
        """Return the segments of the sequence: it ends at the base, as it begins."""
        if train.segments[-1].level == train.base:
            return train.segments
        back = Segment(train.base, sheet.LEAST_SEGMENT[self._full_scales[0]], sampled=False)
        return (*train.segments, back)

    def _load(self, train: SegmentTrain) -> None:
        segments = self._played(train)
        stops = [one.level for one in segments]
        self._send_array("TIME", [one.duration for one in segments], lambda value: f"{value:.8g}")
        self._send_array("STARTV", [train.base, *stops[:-1]], format_number)
        self._send_array("STOPV", stops, format_number)
        self._send_array("MEAS:TYPE", [sheet.WAVEFORM * one.sampled for one in segments], lambda value: f"{value:g}")
        self._send_array("MEAS:START", [0.0 for _ in segments], lambda value: f"{value:g}")
        self._send_array("MEAS:STOP", [one.duration * one.sampled for one in segments], lambda value: f"{value:.8g}")
        self.box.send(
            f":PMU:SAMPLE:RATE {1 / train.sample_interval:.10g}",
            f":PMU:SARB:WFM:SEQ:LIST {self.channel}, {_SEQUENCE}, {train.repeats}")

    def _send_array(self, name: str, values: Sequence[float], text: Callable[[float], str]) -> None:
        for first in range(0, len(values), sheet.MOST_VALUES):
            listed = ", ".join(map(text, values[first: first + sheet.MOST_VALUES]))
            add = ":ADD" if first else ""
            self.box.send(f":PMU:SARB:SEQ:{name}{add} {self.channel}, {_SEQUENCE}, {listed}")

    def running(self) -> bool:
        """Whether it still plays."""
        if self.box.testing != self.name:
            return False
        busy = self.box.questions.parsed(":PMU:TEST:STATUS?", int) == 1
        if not busy:
            self.box.testing = ""
        return busy

    def abort(self) -> None:
        """Stop a train; the instrument switches its outputs off with it."""
        with self.box.lock:
            if self.running():
                self.box.send(":PMU:ABORT")
                self.box.note_off(self.name)
                self.box.testing = ""

    def fetch(self) -> SegmentRecord:
        """Read what was sampled."""
        with self.box.lock:
            if self._record is None:
                if not self._started:
                    raise InstrumentError(f"{self.label}: nothing was sampled. Start a train first")
                self._record = self._read()
            return self._record

    def _read(self) -> SegmentRecord:
        count = self.box.questions.parsed(f":PMU:DATA:COUNT? {self.channel}", int)
        rows: list[tuple[float, float, float, bool]] = []
        while len(rows) < count:
            size = min(count - len(rows), sheet.POINTS_AT_ONCE)
            more = self.box.questions.parsed(f":PMU:DATA:GET {self.channel}, {len(rows)}, {size}", parse_points)
            if not 0 < len(more) <= size:
                raise GarbledReply(f"{self.label}: {size} samples were requested, but {len(more)} came. Repeat the "
                                   "measurement")
            rows += more
        return self._recorded(rows)

    def _recorded(self, rows: Sequence[tuple[float, float, float, bool]]) -> SegmentRecord:
        columns = np.array([row[:3] for row in rows], dtype=np.float64).reshape(-1, 3)
        over = np.array([row[3] for row in rows], dtype=bool)
        period = sum(one.duration for one in self._played(self._configured()))
        times: FloatArray = columns[:, 2]
        return SegmentRecord(
            times, np.where(np.abs(columns[:, 0]) > sheet.NO_NUMBER, np.nan, columns[:, 0]),
            np.where(over | (np.abs(columns[:, 1]) > sheet.NO_NUMBER), np.nan, columns[:, 1]),
            np.floor(times / period * (1 + 1e-12) + 1e-9), Flag.OVERFLOW if over.any() else Flag.NONE)

    # ---------------------------------------------------------------------------------- for the mainframe

    def accepted_settings(self) -> Mapping[str, object]:
        """Return ranges and timing of the train."""
        if self._train is None:
            return {}
        return {"voltage_range": self._full_scales[0], "current_range": self._full_scales[1],
                "base": self._train.base, "sample_interval": self._train.sample_interval,
                "repeats": self._train.repeats, "load_line_compensation": False}

    def safe_state(self) -> None:
        """Stop, and switch this channel off."""
        self.box.send(":PMU:ABORT")
        self.box.note_off(self.name)
        self.box.testing = ""

    def output_states(self) -> Sequence[OutputState]:
        """Return the state of this output as it was last set: KXCI does not read it."""
        return [self.box.state_of(self.name)]

    def clear(self) -> None:
        """Clear the mainframe."""
        self.box.clear()

    def check_errors(self) -> None:
        """Read the last error of the mainframe."""
        self.box.check_errors()

    def close(self) -> None:
        """Close nothing: the mainframe does."""


def parse_points(reply: str) -> list[tuple[float, float, float, bool]]:
    """Parse samples, ``V,I,T,S;V,I,T,S``: voltage [V], current [A], time [s], whether one is beyond its range.

    Raises
    ------
    ValueError
        These are no samples.
    """
    found = []
    for part in reply.strip().strip(";").split(";"):
        volts, amperes, seconds, status = (field.strip() for field in part.split(","))
        word = status.removeprefix("0x").zfill(8)
        over = word[sheet.OVERFLOW_DIGIT] != "0" or max(abs(float(volts)), abs(float(amperes))) > sheet.NO_NUMBER
        found.append((float(volts), float(amperes), float(seconds), over))
    return found
