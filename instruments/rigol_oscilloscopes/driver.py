"""Driver of the Rigol DS1000Z and MSO5000 oscilloscopes, base of that of the DS4000: set up, arm, wait, fetch.

Commands follow the programming guides of the MSO1000Z/DS1000Z and the MSO5000. The time scale is 1, 2 or 5 times a
power of ten, so the screen may be longer than the span that is asked for; ``fetch`` reads the part of the memory that
was asked for, in blocks of at most 250,000 points.
"""

import dataclasses
import functools
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tsbench.errors import CommunicationError, LimitError
from tsbench.instruments.driver import Driver
from tsbench.instruments.guard.limits import require_in_range
from tsbench.instruments.interfaces import EdgeTrigger, Oscilloscope, Range, Timebase, Vertical
from tsbench.instruments.languages.scpi import format_number, parse_list, parse_name
from tsbench.instruments.oscilloscopes.driver import OscilloscopeDriver, Scaling
from tsbench.instruments.rigol_oscilloscopes import data_sheet
from tsbench.records import Waveform

_SLOPE: Mapping[str, str] = {"positive": "POS", "negative": "NEG"}
_STARTED = 0.02  #: [s] after which a stopped scope has started and ended, and is not one that has yet to start
_STATES = frozenset({"STOP", "RUN", "WAIT", "TD", "AUTO"})
_USUAL_POINTS = 1_000_000  #: of a record whose points were not asked for: a readout in some seconds


def _next_scale(wanted: float) -> float:
    """Return the smallest of 1, 2, 5 times a power of ten that is at least ``wanted``."""
    decade = 10.0 ** math.floor(math.log10(wanted))
    found = next(step for step in (1.0, 2.0, 5.0, 10.0) if step * decade >= wanted * (1 - 1e-9))
    return float(f"{found * decade:.0e}")


def _state(reply: str) -> str:
    state = parse_name(reply)
    if state not in _STATES:
        raise ValueError(f"the reply {reply!r} is not a state of the trigger")
    return state


def _preamble(reply: str) -> list[float]:
    """Return the ten numbers: format, type, points, count, x increment, origin, reference, y likewise."""
    values = parse_list(reply)
    if (len(values) != 10 or not all(map(math.isfinite, values)) or values[4] <= 0 or values[7] <= 0
            or values[0] != 0 or values[1] != 2):
        raise ValueError("not the preamble of bytes of the memory")
    return values


def _scaling(preamble: Sequence[float], first: float) -> Scaling:
    """Return the scaling of codes whose first sample comes ``first`` [s] after the trigger."""
    step, origin, reference = preamble[7:]
    return Scaling(step, -(origin + reference) * step, first, preamble[4], 0, data_sheet.CODES - 1)


class RigolOscilloscope(OscilloscopeDriver):
    """An :class:`~tsbench.instruments.Oscilloscope`."""

    title = "Rigol oscilloscope"
    repeatable = data_sheet.REPEATABLE

    def __init__(self, adapter: Any, name: str = "scope", **kwargs: Any) -> None:
        super().__init__(adapter, name, **kwargs)
        model = self.identity.model.upper().strip().partition("-S")[0].partition(" ")[0]
        self.known_model(model, data_sheet.MODELS)
        self.call_it(f"Rigol {model}")
        self.capabilities = data_sheet.capabilities(model)
        self.vertical_accuracy = data_sheet.vertical_accuracy(model)
        self._series = data_sheet.SERIES[data_sheet.MODELS[model][0]]
        self._triggered = False

    def initialise(self) -> None:
        """After a reset: stopped, no channel set up."""
        self.send(":STOP", ":ACQ:TYPE NORM")
        self.forget_setup()
        self._triggered = False

    # ------------------------------------------------------------------------------------ configuration

    def configure_channel(self, channel: int, vertical: Vertical) -> Vertical:
        """Set input, range (full scale, eight divisions) and offset; DC coupled."""
        self.require_vertical(channel, vertical)
        word, scale = f":CHAN{channel}", vertical.range / data_sheet.DIVISIONS
        self.send(
            f"{word}:DISP ON", f"{word}:COUP DC", f"{word}:BWL {'20M' if vertical.bandwidth_limit else 'OFF'}",
            f"{word}:PROB {format_number(vertical.probe_attenuation)}", f"{word}:VERN ON", f"{word}:OFFS 0",
            f"{word}:SCAL {format_number(scale)}", f"{word}:OFFS {format_number(-vertical.offset)}",
        )
        self.check_errors()
        self.require_probe(channel, vertical, f"{word}:PROB?")
        got = self.ask_number(f"{word}:SCAL?") * data_sheet.DIVISIONS
        got_range = self.accepted(f"channel {channel} range", vertical.range, got, "V", 0.02)
        offset = self.accepted(f"channel {channel} offset", vertical.offset, -self.ask_number(f"{word}:OFFS?"), "V",
                               absolute=got_range / 200)
        accepted = dataclasses.replace(vertical, range=got_range, offset=offset)
        self._vertical[channel] = accepted
        return accepted

    def switch_off(self, channel: int) -> None:
        """Send what switches a channel off."""
        self.write(f":CHAN{channel}:DISP OFF")

    def configure_timebase(self, timebase: Timebase) -> Timebase:
        """Set the smallest time scale that shows the span, its position, and a memory depth with enough points."""
        self.require_timebase(timebase)
        scale = max(_next_scale(timebase.span / self._series.time_divisions),
                    self._series.shortest_span / self._series.time_divisions)
        screen = scale * self._series.time_divisions
        self.send(
            ":TIM:MODE MAIN", f":TIM:SCAL {format_number(scale)}", f":TIM:OFFS {format_number(timebase.position)}",
            f":ACQ:MDEP {self._depth(timebase.points, timebase.span, screen)}",
        )
        self.check_errors()
        self.accepted("time scale", scale, self.ask_number(":TIM:SCAL?"), "s", 0.01)
        position = self.accepted("position", timebase.position, self.ask_number(":TIM:OFFS?"), "s",
                                 absolute=timebase.span * 1e-3)
        self._timebase = dataclasses.replace(timebase, position=position)
        return self._timebase

    def _share(self) -> int:
        """Return by what the channels that are on divide rate and memory."""
        on = self._vertical.keys()
        if self._series.paired:
            return 2 if {1, 2} <= on or {3, 4} <= on else 1
        return 1 if len(on) <= 1 else 2 if len(on) == 2 else 4

    def _depth(self, points: int | None, span: float, screen: float) -> str:
        """Return the smallest memory depth with so many points in the span; None: as many as a fast readout allows."""
        series, share = self._series, self._share()
        if points is None:
            points = min(math.ceil(span * series.sample_rate / share), _USUAL_POINTS)
        allowed = [depth // share if series.shared else depth for depth in series.depths
                   if series.shared or depth <= series.record_length // share]
        depth = next((one for one in allowed if one >= points * screen / span), allowed[-1])
        if not series.depth_words:
            return str(depth)
        return series.depth_words[series.depths.index(depth)]

    def configure_trigger(self, trigger: EdgeTrigger) -> EdgeTrigger:
        """Set an edge trigger; no acquisition happens without one (normal sweep)."""
        self.require_trigger(trigger)
        source = f"CHAN{trigger.source}" if trigger.source != "external" else self._external(trigger.level)
        self.send(
            ":TRIG:MODE EDGE", ":TRIG:SWE NORM", f":TRIG:EDGE:SOUR {source}", ":TRIG:COUP DC",
            f":TRIG:EDGE:SLOP {_SLOPE[trigger.slope]}",
        )
        if trigger.holdoff is not None:
            require_in_range(self.label, "holdoff", trigger.holdoff, Range(self._series.least_holdoff, 10.0, "s"))
            self.write(f":TRIG:HOLD {format_number(trigger.holdoff)}")
        self.check_errors()
        self._trigger = trigger
        self._trigger = dataclasses.replace(trigger, level=self._set_level(trigger))
        return self._trigger

    def _external(self, level: float) -> str:
        """Return the source of a level [V] at the external input: beyond the direct range, that behind the divider."""
        direct = self._series.external_level
        return "EXT5" if self._series.divided_level and direct is not None and abs(level) > direct else "EXT"

    def _set_level(self, trigger: EdgeTrigger) -> float:
        """Set the level, which lies at most five divisions from mid-screen, and return what was accepted [V]."""
        level, scale = trigger.level, 8.0
        if trigger.source != "external":
            vertical = self._vertical.get(trigger.source)
            if vertical is not None:
                scale, division = vertical.range, vertical.range / data_sheet.DIVISIONS
                reach = self._series.level_divisions * division
                require_in_range(f"{self.label} channel {trigger.source}", "trigger level", level,
                                 Range(vertical.offset - reach, vertical.offset + reach, "V"))
        elif self._series.external_level is not None:
            most = self._series.divided_level or self._series.external_level
            require_in_range(self.label, "trigger level", level, Range(-most, most, "V"))
        self.write(f":TRIG:EDGE:LEV {format_number(level)}")
        self.check_errors()
        return self.accepted("trigger level", level, self.ask_number(":TRIG:EDGE:LEV?"), "V", absolute=scale * 0.01)

    # -------------------------------------------------------------------------------------- acquisition

    def arm(self) -> None:
        """Start one acquisition and return when the scope waits for its trigger."""
        trigger = self.configured(self._trigger, "trigger")
        self._set_level(trigger)   # a channel that was set since may not reach it
        self._triggered = False
        self.write(":SING")
        self.wait_until_armed(self._armed)

    def _armed(self, filled: float) -> bool:
        state = self._ask_state()   # STOP: it was triggered, and is complete already
        return state in ("WAIT", "TD") or (state == "STOP" and filled > _STARTED)

    def _ask_state(self) -> str:
        state = self.questions.parsed(":TRIG:STAT?", _state)
        self._triggered = self._triggered or state == "TD"
        return state

    def triggered(self) -> bool:
        """Return whether the armed acquisition has seen its trigger."""
        return self._triggered or self._ask_state() in ("TD", "STOP")

    def complete(self) -> bool:
        """Return whether the acquisition is over."""
        return self._ask_state() == "STOP"

    def force_trigger(self) -> None:
        """Trigger now."""
        self.write(":TFOR")
        self.check_errors()

    def abort(self) -> None:
        """Stop the acquisition."""
        self.write(":STOP")

    # ---------------------------------------------------------------------------------------- waveforms

    def fetch(self, channels: Sequence[int]) -> dict[int, Waveform]:
        """Read the span that was asked for of each channel."""
        self.send(":WAV:MODE RAW", ":WAV:FORM BYTE")
        records: dict[int, Waveform] = {}
        for channel in channels:
            self.require_channel(channel)
            self.write(f":WAV:SOUR CHAN{channel}")
            preamble = self.questions.parsed(":WAV:PRE?", functools.partial(self._fitting, channel))
            codes, first = self.read_memory(preamble)
            scaling = _scaling(preamble, first)
            records[channel] = self.waveform(
                channel, scaling, codes[np.newaxis], np.zeros(1), data_sheet.BANDWIDTH_LIMIT)
        self.check_errors()
        return records

    def _fitting(self, channel: int, reply: str) -> list[float]:
        """Return the preamble of a reply; ValueError if it contradicts the settings."""
        preamble = _preamble(reply)
        self.fitting(channel, None, _scaling(preamble, 0.0))
        return preamble

    def read_memory(self, preamble: Sequence[float]) -> tuple[npt.NDArray[np.uint8], float]:
        """Return the codes of the span and the time [s] of the first after the trigger."""
        first, last = self.wanted_points(preamble, int(preamble[2]))
        parts = []
        for begin in range(first, last, data_sheet.TRANSFER):
            end = min(begin + data_sheet.TRANSFER, last)
            self.send(f":WAV:STAR {begin + 1}", f":WAV:STOP {end}")
            payload = self.questions.block(":WAV:DATA?")
            if len(payload) != end - begin:
                raise CommunicationError(
                    f"{self.label}: a part of a record has {len(payload)} of {end - begin} bytes. Repeat the "
                    "acquisition")
            parts.append(np.frombuffer(payload, dtype=np.uint8))
        return np.concatenate(parts), preamble[5] + first * preamble[4]

    def wanted_points(self, preamble: Sequence[float], points: int) -> tuple[int, int]:
        """Return the first of ``points`` in the memory that belongs to the span, and the one behind the last."""
        interval, origin = preamble[4], preamble[5]
        start = self._timebase.position - self._timebase.span / 2
        first = max(math.floor((start - origin) / interval + 0.5), 0)
        last = min(first + max(math.floor(self._timebase.span / interval + 0.5), 2), points)
        if last <= first:
            raise LimitError(
                f"{self.label}: the memory of {points} points does not hold the record. Ask for fewer points or a "
                "shorter span")
        return first, last


if TYPE_CHECKING:  # mypy holds the driver to its contracts
    _as_driver: type[Driver] = RigolOscilloscope
    _as_oscilloscope: type[Oscilloscope] = RigolOscilloscope
