"""What the command tables of the 33500B/33600A share: settings by channel, and what is played."""

from collections.abc import Sequence
from typing import ClassVar

from tsbench.simulated_backends.scpi.tree import CommandTable
from tsbench.simulated_backends.virtual_instruments.generator.channels import GeneratorChannels
from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import GeneratorDataSheet
from tsbench.simulated_backends.virtual_instruments.generator.levels import OutputLevels
from tsbench.simulated_backends.virtual_instruments.generator.playback import Playback
from tsbench.simulated_backends.virtual_instruments.generator.synthesis import Shape
from tsbench.simulated_backends.virtual_instruments.instrument import VirtualInstrument


class SharedSettings:
    """The settings of each channel that more than one command table reads or changes.

    Parameters
    ----------
    channels : sequence of int
    """

    def __init__(self, channels: Sequence[int]) -> None:
        self._channels = channels
        self.levels = {channel: OutputLevels() for channel in channels}
        self.frequency = dict.fromkeys(channels, 1e3)  #: [Hz]
        self.function: dict[int, str]
        self.lead: dict[int, float]  #: [s] 10-90 %, leading edge of pulses
        self.trail: dict[int, float]  #: [s]
        self.forget_function()

    def forget_function(self) -> None:
        """Have the function and the edges that every channel has after a reset."""
        self.function = dict.fromkeys(self._channels, "SIN")
        self.lead, self.trail = dict.fromkeys(self._channels, 10e-9), dict.fromkeys(self._channels, 10e-9)


class GeneratorBase(VirtualInstrument):
    """The parts of a generator, as its command tables see them."""

    data_sheet: ClassVar[GeneratorDataSheet]
    shared: SharedSettings
    channels: GeneratorChannels
    playback: Playback

    def shape(self, channel: int) -> Shape:
        """Return everything that decides a channel's waveform now."""
        raise NotImplementedError


class GeneratorTable(CommandTable):
    """Base of the command tables.

    Parameters
    ----------
    generator : GeneratorBase
        Holds the table.
    """

    def __init__(self, generator: GeneratorBase) -> None:
        super().__init__(generator)
        self.generator = generator
        self.data_sheet = generator.data_sheet
        self.shared = generator.shared

    @property
    def playback(self) -> Playback:
        """Return what plays, which is made after the first tables."""
        return self.generator.playback
