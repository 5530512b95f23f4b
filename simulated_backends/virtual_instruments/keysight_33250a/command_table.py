"""What the command tables of the 33250A share: each part as the others see it."""

from typing import Any, ClassVar

from tsbench.simulated_backends.scpi.tree import CommandTable
from tsbench.simulated_backends.virtual_instruments.generator.channels import GeneratorChannels
from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import GeneratorDataSheet
from tsbench.simulated_backends.virtual_instruments.generator.levels import OutputLevels
from tsbench.simulated_backends.virtual_instruments.generator.playback import Playback
from tsbench.simulated_backends.virtual_instruments.generator.synthesis import Shape
from tsbench.simulated_backends.virtual_instruments.instrument import VirtualInstrument


class Base33250A(VirtualInstrument):
    """The parts of a 33250A, as its command tables see them. Its only channel has the number 1."""

    data_sheet: ClassVar[GeneratorDataSheet]
    levels: dict[int, OutputLevels]
    channels: GeneratorChannels
    playback: Playback
    shapes: Any
    volts: Any
    bursts: Any
    memory: Any

    def shape(self, channel: int) -> Shape:
        """Return everything that decides the waveform now."""
        raise NotImplementedError


class Table33250A(CommandTable):
    """Base of the command tables.

    Parameters
    ----------
    generator : Base33250A
        Holds the table.
    """

    def __init__(self, generator: Base33250A) -> None:
        super().__init__(generator)
        self.generator = generator
        self.sheet = generator.data_sheet

    @property
    def playback(self) -> Playback:
        """Return what plays, which is made after the first tables."""
        return self.generator.playback

    def adjusted(self, code: int) -> None:
        """Post -222 for a value that was changed, or -221 for another value that had to change with it."""
        self.post_error(code, text="Data out of range" if code == -222 else "Settings conflict")
