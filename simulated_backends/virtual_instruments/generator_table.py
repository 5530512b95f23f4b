"""What command tables of generators share, whatever their headers are; above all the levels."""

from typing import Any, Generic, TypeVar

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Choice, Number, Optional
from tsbench.simulated_backends.scpi.tree import CommandTable
from tsbench.simulated_backends.virtual_instruments.generator import levels as levels_of
from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import INFINITE_LOAD
from tsbench.simulated_backends.virtual_instruments.generator.levels import Adjusted, OutputLevels, Window
from tsbench.simulated_backends.virtual_instruments.generator.playback import Playback
from tsbench.simulated_backends.virtual_instruments.generator.virtual_generator import LevelGenerator, VirtualGenerator

G = TypeVar("G", bound=VirtualGenerator)
L = TypeVar("L", bound=LevelGenerator)

UNITS = Choice("VPP", "VRMS", "DBM")  #: of the amplitude
AMPLITUDE = Number("VPP", units=("V", "VRMS", "DBM"))  #: a number that may have a unit
LIMIT_WORD = Optional(Choice("MINimum", "MAXimum"))  #: of a query: the limit instead of the present value
ROUNDING = 1e-9  #: [V] by which a level may lie beyond a limit


def shared_name(function: str) -> str:
    """Return the name that the shared code has for a function, where only USER is an arbitrary waveform."""
    return "ARB" if function == "USER" else function


class GeneratorTable(CommandTable, Generic[G]):
    """Base of the command tables of a family.

    Parameters
    ----------
    generator : VirtualGenerator
        Holds the table.
    """

    def __init__(self, generator: G) -> None:
        super().__init__(generator)
        self.generator = generator
        self.data_sheet = generator.data_sheet

    @property
    def playback(self) -> Playback:
        """Return what plays, which is made after the first tables."""
        return self.generator.playback


class GeneratorLevelTable(GeneratorTable[L]):
    """Base of the level commands of a family, with what generators do alike.

    The family declares two settings. The functions ``unit_chosen`` and ``load_changed`` are here; the family writes
    ``_load_chosen``, which takes or refuses a load::

        unit = Setting("...:VOLTage:UNIT", UNITS, default="VPP", coerce="unit_chosen")
        load = Setting("OUTPut<1-2>:LOAD", ..., default=50.0, coerce="_load_chosen", change="load_changed")

    It declares the commands too: what sets a level calls a method that takes the levels over as this family does, and
    a query returns ``amplitude_reply``, ``offset_reply`` or ``level_reply``.
    """

    unit: Any  #: of the amplitude of each channel: VPP, VRMS or DBM
    load: Any  #: [Ohm] that is declared for each channel

    def shared_function(self, channel: int) -> str:
        """Return the function of a channel by the name that the shared code has for it."""
        raise NotImplementedError

    def window(self, channel: int) -> Window:
        """Return what the output can do [V] at the declared load and the frequency."""
        raise NotImplementedError

    def unit_chosen(self, channel: int, unit: str) -> str:
        """Refuse dBm while no load is declared.

        Raises
        ------
        ScpiError
            -221.
        """
        if unit == "DBM" and self.generator.levels[channel].load == INFINITE_LOAD:
            raise ScpiError(-221)
        return unit

    def load_changed(self, channel: int) -> None:
        """Show the same EMF as levels into another load."""
        self.generator.levels[channel] = self.generator.levels[channel].with_load(self.load[channel])

    def peak_to_peak(self, channel: int, value: float) -> float:
        """Return an amplitude [Vpp] that was sent in the present unit."""
        load = self.generator.levels[channel].load
        return levels_of.volts_peak_to_peak(value, self.unit[channel], self.shared_function(channel), load)

    def with_level(self, channel: int, which: str, value: float) -> Adjusted:
        """Return the levels with another high or low level [V]; ``which``: HIGH or LOW."""
        change = levels_of.set_high if which == "HIGH" else levels_of.set_low
        return change(self.generator.levels[channel], value, self.window(channel))

    def extremes(self, channel: int, levels: OutputLevels) -> tuple[float, float]:
        """Return the lowest and the highest level [V into the load] that the present function puts out."""
        if self.shared_function(channel) == "DC":
            return levels.offset, levels.offset
        return levels.low, levels.high

    def amplitude_reply(self, channel: int, word: str) -> str:
        """Return the amplitude in the present unit, or its limit for the word MIN or MAX."""
        window, levels = self.window(channel), self.generator.levels[channel]
        volts = {"MIN": window.min_amplitude, "MAX": window.max_amplitude}.get(word, levels.amplitude)
        return self.format_number(levels_of.from_volts_peak_to_peak(
            volts, self.unit[channel], self.shared_function(channel), levels.load))

    def offset_reply(self, channel: int, word: str) -> str:
        """Return the offset [V], or for the word MIN or MAX the limit at the present amplitude."""
        levels = self.generator.levels[channel]
        room = self.window(channel).peak - (0.0 if self.shared_function(channel) == "DC" else levels.amplitude / 2)
        return self.format_number({"MIN": -room, "MAX": room}.get(word, levels.offset))

    def level_reply(self, channel: int, which: str) -> str:
        """Return the high or the low level [V]; ``which``: HIGH or LOW."""
        levels = self.generator.levels[channel]
        return self.format_number(levels.high if which == "HIGH" else levels.low)


class LimitedLevelTable(GeneratorLevelTable[L]):
    """Base of the level commands of a family whose level limits have a switch.

    The family declares ``limit_high``, ``limit_low`` and ``limits_on``, the last with ``coerce="limits_switched"``.
    """

    limit_high: Any  #: [V into the load]
    limit_low: Any  #: [V into the load]
    limits_on: Any  #: whether they are on

    def within_limits(self, channel: int, levels: OutputLevels) -> bool:
        """Return whether levels lie within the limits, which may be off."""
        low, high = self.extremes(channel, levels)
        return bool(high <= self.limit_high[channel] + ROUNDING and low >= self.limit_low[channel] - ROUNDING)

    def limits_switched(self, channel: int, on: bool) -> bool:
        """Refuse limits that are within the present levels.

        Raises
        ------
        ScpiError
            -221.
        """
        if on and not self.within_limits(channel, self.generator.levels[channel]):
            raise ScpiError(-221)
        return on
