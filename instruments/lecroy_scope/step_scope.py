"""Base of the drivers of oscilloscopes whose time base has the steps 1, 2, 5: inputs, time base, trigger, acquisition.

A record is as long as the next step of the time base makes it, and ``fetch`` reads the part that was asked for. A
family says by which messages its instruments are set and asked.
"""

import abc
import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

from tsbench.instruments.guard.limits import require_in_range
from tsbench.instruments.interfaces import EdgeTrigger, Range, Timebase, Vertical
from tsbench.instruments.languages.lecroy import parse_quantity, rounded
from tsbench.instruments.languages.message_instrument import MessageInstrument
from tsbench.instruments.lecroy_scope.scope_model import DIVISIONS, StepScopeModel, time_scale_for
from tsbench.instruments.oscilloscopes.scope_setup import ScopeSetup


class ScopeMessages(MessageInstrument, abc.ABC):
    """What a family says: the messages that set, and the questions that read back."""

    models: ClassVar[Mapping[str, StepScopeModel]]
    delay_sign: ClassVar[float] = 1.0  #: of the delay, whose magnitude is the time from the trigger to mid-screen
    holdoff_range: ClassVar[tuple[float, float]] = (80e-9, 1.5)  #: [s]
    time_queries: ClassVar[tuple[str, str]]  #: for seconds per division, and for the delay

    probe_question: ClassVar[str]  #: whose reply is the attenuation of the probe on a channel

    def ask_value(self, command: str) -> float:
        """Return a numeric reply; CommunicationError where it is none."""
        return self.questions.parsed(command, parse_quantity)

    @abc.abstractmethod
    def set_channel(self, channel: int, vertical: Vertical, scale: float, offset: float) -> None:
        """Send the settings of one input: [V/div], and [V] that are added to the signal."""

    @abc.abstractmethod
    def read_channel(self, channel: int) -> tuple[float, float, str]:
        """Return both as the instrument has them, and the impedance: 1M or 50."""

    @abc.abstractmethod
    def switch_off(self, channel: int) -> None:
        """Send what switches a channel off."""

    @abc.abstractmethod
    def set_time(self, scale: float, delay: float) -> None:
        """Send seconds per division and delay."""

    def set_segments(self, count: int) -> None:
        """Send the number of segments, where there are any."""

    @abc.abstractmethod
    def set_trigger(self, trigger: EdgeTrigger) -> None:
        """Send an edge trigger."""

    @abc.abstractmethod
    def level_of(self, trigger: EdgeTrigger) -> float:
        """Return the trigger level as the instrument has it."""

    @abc.abstractmethod
    def start(self) -> None:
        """Start one acquisition."""

    @abc.abstractmethod
    def armed(self) -> bool:
        """Return whether a trigger is taken from now on, or has been taken."""


class StepScope(ScopeSetup, ScopeMessages):
    """Sets up, arms and waits. A family adds its messages and how records are read."""

    def __init__(self, adapter: Any, name: str = "scope", **kwargs: Any) -> None:
        self.forget_settings()
        super().__init__(adapter, name, **kwargs)
        self.model = self.models[self.known_model(self.identity.model.upper(), self.models)]
        self.call_it(self.model.title)
        self.capabilities = self.model.capabilities()

    def forget_settings(self) -> None:
        """After a reset: nothing is set up."""
        self._vertical = {}
        self._timebase = Timebase(span=1e-3)
        self._asked_span = 1e-3
        self._trigger = None
        self._confirm_trigger = False  #: whether a channel was set since the trigger

    # ------------------------------------------------------------------------------------ configuration

    def configure_channel(self, channel: int, vertical: Vertical) -> Vertical:
        """Set input, range (full scale, eight divisions) and offset; DC coupled."""
        self.require_vertical(channel, vertical)
        scale, offset = rounded(vertical.range / DIVISIONS), rounded(-vertical.offset)
        self.set_channel(channel, vertical, scale, offset)
        self.check_errors()
        self.require_probe(channel, vertical, self.probe_question.format(channel=channel))
        got_scale, got, impedance = self.read_channel(channel)
        self.accepted(f"channel {channel} range", vertical.range, got_scale * DIVISIONS, "V", 0.01)
        self.accepted(f"channel {channel} offset", -offset, -got, "V", absolute=got_scale * 0.01)
        self.require_impedance(channel, vertical, impedance)
        accepted = dataclasses.replace(vertical, range=got_scale * DIVISIONS, offset=-got)
        self._vertical[channel] = accepted
        self._confirm_trigger = True
        return accepted

    def configure_timebase(self, timebase: Timebase) -> Timebase:
        """Set span, position of mid-record after the trigger, and segments; the span becomes that of the next step."""
        self.require_timebase(timebase)
        scale = time_scale_for(timebase.span, self.model.time_divisions)
        delay = rounded(self.delay_sign * timebase.position)
        self.set_segments(timebase.segments)
        self.set_time(scale, delay)
        self.check_errors()
        got_scale, got_delay = (self.ask_value(query) for query in self.time_queries)
        span = self.accepted("time per division", scale, got_scale, "s", 0.01) * self.model.time_divisions
        position = self.accepted(
            "position", self.delay_sign * delay, self.delay_sign * got_delay, "s", absolute=span * 1e-3)
        self._asked_span = timebase.span
        self._timebase = dataclasses.replace(timebase, span=span, position=position)
        return self._timebase

    def configure_trigger(self, trigger: EdgeTrigger) -> EdgeTrigger:
        """Set an edge trigger."""
        self.require_trigger(trigger)
        if trigger.holdoff is not None:
            require_in_range(self.label, "holdoff", trigger.holdoff, Range(*self.holdoff_range, "s"))
        wanted = dataclasses.replace(trigger, level=rounded(trigger.level))
        self.set_trigger(wanted)
        self.check_errors()
        return self._accept_level(wanted, self.level_of(wanted))

    def _accept_level(self, trigger: EdgeTrigger, got: float) -> EdgeTrigger:
        self._trigger = dataclasses.replace(trigger, level=got)
        self.accepted("trigger level", trigger.level, got, "V", absolute=self._near(trigger))
        self._confirm_trigger = False
        return self._trigger

    def _near(self, trigger: EdgeTrigger) -> float:
        """Return how far a level may be from the one that was asked for [V]."""
        vertical = None if trigger.source == "external" else self._vertical.get(int(trigger.source))
        return 0.01 * (vertical.range if vertical is not None else 8.0)

    def _confirmed(self, trigger: EdgeTrigger) -> None:
        """Send a trigger again where ranges and offsets that were set after it have moved its level.

        A level out of reach becomes the nearest one within reach, also while the range is new and the offset is not.
        """
        got = self.level_of(trigger)
        if abs(got - trigger.level) > self._near(trigger):
            self.set_trigger(trigger)
            self.check_errors()
            got = self.level_of(trigger)
        self._accept_level(trigger, got)

    # -------------------------------------------------------------------------------------- acquisition

    def arm(self) -> None:
        """Start one acquisition and return when the scope says it is armed."""
        trigger = self.configured(self._trigger, "trigger")
        if self._confirm_trigger:
            self._confirmed(trigger)
        self.start()
        self.wait_until_armed(lambda _: self.armed())

    def part(self, rate: float, total: int) -> tuple[int, int, int]:
        """Return first sample, stride and number of points of the part that was asked for.

        Parameters
        ----------
        rate : [Sa/s]
        total : samples of the record
        """
        first = max(round((self._timebase.span - self._asked_span) / 2 * rate), 0)
        wanted = max(min(round(self._asked_span * rate), total - first), 1)
        points = self._timebase.points or wanted
        stride = max(-(-wanted // points), 1)
        return first, stride, max(min(wanted // stride, points), 1)
