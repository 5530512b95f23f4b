"""What the command tables of the AFG3000C/31000 share: each part as the others see it."""

from typing import Any, ClassVar

from tsbench.simulated_backends.scpi.tree import CommandTable
from tsbench.simulated_backends.virtual_instruments.generator.channels import GeneratorChannels
from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import GeneratorDataSheet
from tsbench.simulated_backends.virtual_instruments.generator.levels import OutputLevels
from tsbench.simulated_backends.virtual_instruments.generator.playback import Playback
from tsbench.simulated_backends.virtual_instruments.generator.synthesis import Shape
from tsbench.simulated_backends.virtual_instruments.instrument import VirtualInstrument


class AfgBase(VirtualInstrument):
    """The parts of an AFG, as its command tables see them."""

    data_sheet: ClassVar[GeneratorDataSheet]
    levels: dict[int, OutputLevels]
    channels: GeneratorChannels
    playback: Playback
    shape_commands: Any
    level_commands: Any
    burst_commands: Any
    edit_memory: Any
    modulation_commands: Any

    def shape(self, channel: int) -> Shape:
        """Return everything that decides a channel's waveform now."""
        raise NotImplementedError


class AfgTable(CommandTable):
    """Base of the command tables.

    Parameters
    ----------
    generator : AfgBase
        Holds the table.
    """

    def __init__(self, generator: AfgBase) -> None:
        super().__init__(generator)
        self.generator = generator
        self.sheet = generator.data_sheet

    @property
    def playback(self) -> Playback:
        """Return what plays, which is made after the first tables."""
        return self.generator.playback
