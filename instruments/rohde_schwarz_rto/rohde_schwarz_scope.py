"""What the drivers of the Rohde & Schwarz series share: set up, arm and verify, stop."""

import dataclasses
from collections.abc import Collection, Mapping
from typing import Any, ClassVar

import numpy.typing as npt

from tsbench.errors import CommunicationError
from tsbench.instruments.guard.limits import require_in_range
from tsbench.instruments.interfaces import EdgeTrigger, Range, Timebase, Vertical
from tsbench.instruments.languages.scpi import format_number, parse_list, parse_name
from tsbench.instruments.oscilloscopes.driver import OscilloscopeDriver

LEVEL_DIVISIONS = 5.0  #: from mid-screen, of a trigger level
WAITING = 8  #: bit of STATus:OPERation:CONDition?
_SLOPE: Mapping[str, str] = {"positive": "POS", "negative": "NEG"}
_STARTED = 0.02  #: [s] after which an acquisition that is not running has ended, and not yet to begin
EXTERNAL, EXTERNAL_LEVEL = 5, 5.0  #: number of the level of the external input, and its greatest value [V]


def parse_header(reply: str) -> list[float]:
    """Return start [s], stop [s], samples and values for each sample of a record."""
    values = parse_list(reply)
    if len(values) != 4 or values[2] < 2 or values[3] != 1 or values[1] <= values[0]:
        raise ValueError("not the header of a waveform with one value for each sample")
    return values


class RohdeSchwarzScope(OscilloscopeDriver):
    """Base of the drivers; a series adds its words, its record length, how an acquisition ends, and its records."""

    divisions = 10
    coupling: ClassVar[Mapping[str, str]]  #: impedance -> word of :CHANnel:COUPling
    trigger_word: ClassVar[str]  #: before :LEVel
    source_word: ClassVar[str]  #: of a channel as the source of the trigger, before its number
    edge_settings: ClassVar[tuple[str, ...]] = ()  #: messages between the source and the slope of the trigger
    position_word: ClassVar[str]  #: message of the position of mid-record
    start_word: ClassVar[str]  #: message that starts one acquisition
    holdoffs: ClassVar[Range]  #: [s]

    def __init__(self, adapter: Any, name: str = "scope", **kwargs: Any) -> None:
        super().__init__(adapter, name, **kwargs)
        self._triggered = False

    def called_by(self, model: str, models: Collection[str]) -> str:
        """Return a model that the series has, and call the driver by it; ConfigurationError for another."""
        self.call_it(f"Rohde & Schwarz {self.known_model(model, models)}")
        return model

    def forget_setup(self) -> None:
        """Forget what was set up and what was acquired."""
        super().forget_setup()
        self._triggered = False

    # ------------------------------------------------------------------------------------ configuration

    def configure_channel(self, channel: int, vertical: Vertical) -> Vertical:
        """Set input, range (full scale, ten divisions) and offset; DC coupled."""
        self.require_vertical(channel, vertical)
        word = f":CHAN{channel}"
        self.send(
            f"{word}:STAT ON", f"{word}:COUP {self.coupling[vertical.impedance]}",
            f":PROB{channel}:SET:ATT:MAN {format_number(vertical.probe_attenuation)}",
            f"{word}:BAND {'B20' if vertical.bandwidth_limit else 'FULL'}", f"{word}:POS 0", f"{word}:OFFS 0",
            f"{word}:RANG {format_number(vertical.range)}", f"{word}:OFFS {format_number(vertical.offset)}",
        )
        self.check_errors()
        self.require_probe(channel, vertical, f":PROB{channel}:SET:ATT:MAN?")
        got = self.accepted(f"channel {channel} range", vertical.range, self.ask_number(f"{word}:RANG?"), "V", 0.01)
        offset = self.accepted(f"channel {channel} offset", vertical.offset, self.ask_number(f"{word}:OFFS?"), "V",
                               absolute=got * 1e-3)
        self.require_impedance(
            channel, vertical, parse_name(self.ask(f"{word}:COUP?")), self.coupling[vertical.impedance])
        self._vertical[channel] = dataclasses.replace(vertical, range=got, offset=offset)
        return self._vertical[channel]

    def switch_off(self, channel: int) -> None:
        """Send what switches a channel off."""
        self.write(f":CHAN{channel}:STAT OFF")

    def set_timebase(self, timebase: Timebase, *length: str) -> Timebase:
        """Set span, position of mid-record after the trigger, and the record length by its messages; read back."""
        self.send(
            f":TIM:RANG {format_number(timebase.span)}", ":TIM:REF 50",
            f"{self.position_word} {format_number(timebase.position)}", *length,
        )
        self.check_errors()
        span = self.accepted("span", timebase.span, self.ask_number(":TIM:RANG?"), "s", 0.01)
        position = self.accepted(
            "position", timebase.position, self.ask_number(f"{self.position_word}?"), "s", absolute=span * 1e-3)
        self._timebase = dataclasses.replace(timebase, span=span, position=position)
        return self._timebase

    def configure_trigger(self, trigger: EdgeTrigger) -> EdgeTrigger:
        """Set an edge trigger; no acquisition happens without one (normal mode)."""
        self.require_trigger(trigger)
        if trigger.holdoff is not None:
            require_in_range(self.label, "holdoff", trigger.holdoff, self.holdoffs)
        word = self.trigger_word
        source = "EXT" if trigger.source == "external" else f"{self.source_word}{trigger.source}"
        holdoff = (f"{word}:HOLD:MODE OFF",) if trigger.holdoff is None else (
            f"{word}:HOLD:MODE TIME", f"{word}:HOLD:TIME {format_number(trigger.holdoff)}")
        self.send(f"{word}:MODE NORM", f"{word}:TYPE EDGE", f"{word}:SOUR {source}", *self.edge_settings,
                  f"{word}:EDGE:SLOP {_SLOPE[trigger.slope]}", *holdoff)
        self.check_errors()
        self._trigger = dataclasses.replace(trigger, level=self.set_level(trigger))
        return self._trigger

    def set_level(self, trigger: EdgeTrigger) -> float:
        """Set the level, which lies at most five divisions from mid-screen, and return what was accepted [V]."""
        scale = 2 * EXTERNAL_LEVEL
        if trigger.source == "external":
            number, middle, reach = EXTERNAL, 0.0, EXTERNAL_LEVEL
        else:
            number = trigger.source
            vertical = self._vertical.get(number, Vertical(range=scale))
            scale, middle = vertical.range, vertical.offset
            reach = LEVEL_DIVISIONS * scale / self.divisions
        if trigger.source == "external" or number in self._vertical:
            require_in_range(self.label, "trigger level", trigger.level, Range(middle - reach, middle + reach, "V"))
        self.write(f"{self.trigger_word}:LEV{number} {format_number(trigger.level)}")
        self.check_errors()
        got = self.ask_number(f"{self.trigger_word}:LEV{number}?")
        return self.accepted("trigger level", trigger.level, got, "V", absolute=scale * 0.01)

    # -------------------------------------------------------------------------------------- acquisition

    def arm(self) -> None:
        """Start one acquisition and return when the scope waits for its trigger."""
        self.set_level(self.configured(self._trigger, "trigger"))   # a channel that was set since may not reach it
        self._triggered = False
        self.write(self.start_word)
        self.wait_until_armed(self._armed)

    def _armed(self, filled: float) -> bool:
        condition = self.condition()
        if condition & WAITING:
            return True
        self._triggered = filled > _STARTED and self.ended(condition)   # it was triggered, and is complete already
        return self._triggered

    def condition(self) -> int:
        """Return the operation status."""
        return int(self.ask_number(":STAT:OPER:COND?"))

    def ended(self, condition: int) -> bool:
        """Return whether an acquisition that does not wait for a trigger is over, with this operation status."""
        raise NotImplementedError

    def triggered(self) -> bool:
        """Return whether the armed acquisition has seen its trigger."""
        self._triggered = self._triggered or not self.condition() & WAITING
        return self._triggered

    def require_whole(self, channel: int, codes: npt.NDArray[Any], count: int) -> None:
        """Raise CommunicationError unless a record has as many codes as its header says."""
        if len(codes) != count:
            raise CommunicationError(
                f"{self.label}: the record of channel {channel} has {len(codes)} of {count} samples. Repeat the "
                "acquisition")

    def abort(self) -> None:
        """Stop the acquisition."""
        self.write(":STOP")
