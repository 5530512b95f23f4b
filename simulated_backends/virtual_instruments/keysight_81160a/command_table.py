"""What the command tables of the 81160A/81150A share: each part as the others see it."""

from typing import Any, ClassVar

from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.tree import CommandTable
from tsbench.simulated_backends.virtual_instruments.generator.channels import GeneratorChannels
from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import GeneratorDataSheet
from tsbench.simulated_backends.virtual_instruments.generator.levels import OutputLevels
from tsbench.simulated_backends.virtual_instruments.generator.playback import Playback
from tsbench.simulated_backends.virtual_instruments.generator.synthesis import Shape
from tsbench.simulated_backends.virtual_instruments.instrument import VirtualInstrument


class PulseGeneratorBase(VirtualInstrument):
    """The parts of an 81160A or 81150A, as its command tables see them."""

    data_sheet: ClassVar[GeneratorDataSheet]
    levels: dict[int, OutputLevels]
    channels: GeneratorChannels
    playback: Playback
    timing_commands: Any
    level_commands: Any
    arming_commands: Any
    waveform_memory: Any

    def sheet(self, channel: int) -> GeneratorDataSheet:
        """Return the numbers of a channel with its present amplifier and output resistance."""
        raise NotImplementedError

    def shape(self, channel: int) -> Shape:
        """Return everything that decides a channel's waveform now."""
        raise NotImplementedError

    def set_output(self, channel: int, on: bool) -> Handler:
        """Switch an output relay."""
        raise NotImplementedError


class PulseGeneratorTable(CommandTable):
    """Base of the command tables.

    Parameters
    ----------
    generator : PulseGeneratorBase
        Holds the table.
    """

    def __init__(self, generator: PulseGeneratorBase) -> None:
        super().__init__(generator)
        self.generator = generator

    @property
    def playback(self) -> Playback:
        """Return what plays, which is made after the first tables."""
        return self.generator.playback

    def sheet(self, channel: int) -> GeneratorDataSheet:
        """Return the numbers of a channel now."""
        return self.generator.sheet(channel)
