"""Driver of the Rohde & Schwarz RTO oscilloscopes: set up, arm and verify, wait, fetch.

Commands follow the RTO user manual. An acquisition is ``RUNSingle``; the operation status says when the scope waits
for its trigger and when the acquisition is over.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tsbench.errors import CommunicationError, ConfigurationError, nearest
from tsbench.instruments.driver import Driver
from tsbench.instruments.guard.limits import require_in_range
from tsbench.instruments.interfaces import EdgeTrigger, Oscilloscope, Timebase, Vertical
from tsbench.instruments.languages.scpi import format_number, parse_name
from tsbench.instruments.oscilloscopes.driver import Scaling
from tsbench.instruments.rohde_schwarz_rto import data_sheet
from tsbench.instruments.rohde_schwarz_rto.rohde_schwarz_scope import RohdeSchwarzScope, parse_header
from tsbench.quantities import short_quantity
from tsbench.records import Waveform

_SLOPE: Mapping[str, str] = {"positive": "POS", "negative": "NEG"}
_POLL = 1e-3  #: [s]
_MARGIN = 2.0  #: [s] beyond the pre-trigger time
_STARTED = 0.02  #: [s] after which an acquisition that is not running has ended, and not yet to begin


class RohdeSchwarzRto(RohdeSchwarzScope):
    """An :class:`~tsbench.instruments.Oscilloscope`."""

    title = "Rohde & Schwarz RTO"
    repeatable = data_sheet.REPEATABLE
    vertical_accuracy = data_sheet.ACCURACY
    coupling: ClassVar[Mapping[str, str]] = {"1M": "DCL", "50": "DC"}
    trigger_word = ":TRIG1"

    def __init__(self, adapter: Any, name: str = "scope", **kwargs: Any) -> None:
        super().__init__(adapter, name, **kwargs)
        model = self.identity.model.upper().strip()
        if model == "RTO":   # newer firmware tells the number elsewhere
            model = parse_name(self.ask(":DIAG:SERV:WFAM?"))
        if model not in data_sheet.MODELS:
            raise ConfigurationError(
                f"{self.label}: tsbench does not know the model {model}{nearest(model, data_sheet.MODELS)}")
        self.call_it(f"Rohde & Schwarz {model}")
        self.capabilities = data_sheet.capabilities(model)
        self._triggered = False

    def initialise(self) -> None:
        """After a reset: stopped, no channel set up."""
        self.send(":STOP", ":ACQ:COUN 1")
        self.forget_setup()
        self._triggered = False

    # ------------------------------------------------------------------------------------ configuration

    def configure_timebase(self, timebase: Timebase) -> Timebase:
        """Set span, position of mid-record after the trigger, and the longest record."""
        self.require_timebase(timebase)
        self.send(
            f":TIM:RANG {format_number(timebase.span)}", ":TIM:REF 50",
            f":TIM:HOR:POS {format_number(timebase.position)}",
            f":ACQ:POIN {max(timebase.points or 1_000_000, 1000)}",
        )
        self.check_errors()
        span = self.accepted("span", timebase.span, self.ask_number(":TIM:RANG?"), "s", 0.01)
        position = self.accepted(
            "position", timebase.position, self.ask_number(":TIM:HOR:POS?"), "s", absolute=span * 1e-3)
        self._timebase = dataclasses.replace(timebase, span=span, position=position)
        return self._timebase

    def configure_trigger(self, trigger: EdgeTrigger) -> EdgeTrigger:
        """Set an edge trigger; no acquisition happens without one (normal mode)."""
        self.require_trigger(trigger)
        if trigger.holdoff is not None:
            require_in_range(self.label, "holdoff", trigger.holdoff, data_sheet.HOLDOFF)
        source = "EXT" if trigger.source == "external" else f"CHAN{trigger.source}"
        holdoff = (":TRIG1:HOLD:MODE OFF",) if trigger.holdoff is None else (
            ":TRIG1:HOLD:MODE TIME", f":TRIG1:HOLD:TIME {format_number(trigger.holdoff)}")
        self.send(":TRIG1:MODE NORM", ":TRIG1:TYPE EDGE", f":TRIG1:SOUR {source}",
                  f":TRIG1:EDGE:SLOP {_SLOPE[trigger.slope]}", *holdoff)
        self.check_errors()
        self._trigger = dataclasses.replace(trigger, level=self.set_level(trigger))
        return self._trigger

    # -------------------------------------------------------------------------------------- acquisition

    def arm(self) -> None:
        """Start one acquisition and return when the scope waits for its trigger."""
        self.set_level(self.configured(self._trigger, "trigger"))   # a channel that was set since may not reach it
        self._triggered = False
        self.write(":RUNS")
        waited, filling = 0.0, self.pre_trigger
        while not (condition := self._condition()) & data_sheet.WAITING:
            if not condition & data_sheet.MEASURING and waited > filling + _STARTED:
                self._triggered = True
                return   # it was triggered, and is complete already
            if waited > filling + _MARGIN:
                raise self.not_armed(short_quantity(filling + _MARGIN, "s"))
            self.wait(_POLL)
            waited += _POLL

    def _condition(self) -> int:
        return int(self.ask_number(":STAT:OPER:COND?"))

    def triggered(self) -> bool:
        """Return whether the armed acquisition has seen its trigger."""
        self._triggered = self._triggered or not self._condition() & data_sheet.WAITING
        return self._triggered

    def complete(self) -> bool:
        """Return whether the acquisition is over."""
        return not self._condition() & data_sheet.MEASURING

    def force_trigger(self) -> None:
        """Trigger now."""
        self.write(":TRIG1:FORC")
        self.check_errors()

    # ---------------------------------------------------------------------------------------- waveforms

    def fetch(self, channels: Sequence[int]) -> dict[int, Waveform]:
        """Read the finished acquisition of each channel."""
        self.send(":FORM INT,8", ":FORM:BORD LSBF", ":EXP:WAV:INCX OFF", ":EXP:WAV:MULT OFF")
        records: dict[int, Waveform] = {}
        for channel in channels:
            self.require_channel(channel)
            start, stop, count, _ = self.questions.parsed(f":CHAN{channel}:DATA:HEAD?", parse_header)
            codes = np.frombuffer(self.questions.block(f":CHAN{channel}:DATA?"), dtype=np.int8)
            if len(codes) != int(count):
                raise CommunicationError(
                    f"{self.label}: the record of channel {channel} has {len(codes)} of {int(count)} samples. Repeat "
                    "the acquisition")
            vertical = self._vertical.get(channel, Vertical(range=10.0))
            scaling = Scaling(vertical.range / data_sheet.LEVELS, vertical.offset, start, (stop - start) / (count - 1),
                              -data_sheet.LARGEST, data_sheet.LARGEST)
            records[channel] = self.waveform(
                channel, scaling, codes[np.newaxis], np.zeros(1), data_sheet.BANDWIDTH_LIMIT)
        self.check_errors()
        return records


if TYPE_CHECKING:  # mypy holds the driver to its contracts
    _as_driver: type[Driver] = RohdeSchwarzRto
    _as_oscilloscope: type[Oscilloscope] = RohdeSchwarzRto
