"""One channel of a B1530A as a pulse measure unit: Fast IV mode, which forces a voltage and samples the current."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from tsbench.errors import InstrumentError, LimitError
from tsbench.instruments.interfaces import OutputState, PulseMeasureCapabilities, Segment, SegmentRecord, SegmentTrain
from tsbench.instruments.keysight_b1500a import waveform_sheet as sheet
from tsbench.instruments.keysight_b1500a.mainframe import ParameterAnalyser
from tsbench.instruments.keysight_b1500a.waveform_unit import WaveformUnit
from tsbench.quantities import short_quantity
from tsbench.records import Flag, FloatArray, Identity

_MOST_AT_ONCE = 100_000  #: samples read by one call
_TRAIN, _END = "train", "end"  #: patterns


class WaveformTerminal:
    """A channel as 201: the first of the module in slot 2. One channel of a mainframe plays at a time.

    The voltage of its samples is the forced one.

    Parameters
    ----------
    box : ParameterAnalyser
    unit : WaveformUnit
    channel : as 201
    """

    capabilities: PulseMeasureCapabilities = sheet.CAPABILITIES

    def __init__(self, box: ParameterAnalyser, unit: WaveformUnit, channel: int) -> None:
        self.box = box
        self.unit = unit
        self.channel = channel
        self.identity: Identity = box.identity
        self.label = f"{box.label} channel {channel}"
        self.forget()

    def forget(self) -> None:
        """Forget the set-up (after a reset)."""
        self._full_scales = max(sheet.FORCE_CODES), max(sheet.CURRENT_CODES)
        self._train: SegmentTrain | None = None
        self._record: SegmentRecord | None = None

    # ------------------------------------------------------------------------------------- configuration

    def configure_ranges(self, voltage: float, current: float) -> tuple[float, float]:
        """Choose the smallest ranges that hold ``voltage`` [V] and ``current`` [A]; returns their full scales."""
        volts = next((full for full in sheet.FORCE_CODES if abs(voltage) <= full), None)
        amperes = next((full for full in sheet.CURRENT_CODES if abs(current) <= full), None)
        if volts is None or amperes is None:
            raise LimitError(f"{self.label}: no range holds {short_quantity(voltage, 'V')} and "
                             f"{short_quantity(current, 'A')}. The widest are 10 V and 10 mA")
        self._full_scales = volts, amperes
        self._train = None   # it was checked against other ranges
        return self._full_scales

    def configure_train(self, train: SegmentTrain) -> SegmentTrain:
        """Check a train and keep it, with times in steps of 10 ns."""
        segments = tuple(replace(one, duration=_rounded(one.duration)) for one in train.segments)
        accepted = replace(train, segments=segments, sample_interval=_rounded(train.sample_interval))
        self._force_code(accepted)
        self._require_widths(accepted)
        self._train = accepted
        return accepted

    def _force_code(self, train: SegmentTrain) -> int:
        """Return the code of the force range; LimitError where none holds all levels."""
        levels = (train.base, *(one.level for one in train.segments))
        low, high, full = min(levels), max(levels), self._full_scales[0]
        if max(-low, high) > full:
            raise LimitError(f"{self.label}: {short_quantity(max(-low, high), 'V')} is beyond the range "
                             f"{short_quantity(full, 'V')}. Choose the range for the highest level")
        if full <= 5.0:
            return sheet.FORCE_CODES[full]
        if max(-low, high) <= 5.0:
            return sheet.FORCE_CODES[5.0]
        if low < 0.0 < high:
            raise LimitError(f"{self.label}: levels from {short_quantity(low, 'V')} to {short_quantity(high, 'V')} "
                             "need two ranges. Beyond 5 V, all levels of a train must have one sign")
        return sheet.FORCE_CODES[10.0] if high > 0 else sheet.NEGATIVE_CODE

    def _require_widths(self, train: SegmentTrain) -> None:
        """Refuse a flat sampled segment that the current range cannot measure."""
        row = next(one for one in self.capabilities.current_ranges if one.accuracy.full_scale == self._full_scales[1])
        before = train.base
        for one in train.segments:
            if one.sampled and one.level == before and one.duration < row.least_width * (1 - 1e-9):
                raise LimitError(
                    f"{self.label}: a segment of {short_quantity(one.duration, 's')} is too short for the current "
                    f"range {short_quantity(self._full_scales[1], 'A')}, which needs "
                    f"{short_quantity(row.least_width, 's')}. Make it longer, choose a higher range, "
                    "or do not sample it")
            before = one.level

    # -------------------------------------------------------------------------------------------- output

    def set_output(self, enabled: bool) -> None:
        """Connect or disconnect the terminal; a waveform that plays is stopped first."""
        with self.unit.lock:
            if not enabled:
                if self.unit.playing == self.channel:
                    self.unit.call("abort")
                self.unit.call("disconnect", self.channel)
                self.unit.connected.discard(self.channel)
                self.unit.unknown.discard(self.channel)
                return
            train = self._configured()
            self._require_idle()
            self._set_up(train)
            self.unit.unknown.discard(self.channel)
            self.unit.connected.add(self.channel)   # also if the call below fails
            self.unit.call("connect", self.channel)
            self._rest()

    def _configured(self) -> SegmentTrain:
        return self.box.configured(self._train, "train")

    def _require_idle(self) -> None:
        if self.unit.running():
            raise InstrumentError(f"{self.label}: channel {self.unit.playing} plays. Wait for its end")

    def _set_up(self, train: SegmentTrain) -> None:
        self.unit.call("setOperationMode", self.channel, sheet.FAST_IV)
        self.unit.call("setForceVoltageRange", self.channel, self._force_code(train))
        self.unit.call("setMeasureMode", self.channel, sheet.CURRENT)
        self.unit.call("setMeasureCurrentRange", self.channel, sheet.CURRENT_CODES[self._full_scales[1]])

    def _rest(self) -> None:
        """Bring the terminal to the base level."""
        self.unit.call("clear")
        self.unit.call("createPattern", _END, self._configured().base)
        self.unit.call("addVector", _END, 10 * sheet.STEP, self._configured().base)
        self.unit.call("addSequence", self.channel, _END, 1.0)
        self.unit.call("execute")
        self.unit.playing = self.channel

    # ----------------------------------------------------------------------------------------- execution

    def start(self) -> None:
        """Play the train."""
        with self.unit.lock:
            train = self._configured()
            if self.channel not in self.unit.connected:
                raise InstrumentError(f"{self.label}: the output is off. Switch it on first")
            self._require_idle()
            self._record = None
            self._set_up(train)
            self._load(train)
            self.unit.call("execute")
            self.unit.playing = self.channel

    def _load(self, train: SegmentTrain) -> None:
        call = self.unit.call
        call("clear")
        call("createPattern", _TRAIN, train.base)
        for one in train.segments:
            call("addVector", _TRAIN, one.duration, one.level)
        average = min(train.sample_interval, sheet.LONGEST_AVERAGE)
        begin = 0.0
        for number, one in enumerate(train.segments):
            count = _samples(one, train.sample_interval)
            if count:
                call("setMeasureEvent", _TRAIN, f"segment{number}", begin, count, train.sample_interval, average,
                     sheet.AVERAGED)
            begin += one.duration
        call("addSequence", self.channel, _TRAIN, float(train.repeats))
        if train.segments[-1].level != train.base:
            call("createPattern", _END, train.segments[-1].level)
            call("addVector", _END, sheet.STEP, train.base)
            call("addSequence", self.channel, _END, 1.0)

    def running(self) -> bool:
        """Whether it still plays."""
        return self.unit.playing == self.channel and self.unit.running()

    def abort(self) -> None:
        """Stop a train; what was sampled can still be fetched."""
        with self.unit.lock:
            if self.running():
                self.unit.call("abort")
                self._record = self._read()
                self._rest()

    def fetch(self) -> SegmentRecord:
        """Read what was sampled."""
        with self.unit.lock:
            if self._record is None:
                if self.unit.playing != self.channel:
                    raise InstrumentError(f"{self.label}: nothing was sampled. Start a train first")
                self._record = self._read()
            return self._record

    def _read(self) -> SegmentRecord:
        count = int(self.unit.call("getMeasureValueSize", self.channel)[0])
        times: list[float] = []
        values: list[float] = []
        while len(values) < count:
            size, more_times, more = self.unit.call(
                "getMeasureValues", self.channel, len(values), min(count - len(values), _MOST_AT_ONCE))
            if not size:
                break
            times += more_times
            values += more
        return self._recorded(np.array(times, dtype=np.float64), np.array(values, dtype=np.float64))

    def _recorded(self, times: FloatArray, currents: FloatArray) -> SegmentRecord:
        train = self._configured()
        ends = np.concatenate([[0.0], np.cumsum([one.duration for one in train.segments])])
        levels = np.array([train.base, *(one.level for one in train.segments)])
        repeat = np.floor(times / ends[-1])
        over = np.abs(currents) > sheet.NO_NUMBER
        voltage = np.interp(times - repeat * ends[-1], ends, levels)
        return SegmentRecord(times, voltage, np.where(over, np.nan, currents), repeat,
                             Flag.OVERFLOW if over.any() else Flag.NONE)

    # ---------------------------------------------------------------------------------- for the mainframe

    def accepted_settings(self) -> Mapping[str, object]:
        """Return ranges and timing of the train."""
        if self._train is None:
            return {}
        return {"voltage_range": self._full_scales[0], "current_range": self._full_scales[1],
                "base": self._train.base, "sample_interval": self._train.sample_interval,
                "repeats": self._train.repeats}

    def safe_state(self) -> None:
        """Stop, and disconnect this channel."""
        self.set_output(False)

    def output_states(self) -> Sequence[OutputState]:
        """Return the state of this output as it was last set; the vendor's library does not read it."""
        return [self.unit.state_of(self.channel, f"{self.box.name}.{self.channel}")]

    def clear(self) -> None:
        """Clear the mainframe."""
        self.box.clear()

    def check_errors(self) -> None:
        """Read the errors of the mainframe."""
        self.box.check_errors()

    def close(self) -> None:
        """Close nothing: the mainframe does."""


def _rounded(seconds: float) -> float:
    return round(seconds / sheet.STEP) * sheet.STEP


def _samples(segment: Segment, interval: float) -> int:
    """Return how many samples lie in a segment."""
    return int(segment.duration / interval + 1e-6) if segment.sampled else 0
