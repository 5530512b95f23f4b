"""Driver of the Keysight Infiniium S-Series and 9000 Series oscilloscopes: set up, arm and verify, wait, fetch.

Commands follow the Infiniium programmer's guide. An acquisition is ``:SINGle``; the arm event register says when it is
armed, the run state when it is over. There is no command for a forced trigger: the sweep AUTO triggers by itself.
"""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tsbench.errors import CommunicationError, InstrumentError
from tsbench.instruments.driver import Driver
from tsbench.instruments.guard.limits import require_in_range
from tsbench.instruments.interfaces import EdgeTrigger, Oscilloscope, Range, Timebase, Vertical
from tsbench.instruments.keysight_infiniium import data_sheet
from tsbench.instruments.languages.scpi import SCPI, format_number, parse_list, parse_name, parse_number
from tsbench.instruments.oscilloscopes.driver import OscilloscopeDriver, Scaling
from tsbench.records import Waveform

_INPUT: Mapping[str, str] = {"1M": "DC", "50": "DC50"}
_SLOPE: Mapping[str, str] = {"positive": "POS", "negative": "NEG"}
_FIELDS = 24  #: of a preamble, at least


def _state(reply: str) -> str:
    state = parse_name(reply)
    if state not in ("RUN", "STOP", "SING"):
        raise ValueError(f"the reply {reply!r} is not a run state")
    return state


class KeysightInfiniium(OscilloscopeDriver):
    """An :class:`~tsbench.instruments.Oscilloscope`."""

    title = "Keysight Infiniium"
    language = dataclasses.replace(SCPI, error_question=":SYST:ERR? STR")   # without STR, numbers alone
    repeatable = data_sheet.REPEATABLE
    vertical_accuracy = data_sheet.ACCURACY

    def __init__(self, adapter: Any, name: str = "scope", **kwargs: Any) -> None:
        super().__init__(adapter, name, **kwargs)
        model = self.known_model(self.identity.model.upper().strip(), data_sheet.MODELS)
        self.call_it(f"Keysight {model}")
        self.capabilities = data_sheet.capabilities(model)
        self._triggered = False

    def initialise(self) -> None:
        """After a reset: stopped, no headers in replies, no channel set up."""
        self.send(":SYST:HEAD OFF", ":STOP", ":ACQ:AVER OFF")
        self.forget_setup()
        self._triggered = False

    # ------------------------------------------------------------------------------------ configuration

    def configure_channel(self, channel: int, vertical: Vertical) -> Vertical:
        """Set input, range (full scale, eight divisions) and offset; DC coupled."""
        self.require_vertical(channel, vertical)
        word = f":CHAN{channel}"
        self.send(
            f"{word}:DISP ON", f"{word}:INP {_INPUT[vertical.impedance]}",
            f"{word}:PROB {format_number(vertical.probe_attenuation)}",
            f"{word}:BWL {'ON' if vertical.bandwidth_limit else 'OFF'}",
            f"{word}:RANG {format_number(vertical.range)}", f"{word}:OFFS {format_number(vertical.offset)}",
        )
        self.check_errors()
        self.require_probe(channel, vertical, f"{word}:PROB?")
        got = self.accepted(f"channel {channel} range", vertical.range, self.ask_number(f"{word}:RANG?"), "V", 0.01)
        offset = self.accepted(f"channel {channel} offset", vertical.offset, self.ask_number(f"{word}:OFFS?"), "V",
                               absolute=got * 1e-3)
        self.require_impedance(channel, vertical, parse_name(self.ask(f"{word}:INP?")), _INPUT[vertical.impedance])
        self._vertical[channel] = dataclasses.replace(vertical, range=got, offset=offset)
        return self._vertical[channel]

    def switch_off(self, channel: int) -> None:
        """Send what switches a channel off."""
        self.write(f":CHAN{channel}:DISP OFF")

    def configure_timebase(self, timebase: Timebase) -> Timebase:
        """Set span, position of mid-record after the trigger, points and segments."""
        self.require_timebase(timebase)
        segmented = timebase.segments > 1
        self.write(f":ACQ:MODE {'SEGM' if segmented else 'RTIM'}")
        if segmented:
            self.write(f":ACQ:SEGM:COUN {timebase.segments}")
        points = "AUTO" if timebase.points is None else str(timebase.points)
        self.send(
            ":TIM:REF CENT", f":TIM:RANG {format_number(timebase.span)}",
            f":TIM:POS {format_number(timebase.position)}", f":ACQ:POIN {points}", ":ACQ:SRAT AUTO",
        )
        self.check_errors()
        span = self.accepted("span", timebase.span, self.ask_number(":TIM:RANG?"), "s", 0.01)
        position = self.accepted(
            "position", timebase.position, self.ask_number(":TIM:POS?"), "s", absolute=span * 1e-3)
        segments = int(self.ask_number(":ACQ:SEGM:COUN?")) if segmented else 1
        self.accepted("segments", timebase.segments, segments, "", 0.0)
        self._timebase = dataclasses.replace(timebase, span=span, position=position, segments=segments)
        return self._timebase

    def configure_trigger(self, trigger: EdgeTrigger) -> EdgeTrigger:
        """Set an edge trigger; no acquisition happens without one (triggered sweep)."""
        self.require_trigger(trigger)
        external = trigger.source == "external"
        if external:
            allowed = Range(-data_sheet.AUX_LEVEL, data_sheet.AUX_LEVEL, "V")
            require_in_range(self.label, "trigger level", trigger.level, allowed)
        source = "AUX" if external else f"CHAN{trigger.source}"
        self.send(
            ":TRIG:SWE TRIG", ":TRIG:MODE EDGE", f":TRIG:EDGE:SOUR {source}", ":TRIG:EDGE:COUP DC",
            f":TRIG:EDGE:SLOP {_SLOPE[trigger.slope]}",
        )
        if trigger.holdoff is not None:
            self.write(f":TRIG:HOLD {format_number(trigger.holdoff)}")
        self._trigger = dataclasses.replace(trigger, level=self._set_level(trigger, source))
        return self._trigger

    def _set_level(self, trigger: EdgeTrigger, source: str) -> float:
        """Set the level of a source and return what was accepted [V]."""
        self.write(f":TRIG:LEV {source},{format_number(trigger.level)}")
        self.check_errors()
        scale = 8.0 if trigger.source == "external" else self.scale_of(trigger.source)
        got = self.ask_number(f":TRIG:LEV? {source}")
        return self.accepted("trigger level", trigger.level, got, "V", absolute=scale * data_sheet.LEVEL_RESOLUTION)

    # -------------------------------------------------------------------------------------- acquisition

    def arm(self) -> None:
        """Start one acquisition and return when the scope says it is armed."""
        trigger = self.configured(self._trigger, "trigger")
        self.write(":TRIG:SWE TRIG")   # a forced record left AUTO
        self._set_level(trigger, "AUX" if trigger.source == "external" else f"CHAN{trigger.source}")
        for event in (":AER?", ":TER?"):   # reading forgets
            self.ask_switch(event)
        self._triggered = False
        self.write(":SING")
        self.wait_until_armed(lambda _: self.ask_switch(":AER?"))

    def triggered(self) -> bool:
        """Return whether the armed acquisition has seen its (first) trigger."""
        if not self._triggered:
            self._triggered = self.ask_switch(":TER?")
        return self._triggered

    def complete(self) -> bool:
        """Return whether the acquisition, all segments, is over."""
        return self.questions.parsed(":RST?", _state) == "STOP"

    def force_trigger(self) -> None:
        """Let the scope trigger by itself (sweep AUTO)."""
        self.write(":TRIG:SWE AUTO")
        self.check_errors()

    def abort(self) -> None:
        """Stop the acquisition."""
        self.write(":STOP")

    # ---------------------------------------------------------------------------------------- waveforms

    def fetch(self, channels: Sequence[int]) -> dict[int, Waveform]:
        """Read the finished acquisition of each channel, all segments."""
        self.send(":WAV:FORM WORD", ":WAV:BYT LSBF", ":WAV:STR OFF")
        segments = self._timebase.segments
        if segments > 1:
            segments = int(self.ask_number(":WAV:SEGM:COUN?"))
            if segments < 1:
                raise InstrumentError(f"{self.label}: the oscilloscope acquired no segment. Check the trigger")
        records: dict[int, Waveform] = {}
        for channel in channels:
            self.require_channel(channel)
            self.write(f":WAV:SOUR CHAN{channel}")
            codes, times = self._read(segments)
            scaling = self._scaling(channel, codes.shape[1])
            records[channel] = self.waveform(channel, scaling, codes, times - times[0], data_sheet.BANDWIDTH_LIMIT)
        self.check_errors()
        return records

    def _read(self, segments: int) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.float64]]:
        """Return codes, shape (segments, samples), and the time [s] of each segment."""
        codes, times = [], []
        for index in range(1, segments + 1):
            if self._timebase.segments > 1:
                self.write(f":ACQ:SEGM:IND {index}")
                times.append(self.questions.parsed(":WAV:SEGM:TTAG?", parse_number))
            else:
                times.append(0.0)
            payload = self.questions.block(":WAV:DATA?")
            if not payload or len(payload) % 2:
                raise CommunicationError(
                    f"{self.label}: a record has {len(payload)} bytes, which is not a whole number of samples. Repeat "
                    "the acquisition")
            found = np.frombuffer(payload, dtype="<i2").copy()
            found[(found == data_sheet.CLIPPED_LOW) | (found == data_sheet.HOLE)] = -data_sheet.LARGEST
            found[found == data_sheet.CLIPPED_HIGH] = data_sheet.LARGEST   # the ends are clipped, in order of voltage
            codes.append(found)
        return np.vstack(codes), np.array(times)

    def _scaling(self, channel: int, points: int) -> Scaling:
        """Read the preamble; one that does not fit what was set up is a garbled reply."""

        def parse(reply: str) -> Scaling:
            fields = reply.split(",")
            if len(fields) < _FIELDS:
                raise ValueError("not a preamble")
            values = parse_list(",".join(fields[:10]))
            increment, first, reference, step, origin, zero = values[4:]
            if not all(map(math.isfinite, values)) or increment <= 0 or step <= 0 or values[0] != 2:
                raise ValueError("not a preamble of words")
            if values[2] != points:
                raise ValueError("the preamble belongs to another record")
            return self.fitting(channel, points, Scaling(
                step, origin - zero * step, first - reference * increment, increment,
                -data_sheet.LARGEST, data_sheet.LARGEST))

        return self.questions.parsed(":WAV:PRE?", parse)


if TYPE_CHECKING:  # mypy holds the driver to its contracts
    _as_driver: type[Driver] = KeysightInfiniium
    _as_oscilloscope: type[Oscilloscope] = KeysightInfiniium
