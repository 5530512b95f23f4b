"""Driver of the Rohde & Schwarz RTB2000 oscilloscopes: set up, arm and verify, wait, fetch.

Commands follow the RTB2000 user manual (1333.1611.02). An acquisition is ``SINGle``; the operation status says when the
scope waits for its trigger, and ``ACQuire:STATe?`` when the acquisition is over. Records have values of 16 bits.
"""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tsbench.errors import CommunicationError, ConfigurationError, nearest
from tsbench.instruments.driver import Driver
from tsbench.instruments.guard.limits import require_in_range
from tsbench.instruments.interfaces import EdgeTrigger, Oscilloscope, Timebase
from tsbench.instruments.languages.scpi import format_number, parse_name
from tsbench.instruments.oscilloscopes.driver import Scaling
from tsbench.instruments.rohde_schwarz_rto import rtb_data_sheet as data_sheet
from tsbench.instruments.rohde_schwarz_rto.rohde_schwarz_scope import RohdeSchwarzScope, parse_header
from tsbench.quantities import short_quantity
from tsbench.records import Waveform

_SLOPE: Mapping[str, str] = {"positive": "POS", "negative": "NEG"}
_POLL = 1e-3  #: [s]
_MARGIN = 2.0  #: [s] beyond the pre-trigger time
_STARTED = 0.02  #: [s] after which an acquisition that is complete has ended, and not yet to begin
_USUAL_POINTS = 1_000_000  #: of a record whose points were not asked for
_STATES = frozenset({"RUN", "STOP", "COMP", "BRE"})


def _state(reply: str) -> str:
    state = parse_name(reply)
    if state not in _STATES:
        raise ValueError(f"the reply {reply!r} is not a state of the acquisition")
    return state


class RohdeSchwarzRtb(RohdeSchwarzScope):
    """An :class:`~tsbench.instruments.Oscilloscope`."""

    title = "Rohde & Schwarz RTB"
    repeatable = data_sheet.REPEATABLE
    vertical_accuracy = data_sheet.ACCURACY
    coupling: ClassVar[Mapping[str, str]] = {"1M": "DCL"}
    trigger_word = ":TRIG:A"

    def __init__(self, adapter: Any, name: str = "scope", **kwargs: Any) -> None:
        super().__init__(adapter, name, **kwargs)
        model = self.identity.model.upper().strip()
        if model not in data_sheet.MODELS:
            raise ConfigurationError(
                f"{self.label}: tsbench does not know the model {model}{nearest(model, data_sheet.MODELS)}")
        self.call_it(f"Rohde & Schwarz {model}")
        options = [option.strip().upper() for option in self.ask("*OPT?").split(",")]
        bandwidth = max((data_sheet.BANDWIDTHS.get(option, 0.0) for option in options), default=0.0)
        self.capabilities = data_sheet.capabilities(model, max(bandwidth, data_sheet.LEAST_BANDWIDTH))
        self._triggered = False

    def initialise(self) -> None:
        """After a reset: stopped, no channel set up."""
        self.send(":STOP", ":ACQ:TYPE REFR")
        self.forget_setup()
        self._triggered = False

    # ------------------------------------------------------------------------------------ configuration

    def configure_timebase(self, timebase: Timebase) -> Timebase:
        """Set span, position of mid-record after the trigger, and a record length with enough points."""
        self.require_timebase(timebase)
        require_in_range(self.label, "span", timebase.span, data_sheet.SPAN)
        points = timebase.points or min(math.ceil(timebase.span * self.capabilities.sample_rate), _USUAL_POINTS)
        length = next((one for one in data_sheet.LENGTHS if one >= points), data_sheet.LENGTHS[-1])
        self.send(
            f":TIM:RANG {format_number(timebase.span)}", ":TIM:REF 50",
            f":TIM:POS {format_number(timebase.position)}", ":ACQ:MEM MAN", f":ACQ:POIN {length}",
        )
        self.check_errors()
        span = self.accepted("span", timebase.span, self.ask_number(":TIM:RANG?"), "s", 0.01)
        position = self.accepted(
            "position", timebase.position, self.ask_number(":TIM:POS?"), "s", absolute=span * 1e-3)
        self._timebase = dataclasses.replace(timebase, span=span, position=position)
        return self._timebase

    def configure_trigger(self, trigger: EdgeTrigger) -> EdgeTrigger:
        """Set an edge trigger; no acquisition happens without one (normal mode)."""
        self.require_trigger(trigger)
        if trigger.holdoff is not None:
            require_in_range(self.label, "holdoff", trigger.holdoff, data_sheet.HOLDOFF)
        source = "EXT" if trigger.source == "external" else f"CH{trigger.source}"
        holdoff = (":TRIG:A:HOLD:MODE OFF",) if trigger.holdoff is None else (
            ":TRIG:A:HOLD:MODE TIME", f":TRIG:A:HOLD:TIME {format_number(trigger.holdoff)}")
        self.send(":TRIG:A:MODE NORM", ":TRIG:A:TYPE EDGE", f":TRIG:A:SOUR {source}", ":TRIG:A:EDGE:COUP DC",
                  f":TRIG:A:EDGE:SLOP {_SLOPE[trigger.slope]}", *holdoff)
        self.check_errors()
        self._trigger = dataclasses.replace(trigger, level=self.set_level(trigger))
        return self._trigger

    # -------------------------------------------------------------------------------------- acquisition

    def arm(self) -> None:
        """Start one acquisition and return when the scope waits for its trigger."""
        self.set_level(self.configured(self._trigger, "trigger"))   # a channel that was set since may not reach it
        self._triggered = False
        self.write(":SING")
        waited, filling = 0.0, self.pre_trigger
        while not self._waiting():
            if waited > filling + _STARTED and self.complete():
                self._triggered = True
                return   # it was triggered, and is complete already
            if waited > filling + _MARGIN:
                raise self.not_armed(short_quantity(filling + _MARGIN, "s"))
            self.wait(_POLL)
            waited += _POLL

    def _waiting(self) -> bool:
        return bool(int(self.ask_number(":STAT:OPER:COND?")) & data_sheet.WAITING)

    def triggered(self) -> bool:
        """Return whether the armed acquisition has seen its trigger."""
        self._triggered = self._triggered or not self._waiting()
        return self._triggered

    def complete(self) -> bool:
        """Return whether the acquisition is over."""
        return self.questions.parsed(":ACQ:STAT?", _state) in ("COMP", "BRE")

    def force_trigger(self) -> None:
        """Trigger now."""
        self.write("*TRG")
        self.check_errors()

    # ---------------------------------------------------------------------------------------- waveforms

    def fetch(self, channels: Sequence[int]) -> dict[int, Waveform]:
        """Read the finished acquisition of each channel: all samples of the time on the screen."""
        self.send(":FORM UINT,16", ":FORM:BORD LSBF")
        records: dict[int, Waveform] = {}
        for channel in channels:
            self.require_channel(channel)
            word = f":CHAN{channel}:DATA"
            self.write(f"{word}:POIN DMAX")
            count = int(self.questions.parsed(f"{word}:HEAD?", parse_header)[2])
            scaling = Scaling(
                self.ask_number(f"{word}:YINC?"), self.ask_number(f"{word}:YOR?"), self.ask_number(f"{word}:XOR?"),
                self.ask_number(f"{word}:XINC?"), data_sheet.CLIP_LOW, data_sheet.CLIP_HIGH)
            codes = np.frombuffer(self.questions.block(f"{word}?"), dtype="<u2")
            if len(codes) != count:
                raise CommunicationError(
                    f"{self.label}: the record of channel {channel} has {len(codes)} of {count} samples. Repeat the "
                    "acquisition")
            records[channel] = self.waveform(
                channel, scaling, codes[np.newaxis], np.zeros(1), data_sheet.BANDWIDTH_LIMIT)
        self.check_errors()
        return records


if TYPE_CHECKING:  # mypy holds the driver to its contracts
    _as_driver: type[Driver] = RohdeSchwarzRtb
    _as_oscilloscope: type[Oscilloscope] = RohdeSchwarzRtb
