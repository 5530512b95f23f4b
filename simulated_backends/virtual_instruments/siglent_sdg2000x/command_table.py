"""What the command tables of the SDG2000X share: each part as the others see it."""

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from tsbench.simulated_backends.scpi.tree import CommandTable
from tsbench.simulated_backends.virtual_instruments.generator.channels import GeneratorChannels
from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import GeneratorDataSheet
from tsbench.simulated_backends.virtual_instruments.generator.playback import Playback
from tsbench.simulated_backends.virtual_instruments.generator.synthesis import Shape
from tsbench.simulated_backends.virtual_instruments.instrument import VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.siglent_sdg2000x.channel import ChannelState


class SdgBase(VirtualInstrument):
    """The parts of an SDG2000X, as its command tables see them."""

    data_sheet: ClassVar[GeneratorDataSheet]
    states: dict[int, ChannelState]
    waveforms: dict[str, npt.NDArray[np.int16]]  #: by name, in codes of 16 bits
    sync: int  #: channel that the sync output shows; 0: none
    channels: GeneratorChannels
    playback: Playback
    wave_commands: Any
    burst_commands: Any

    def shape(self, channel: int) -> Shape:
        """Return everything that decides a channel's waveform now."""
        raise NotImplementedError


class SdgTable(CommandTable):
    """Base of the command tables.

    Parameters
    ----------
    generator : SdgBase
        Holds the table.
    """

    def __init__(self, generator: SdgBase) -> None:
        super().__init__(generator)
        self.generator = generator
