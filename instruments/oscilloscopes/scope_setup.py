"""What every oscilloscope does, whatever its language: limits of the set-up, the wait to be armed, and its reports."""

import dataclasses
import math
from collections.abc import Callable, Mapping

from tsbench.errors import InstrumentError, LimitError
from tsbench.instruments.driver import LOOK_EVERY
from tsbench.instruments.guard.limits import require_in_range
from tsbench.instruments.interfaces import (
    EdgeTrigger,
    OscilloscopeCapabilities,
    OutputState,
    Range,
    Timebase,
    Vertical,
)
from tsbench.instruments.languages.message_instrument import MessageInstrument
from tsbench.instruments.languages.scpi import parse_number
from tsbench.quantities import short_quantity

#: [s] beyond its pre-trigger time that a scope may take to be armed
ARM_MARGIN = 5.0
_FIRST_POLL, _LONGEST_POLL = 1e-3, 0.05  #: [s] between two questions, which take time themselves


class ScopeSetup(MessageInstrument):
    """Remembers the set-up as it was read back, and refuses a set-up that the model cannot have."""

    capabilities: OscilloscopeCapabilities
    _vertical: dict[int, Vertical]
    _timebase: Timebase
    _trigger: EdgeTrigger | None

    # ------------------------------------------------------------------------------------------- limits

    def require_channel(self, channel: int) -> None:
        """Refuse a channel that the model does not have."""
        require_in_range(self.label, "channel", channel, Range(1, self.capabilities.channels, ""))

    def require_vertical(self, channel: int, vertical: Vertical) -> None:
        """Refuse what the input cannot do."""
        self.require_channel(channel)
        subject, allowed = f"{self.label} channel {channel}", self.capabilities.range
        if vertical.impedance == "50":
            if self.capabilities.low_impedance is None:
                raise LimitError(f"{subject}: this model has no input of 50 Ohm. Write impedance 1M")
            allowed = Range(allowed.low, self.capabilities.low_impedance.range, "V")
        require_in_range(subject, "range", vertical.range / vertical.probe_attenuation, allowed)
        known = self.capabilities.attenuations
        if known and vertical.probe_attenuation not in known:
            raise LimitError(f"{subject}: this model has no probe attenuation {vertical.probe_attenuation:g}. It has "
                             f"{', '.join(f'{one:g}' for one in known)}")

    def require_probe(self, channel: int, vertical: Vertical, question: str, expected: float | None = None) -> None:
        """Read the attenuation of a probe back: with another one, every voltage would be wrong by a factor.

        Without a probe nothing is asked: every oscilloscope has the attenuation 1.

        Parameters
        ----------
        channel : int
        vertical : Vertical
            As it was set.
        question : whose reply is the attenuation
        expected : the reply that means this attenuation; None: the attenuation itself

        Raises
        ------
        InstrumentError
            They differ.
        """
        if vertical.probe_attenuation == 1.0:
            return
        wanted = vertical.probe_attenuation if expected is None else expected
        got = self.questions.parsed(question, parse_number)
        if not math.isclose(got, wanted, rel_tol=1e-3):
            raise InstrumentError(
                f"{self.label} channel {channel}: the probe attenuation {wanted:g} was set, and the instrument reports "
                f"{got:g}. Check which probe it recognises at this channel, and [fixture.probes] of the bench file")

    def require_impedance(self, channel: int, vertical: Vertical, got: object, wanted: object = None) -> None:
        """Compare the input impedance that the instrument reports with the one that was set.

        Parameters
        ----------
        channel : int
        vertical : Vertical
            As it was set.
        got, wanted
            The reply of the instrument, and the reply that means this impedance: the impedance itself where not given.

        Raises
        ------
        InstrumentError
            They differ.
        """
        if got != (vertical.impedance if wanted is None else wanted):
            raise InstrumentError(
                f"{self.label} channel {channel}: the input impedance {vertical.impedance} Ohm was set, and the "
                f"instrument reports {got}. Check the probe at this channel, or choose the other impedance")

    def require_timebase(self, timebase: Timebase) -> None:
        """Refuse a span or a position that cannot be set, and more segments or points than there can be."""
        limits = self.capabilities
        if limits.span is not None:
            require_in_range(self.label, "span", timebase.span, limits.span)
        if limits.position is not None:
            require_in_range(self.label, "position", timebase.position, limits.position)
        require_in_range(self.label, "segments", timebase.segments, Range(1, self.capabilities.segments, ""))
        if timebase.points is not None:
            allowed = Range(100, self.capabilities.record_length, "")
            require_in_range(self.label, "points", timebase.points, allowed)

    def require_trigger(self, trigger: EdgeTrigger) -> None:
        """Refuse a source that the model does not have."""
        if trigger.source == "external" and not self.capabilities.external_trigger:
            raise LimitError(f"{self.label}: this model has no external trigger input. Trigger on a channel")
        if not isinstance(trigger.source, str):
            self.require_channel(trigger.source)

    # ----------------------------------------------------------------------------------------- channels

    def disable_channel(self, channel: int) -> None:
        """Switch a channel off: in most models, its memory and rate go to the others."""
        self.require_channel(channel)
        self.switch_off(channel)
        self.check_errors()
        self._vertical.pop(channel, None)

    def switch_off(self, channel: int) -> None:
        """Send what switches a channel off; drivers override."""
        raise NotImplementedError

    # ------------------------------------------------------------------------------------------- arming

    def wait_until_armed(self, armed: Callable[[float], bool]) -> None:
        """Poll until the scope is armed.

        Parameters
        ----------
        armed : callable
            Asks the scope; called with the time waited [s] since its pre-trigger time is over (negative before). The
            time of the queries themselves, mostly milliseconds, is not in it.

        Raises
        ------
        InstrumentError
            It is not armed :data:`ARM_MARGIN` after its pre-trigger time, or was switched off and on.
        CommunicationError
            It does not answer.
        """
        waited, poll, filling, looked = 0.0, _FIRST_POLL, self.pre_trigger, 0.0
        while not armed(waited - filling):
            if waited >= looked + LOOK_EVERY:
                looked = waited
                if self.lost_power():
                    raise InstrumentError(
                        f"{self.label}: the oscilloscope was switched off and on while it was being armed. Its "
                        "settings are lost. Check the mains and measure again")
            if waited >= filling + ARM_MARGIN:
                raise InstrumentError(
                    f"{self.label}: the oscilloscope did not arm within {short_quantity(filling + ARM_MARGIN, 's')}. "
                    "Check its time base and channels")
            self.wait(poll)
            waited += poll
            poll = min(2 * poll, _LONGEST_POLL)

    @property
    def pre_trigger(self) -> float:
        """Return the part of the record [s] before the trigger."""
        return max(0.0, self._timebase.span / 2 - self._timebase.position)

    # ------------------------------------------------------------------------------------ common duties

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
