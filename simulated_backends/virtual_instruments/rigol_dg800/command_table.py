"""What the command tables of the DG800/900 share: each part as the others see it, and its numbers and switches."""

import math
from typing import Any, ClassVar

from tsbench.simulated_backends.scpi.parameters import Boolean, Number
from tsbench.simulated_backends.scpi.tree import CommandTable
from tsbench.simulated_backends.virtual_instruments.generator.channels import GeneratorChannels
from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import GeneratorDataSheet
from tsbench.simulated_backends.virtual_instruments.generator.levels import OutputLevels
from tsbench.simulated_backends.virtual_instruments.generator.playback import Playback
from tsbench.simulated_backends.virtual_instruments.generator.synthesis import Shape
from tsbench.simulated_backends.virtual_instruments.instrument import VirtualInstrument

OUT_OF_RANGE = "Data out of range"


class DgBase(VirtualInstrument):
    """The parts of a DG800 or DG900, as its command tables see them."""

    data_sheet: ClassVar[GeneratorDataSheet]
    levels: dict[int, OutputLevels]
    channels: GeneratorChannels
    playback: Playback
    shape_commands: Any
    level_commands: Any
    burst_commands: Any
    volatile_memory: Any

    def shape(self, channel: int) -> Shape:
        """Return everything that decides a channel's waveform now."""
        raise NotImplementedError


class DgTable(CommandTable):
    """Base of the command tables.

    Parameters
    ----------
    generator : DgBase
        Holds the table.
    """

    def __init__(self, generator: DgBase) -> None:
        super().__init__(generator)
        self.generator = generator
        self.sheet = generator.data_sheet

    @property
    def playback(self) -> Playback:
        """Return what plays, which is made after the first tables."""
        return self.generator.playback


class DgNumber(Number):
    """A number that is set to its limit, with error -222, when it lies beyond."""

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> float:
        """Convert an argument."""
        value = self.value_of(raw, owner, key)
        if math.isinf(value):
            return value
        low, high = self.bounds(owner, key)
        clipped = max(value, low) if low is not None else value
        clipped = min(clipped, high) if high is not None else clipped
        if abs(clipped - value) > 1e-9 * abs(value):
            owner.post_error(-222, text=OUT_OF_RANGE)
        return clipped


class OnOff(Boolean):
    """A switch that is answered as ON or OFF."""

    def format(self, value: Any, owner: Any) -> str:
        """Write the reply."""
        return "ON" if value else "OFF"
