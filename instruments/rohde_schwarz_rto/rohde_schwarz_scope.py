"""What the drivers of the Rohde & Schwarz series share: the set-up of a channel, and stopping."""

import dataclasses
from collections.abc import Mapping
from typing import ClassVar

from tsbench.errors import InstrumentError
from tsbench.instruments.guard.limits import require_in_range
from tsbench.instruments.interfaces import EdgeTrigger, Range, Vertical
from tsbench.instruments.languages.scpi import format_number, parse_list, parse_name
from tsbench.instruments.oscilloscopes.driver import OscilloscopeDriver

LEVEL_DIVISIONS = 5.0  #: from mid-screen, of a trigger level
EXTERNAL, EXTERNAL_LEVEL = 5, 5.0  #: number of the level of the external input, and its greatest value [V]


def parse_header(reply: str) -> list[float]:
    """Return start [s], stop [s], samples and values for each sample of a record."""
    values = parse_list(reply)
    if len(values) != 4 or values[2] < 2 or values[3] != 1 or values[1] <= values[0]:
        raise ValueError("not the header of a waveform with one value for each sample")
    return values


class RohdeSchwarzScope(OscilloscopeDriver):
    """Base of the drivers; a series adds its trigger, its acquisition and its records."""

    divisions = 10
    coupling: ClassVar[Mapping[str, str]]  #: impedance -> word of :CHANnel:COUPling
    trigger_word: ClassVar[str]  #: before :LEVel

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
        got = self.accepted(f"channel {channel} range", vertical.range, self.ask_number(f"{word}:RANG?"), "V", 0.01)
        offset = self.accepted(f"channel {channel} offset", vertical.offset, self.ask_number(f"{word}:OFFS?"), "V",
                               absolute=got * 1e-3)
        if parse_name(self.ask(f"{word}:COUP?")) != self.coupling[vertical.impedance]:
            raise InstrumentError(f"{self.label} channel {channel}: the instrument did not accept the input impedance "
                                  f"{vertical.impedance} Ohm")
        self._vertical[channel] = dataclasses.replace(vertical, range=got, offset=offset)
        return self._vertical[channel]

    def disable_channel(self, channel: int) -> None:
        """Switch a channel off."""
        self.require_channel(channel)
        self.write(f":CHAN{channel}:STAT OFF")
        self.check_errors()
        self._vertical.pop(channel, None)

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

    def abort(self) -> None:
        """Stop the acquisition."""
        self.write(":STOP")
