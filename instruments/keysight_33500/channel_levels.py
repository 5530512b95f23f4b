"""The levels of one output of a Keysight 33500B or 33600A: load, level limits, amplitude and offset.

Levels go as amplitude and offset, the amplitude first at its smallest, so that no intermediate pair lies outside the
levels asked for and none is refused for the order of the commands.
"""

import math

from tsbench.instruments.guard.limits import require_in_range
from tsbench.instruments.interfaces import PulseGeneratorCapabilities, Range
from tsbench.instruments.keysight_33500 import data_sheet
from tsbench.instruments.languages.pymeasure_classes import TypedChannel
from tsbench.instruments.languages.scpi import format_number
from tsbench.instruments.languages.scpi_instrument import ScpiInstrument
from tsbench.instruments.levels import emf_of_level
from tsbench.records import Identity


class ChannelLevels(TypedChannel):
    """What stands at the terminals; :class:`~tsbench.instruments.keysight_33500.output.GeneratorChannel` adds the
    functions (pulse, level, waveform) and their operation.
    """

    def __init__(self, parent: ScpiInstrument, channel: int, capabilities: PulseGeneratorCapabilities) -> None:
        super().__init__(parent, channel)
        self.channel = channel
        self.generator = parent
        self.capabilities = capabilities
        self.identity: Identity = parent.identity
        self.label = f"{parent.label} channel {channel}"
        self.load = data_sheet.OUTPUT_RESISTANCE
        self.forget()

    def forget(self) -> None:
        """Forget the set-up (after a reset)."""
        self.load = data_sheet.OUTPUT_RESISTANCE
        self._function: str | None = None
        self._burst = False
        self._pending = False
        self._limits: tuple[float, float] | None = None
        self._limiting = False  #: whether the generator applies them
        self._found: dict[str, object] = {"function": None, "burst": False}  #: as it was last read back

    def configure_load(self, load_resistance: float) -> float:
        """Declare the load [Ohm, inf: open circuit] that levels are meant for; the output does not change.

        Level limits are volts into the load too: another load drops them.
        """
        text = "INF" if math.isinf(load_resistance) else format_number(load_resistance)
        if self._limits is not None and load_resistance != self.load:
            self._send(*self._unlimit())
            self._limits = None
        self._send(f":OUTP{{ch}}:LOAD {text}")
        got = self._number(":OUTP{ch}:LOAD?")
        self.load = self.generator.accepted("load", load_resistance, got, "Ohm")
        self._read_levels()
        return self.load

    def _read_levels(self) -> None:
        """Read again the levels that another load has moved: they are volts into it, the output stays what it is."""
        for name, command in (("amplitude", ""), ("offset", ":OFFS"), ("level", ":OFFS")):
            if name in self._found:
                self._found[name] = self._number(f":SOUR{{ch}}:VOLT{command}?")

    def configure_level_limits(self, low: float, high: float) -> tuple[float, float]:
        """Set the generator's own limits [V into the load]; they act from the next level set on."""
        for level in (low, high):
            require_in_range(self.label, "level limit", level, self.level_range())
        upper = f":SOUR{{ch}}:VOLT:LIM:HIGH {format_number(high)}"
        lower = f":SOUR{{ch}}:VOLT:LIM:LOW {format_number(low)}"
        above = self._limits is None or high > self._limits[0]  # never a pair upside down on the way
        self._limiting = False
        self._send(":SOUR{ch}:VOLT:LIM:STAT OFF", *((upper, lower) if above else (lower, upper)))
        accept = self.generator.accepted
        self._limits = (
            accept("lower level limit", low, self._number(":SOUR{ch}:VOLT:LIM:LOW?"), "V", absolute=1e-3),
            accept("upper level limit", high, self._number(":SOUR{ch}:VOLT:LIM:HIGH?"), "V", absolute=1e-3),
        )
        return self._limits

    def level_range(self) -> Range:
        """Return the levels that can be made into the set load [V]."""
        top = self.capabilities.level_into_open.high / emf_of_level(1.0, self.load, data_sheet.OUTPUT_RESISTANCE)
        return Range(-top, top, "V")

    def _minimum_amplitude(self) -> float:
        return 2 * data_sheet.MINIMUM_AMPLITUDE / emf_of_level(1.0, self.load, data_sheet.OUTPUT_RESISTANCE)

    def _resolution(self) -> float:
        return self._minimum_amplitude() / 2

    def _set_levels(self, one: float, other: float) -> tuple[float, float]:
        """Set low and high level [V into the load] as amplitude and offset; return them as read back."""
        low, high = sorted((one, other))
        amplitude = high - low
        self._send(
            *self._unlimit(),
            f":SOUR{{ch}}:VOLT {format_number(self._minimum_amplitude())}",
            f":SOUR{{ch}}:VOLT:OFFS {format_number((low + high) / 2)}",
            f":SOUR{{ch}}:VOLT {format_number(amplitude)}",
        )
        self._limit()
        accept, absolute = self.generator.accepted, self._resolution()
        got = accept("amplitude", amplitude, self._number(":SOUR{ch}:VOLT?"), "V", absolute=absolute)
        middle = accept(
            "offset", (low + high) / 2, self._number(":SOUR{ch}:VOLT:OFFS?"), "V", absolute=absolute
        )
        self._found |= {"amplitude": got, "offset": middle}
        return middle - got / 2, middle + got / 2

    def _unlimit(self) -> list[str]:
        """Return what lifts the level limits: amplitude and offset move one by one and clash halfway."""
        lifted, self._limiting = self._limiting, False
        return [":SOUR{ch}:VOLT:LIM:STAT OFF"] if lifted else []

    def _limit(self) -> None:
        if self._limits is not None and not self._limiting:
            self._send(":SOUR{ch}:VOLT:LIM:STAT ON")
            self._limiting = True

    # ----------------------------------------------------------------------------------------- messages

    def _send(self, *commands: str) -> None:
        if not commands:
            return
        with self.generator.lock:
            for command in commands:
                self.write(command)
            self.generator.check_errors()

    def _is_on(self) -> bool:
        return self.generator.ask_switch(f":OUTP{self.channel}?")

    def _number(self, command: str) -> float:
        return self.generator.ask_number(command.format(ch=self.channel))
