"""Base of the drivers of oscilloscopes with LeCroy's short commands: inputs, time base, trigger, one acquisition.

The time base of these oscilloscopes has the steps 1, 2, 5. A record is therefore as long as the next step makes it, and
``fetch`` reads the part that was asked for.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

from tsbench.errors import ConfigurationError, InstrumentError, LimitError, nearest
from tsbench.instruments.guard.limits import require_in_range
from tsbench.instruments.interfaces import EdgeTrigger, OutputState, Range, Timebase, Vertical
from tsbench.instruments.languages.lecroy import format_digits, parse_quantity, rounded
from tsbench.instruments.languages.message_instrument import MessageInstrument
from tsbench.instruments.lecroy_scope.scope_model import DIVISIONS, StepScopeModel, time_scale_for
from tsbench.quantities import short_quantity

#: queries that change nothing; INR? forgets what it tells
REPEATABLE = (
    "*IDN?", "CHDR?", "C<n>:VDIV?", "C<n>:OFST?", "C<n>:CPL?", "C<n>:TRLV?", "C<n>:WF?", "EX:TRLV?", "TDIV?", "TRDL?",
    "TRMD?", "SAST?", "SARA?", "SANU?", "WFSU?", "SEQ?", "VBS?",
)
_SLOPE: Mapping[str, str] = {"positive": "POS", "negative": "NEG"}
_ARM_POLL = 1e-3  #: [s]
_ARM_MARGIN = 2.0  #: [s] beyond the pre-trigger time
_DIGITS = 3  #: of the numbers that are sent and read back


class ShortCommandScope(MessageInstrument):
    """Sets up, arms and waits. A family adds how records are read."""

    repeatable = REPEATABLE
    models: ClassVar[Mapping[str, StepScopeModel]]
    delay_sign: ClassVar[float] = 1.0  #: of TRDL, whose magnitude is the time from the trigger to mid-screen
    holdoff_range: ClassVar[tuple[float, float]] = (80e-9, 1.5)  #: [s]

    def __init__(self, adapter: Any, name: str = "scope", **kwargs: Any) -> None:
        self._vertical: dict[int, Vertical] = {}
        self._timebase = Timebase(span=1e-3)
        self._time_scale = 1e-4
        self._asked_span = 1e-3
        self._trigger: EdgeTrigger | None = None
        self._confirm_trigger = False  #: whether a channel was set since the trigger
        super().__init__(adapter, name, **kwargs)
        model = self.identity.model.upper()
        if model not in self.models:
            raise ConfigurationError(f"{self.label}: tsbench does not know the model "
                                     f"{model}{nearest(model, self.models)}")
        self.model = self.models[model]
        self.call_it(self.model.title)
        self.capabilities = self.model.capabilities()

    def initialise(self) -> None:
        """After a reset: stopped, no channel set up."""
        self.write("STOP")
        self._vertical = {}
        self._trigger = None

    def ask_quantity(self, command: str) -> float:
        """Return a number that may have a unit; CommunicationError where it is none."""
        return self.questions.parsed(command, parse_quantity)

    # ------------------------------------------------------------------------------------ configuration

    def configure_channel(self, channel: int, vertical: Vertical) -> Vertical:
        """Set input, range (full scale, eight divisions) and offset; DC coupled."""
        self._require_channel(channel)
        subject, word, model = f"{self.label} channel {channel}", f"C{channel}", self.model
        allowed = self.capabilities.range
        if vertical.impedance == "50":
            if model.most_scale_50 is None:
                raise LimitError(f"{subject}: this model has no input of 50 Ohm. Write impedance 1M")
            allowed = Range(allowed.low, model.most_scale_50 * DIVISIONS, "V")
        require_in_range(subject, "range", vertical.range / vertical.probe_attenuation, allowed)
        coupling = {"1M": "D1M", "50": "D50"}[vertical.impedance]
        scale, offset = rounded(vertical.range / DIVISIONS, _DIGITS), rounded(-vertical.offset, _DIGITS)
        self.send(
            f"{word}:TRA ON", f"{word}:CPL {coupling}", f"{word}:ATTN {vertical.probe_attenuation:g}",
            f"BWL {word},{'ON' if vertical.bandwidth_limit else 'OFF'}",
            f"{word}:VDIV {format_digits(scale, 'V', _DIGITS)}", f"{word}:OFST {format_digits(offset, 'V', _DIGITS)}",
        )
        self.check_errors()
        got_scale = self.ask_quantity(f"{word}:VDIV?")
        self.accepted(f"channel {channel} range", vertical.range, got_scale * DIVISIONS, "V", 0.01)
        got = self.ask_quantity(f"{word}:OFST?")
        self.accepted(f"channel {channel} offset", -offset, -got, "V", absolute=got_scale * 0.01)
        if self.ask(f"{word}:CPL?").strip().upper() != coupling:
            raise InstrumentError(f"{subject}: the instrument did not accept the input impedance {vertical.impedance} "
                                  "Ohm")
        accepted = dataclasses.replace(vertical, range=got_scale * DIVISIONS, offset=-got)
        self._vertical[channel] = accepted
        self._confirm_trigger = True
        return accepted

    def disable_channel(self, channel: int) -> None:
        """Switch a channel off: its memory and rate go to the other of its pair."""
        self._require_channel(channel)
        self.write(f"C{channel}:TRA OFF")
        self.check_errors()
        self._vertical.pop(channel, None)

    def configure_timebase(self, timebase: Timebase) -> Timebase:
        """Set span, position of mid-record after the trigger, and segments; the span becomes that of the next step."""
        require_in_range(self.label, "segments", timebase.segments, Range(1, self.capabilities.segments, ""))
        if timebase.points is not None:
            allowed = Range(100, self.capabilities.record_length, "")
            require_in_range(self.label, "points", timebase.points, allowed)
        scale = time_scale_for(timebase.span, self.model.time_divisions)
        delay = rounded(self.delay_sign * timebase.position, _DIGITS)
        self.set_segments(timebase.segments)
        self.send(f"TDIV {format_digits(scale, 'S', _DIGITS)}", f"TRDL {format_digits(delay, 'S', _DIGITS)}")
        self.check_errors()
        self._time_scale = self.accepted("time per division", scale, self.ask_quantity("TDIV?"), "s", 0.01)
        span = self._time_scale * self.model.time_divisions
        position = self.accepted(
            "position", self.delay_sign * delay, self.delay_sign * self.ask_quantity("TRDL?"), "s",
            absolute=span * 1e-3)
        self._asked_span = timebase.span
        self._timebase = dataclasses.replace(timebase, span=span, position=position)
        return self._timebase

    def set_segments(self, count: int) -> None:
        """Set the number of segments; a family that has them overrides."""

    def configure_trigger(self, trigger: EdgeTrigger) -> EdgeTrigger:
        """Set an edge trigger."""
        if trigger.source == "external":
            if not self.model.external:
                raise LimitError(f"{self.label}: this model has no external trigger input. Trigger on a channel")
            source = "EX"
        else:
            self._require_channel(trigger.source)
            source = f"C{trigger.source}"
        hold = "HT,OFF"
        if trigger.holdoff is not None:
            require_in_range(self.label, "holdoff", trigger.holdoff, Range(*self.holdoff_range, "s"))
            hold = f"HT,TI,HV,{format_digits(trigger.holdoff, 'S', _DIGITS)}"
        level = rounded(trigger.level, _DIGITS)
        self.send(
            f"TRSE EDGE,SR,{source},{hold}", f"{source}:TRCP DC", f"{source}:TRSL {_SLOPE[trigger.slope]}",
            f"{source}:TRLV {format_digits(level, 'V', _DIGITS)}",
        )
        self.check_errors()
        self._read_level(dataclasses.replace(trigger, level=level), source)
        return self.configured(self._trigger, "trigger")

    def _read_level(self, trigger: EdgeTrigger, source: str) -> None:
        got = self.ask_quantity(f"{source}:TRLV?")
        vertical = None if trigger.source == "external" else self._vertical.get(int(trigger.source))
        near = 0.01 * (vertical.range if vertical is not None else 8.0)
        self._trigger = dataclasses.replace(trigger, level=got)
        self.accepted("trigger level", trigger.level, got, "V", absolute=near)
        self._confirm_trigger = False

    # -------------------------------------------------------------------------------------- acquisition

    def arm(self) -> None:
        """Start one acquisition and return when the scope says it is armed."""
        trigger = self.configured(self._trigger, "trigger")
        if self._confirm_trigger:   # a range that does not reach the level has moved it
            self._read_level(trigger, "EX" if trigger.source == "external" else f"C{trigger.source}")
        self.ask_quantity("INR?")  # reading forgets
        self.write("ARM")
        waited, patience = 0.0, max(0.0, self._timebase.span / 2 - self._timebase.position) + _ARM_MARGIN
        while not self.armed():
            if waited > patience:
                raise InstrumentError(
                    f"{self.label}: the oscilloscope did not arm within {short_quantity(patience, 's')}. Check its "
                    "time base and channels"
                )
            self.wait(_ARM_POLL)
            waited += _ARM_POLL

    def armed(self) -> bool:
        """Return whether a trigger is taken from now on, or has been taken; a family says how it is asked."""
        raise NotImplementedError

    def force_trigger(self) -> None:
        """Trigger now."""
        self.write("FRTR")
        self.check_errors()

    def abort(self) -> None:
        """Stop the acquisition."""
        self.write("STOP")

    # -------------------------------------------------------------------------------------- common duties

    def safe_state(self) -> None:
        """Stop the acquisition; a scope has no outputs."""
        self.abort()

    def output_states(self) -> list[OutputState]:
        """Return nothing: a scope has no outputs."""
        return []

    @property
    def output_names(self) -> tuple[str, ...]:
        """Return nothing: a scope has no outputs."""
        return ()

    def accepted_settings(self) -> Mapping[str, object]:
        """Return the set-up as it was last read back."""
        found: dict[str, object] = {}
        for channel, vertical in sorted(self._vertical.items()):
            found |= {f"channel_{channel}_{name}": value for name, value in dataclasses.asdict(vertical).items()}
        found |= {f"timebase_{name}": value for name, value in dataclasses.asdict(self._timebase).items()}
        if self._trigger is not None:
            found |= {f"trigger_{name}": value for name, value in dataclasses.asdict(self._trigger).items()}
        return found

    def accuracy(self) -> Mapping[str, Mapping[str, float]]:
        """Return gain, offset and time-base accuracy."""
        caps = self.capabilities
        return {"gain": {"full_scale": caps.gain_accuracy}, "offset": {"full_scale": caps.offset_accuracy},
                "timebase": {"relative": caps.timebase_accuracy}}

    def _require_channel(self, channel: int) -> None:
        require_in_range(self.label, "channel", channel, Range(1, self.capabilities.channels, ""))
