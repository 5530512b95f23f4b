"""The levels of one output of a generator: load, level limits, amplitude and offset.

Levels go as amplitude and offset, the amplitude first at its smallest, so that no intermediate pair lies outside the
levels asked for and none is refused for the order of the commands.
"""

import math

from tsbench.instruments.generators.headers import OutputHeaders
from tsbench.instruments.generators.messages import OutputMessages
from tsbench.instruments.guard.limits import require_in_range
from tsbench.instruments.interfaces import PulseGeneratorCapabilities, Range
from tsbench.instruments.languages.scpi import format_number
from tsbench.instruments.languages.scpi_instrument import ScpiInstrument
from tsbench.instruments.levels import emf_of_level


class ChannelLevels:
    """Load, level limits, amplitude and offset of one output.

    Parameters
    ----------
    generator : the instrument
    channel : number of the output
    capabilities : of one output of this model
    label : the output, as messages call it
    found : the set-up of the output as it was last read back, which is kept up to date
    headers : how the family calls the settings
    """

    def __init__(
        self, generator: ScpiInstrument, channel: int, capabilities: PulseGeneratorCapabilities, label: str,
        found: dict[str, object], headers: OutputHeaders,
    ) -> None:
        self._volts, self._headers = headers.volts, headers
        self._limit = headers.limits or f"{headers.volts}:LIM"
        self._generator = generator
        self._messages = OutputMessages(generator, channel)
        self._capabilities = capabilities
        self._label = label
        self._found = found
        self.forget()

    def forget(self) -> None:
        """Forget load and limits (after a reset)."""
        self.load = self._capabilities.output_resistance
        self._limits: tuple[float, float] | None = None
        self._limiting = False  #: whether the generator applies them

    def declare_load(self, load_resistance: float) -> float:
        """Declare the load [Ohm, inf: open circuit] that levels are meant for; the output does not change.

        Level limits are volts into the load too: another load drops them.
        """
        text = "INF" if math.isinf(load_resistance) else format_number(load_resistance)
        if self._limits is not None and load_resistance != self.load:
            self._messages.send(*self.lifting_limits())
            self._limits = None
        self._messages.send(f"{self._headers.load} {text}")
        got = self._messages.number(f"{self._headers.load}?")
        self.load = self._generator.accepted("load", load_resistance, got, "Ohm")
        self._read_levels()
        return self.load

    def _read_levels(self) -> None:
        """Read again the levels that another load has moved: they are volts into it, the output stays what it is."""
        for name, command in (("amplitude", ""), ("offset", ":OFFS"), ("level", ":OFFS")):
            if name in self._found:
                self._found[name] = self._messages.number(f"{self._volts}{command}?")

    def _emf(self) -> float:
        """Return the EMF [V] that makes 1 V into the load."""
        return emf_of_level(1.0, self.load, self._capabilities.output_resistance)

    def set_limits(self, low: float, high: float) -> tuple[float, float]:
        """Set the generator's own limits [V into the load]; they act from the next level set on."""
        for level in (low, high):
            require_in_range(self._label, "level limit", level, self.allowed())
        upper = f"{self._limit}:HIGH {format_number(high)}"
        lower = f"{self._limit}:LOW {format_number(low)}"
        above = self._limits is None or high > self._limits[0]  # never a pair upside down on the way
        self._limiting = False
        self._messages.send(f"{self._limit}:STAT OFF", *((upper, lower) if above else (lower, upper)))
        accept = self._generator.accepted
        self._limits = (
            accept("lower level limit", low, self._messages.number(f"{self._limit}:LOW?"), "V", absolute=1e-3),
            accept("upper level limit", high, self._messages.number(f"{self._limit}:HIGH?"), "V", absolute=1e-3),
        )
        return self._limits

    def allowed(self) -> Range:
        """Return the levels that can be made into the set load [V]."""
        top = self._capabilities.level_into_open.high / self._emf()
        return Range(-top, top, "V")

    def minimum_amplitude(self) -> float:
        """Return the smallest amplitude [V, peak to peak into the set load]."""
        return 2 * self._headers.minimum_amplitude / self._emf()

    def resolution(self) -> float:
        """Return how far a level read back may be from the one asked for [V into the set load]."""
        return 2 * self._headers.resolution / self._emf()

    def set_levels(self, one: float, other: float) -> tuple[float, float]:
        """Set low and high level [V into the load] as amplitude and offset; return them as read back."""
        low, high = sorted((one, other))
        amplitude = high - low
        self._messages.send(
            *self.lifting_limits(),
            f"{self._volts} {format_number(self.minimum_amplitude())}",
            f"{self._volts}:OFFS {format_number((low + high) / 2)}",
            f"{self._volts} {format_number(amplitude)}",
        )
        self.apply_limits()
        accept, absolute = self._generator.accepted, self.resolution()
        got = accept("amplitude", amplitude, self._messages.number(f"{self._volts}?"), "V", absolute=absolute)
        middle = accept(
            "offset", (low + high) / 2, self._messages.number(f"{self._volts}:OFFS?"), "V", absolute=absolute
        )
        self._found |= {"amplitude": got, "offset": middle}
        return middle - got / 2, middle + got / 2

    def set_level(self, level: float) -> float:
        """Set a DC level [V into the load]; return it as read back."""
        self._messages.send(f"{self._volts}:OFFS {format_number(level)}")
        self.apply_limits()
        got = self._messages.number(f"{self._volts}:OFFS?")
        return self._generator.accepted("level", level, got, "V", absolute=self.resolution())

    def lifting_limits(self) -> list[str]:
        """Return what lifts the level limits: amplitude and offset move one by one and clash halfway."""
        lifted, self._limiting = self._limiting, False
        return [f"{self._limit}:STAT OFF"] if lifted else []

    def apply_limits(self) -> None:
        """Have the generator apply the limits from now on, where there are any."""
        if self._limits is not None and not self._limiting:
            self._messages.send(f"{self._limit}:STAT ON")
            self._limiting = True

    def limits_are_off(self) -> None:
        """Take note that the generator does not apply the limits: the command for that was sent elsewhere."""
        self._limiting = False
