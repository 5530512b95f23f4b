"""What the command tables of the SDG2000X share: each part as the others see it."""

from typing import Any

import numpy as np
import numpy.typing as npt

from tsbench.simulated_backends.virtual_instruments.generator.virtual_generator import VirtualGenerator
from tsbench.simulated_backends.virtual_instruments.generator_table import GeneratorTable
from tsbench.simulated_backends.virtual_instruments.siglent_sdg2000x.channel import ChannelState


class SdgBase(VirtualGenerator):
    """The parts of an SDG2000X, as its command tables see them."""

    states: dict[int, ChannelState]
    waveforms: dict[str, npt.NDArray[np.int16]]  #: that were stored, by name, in codes of 16 bits
    sync: int  #: channel that the sync output shows; 0: none
    wave_commands: Any
    burst_commands: Any
    panel_commands: Any

    def codes_of(self, name: str) -> npt.NDArray[np.int16] | None:
        """Return the points of a waveform; None: there is none, or its shape is not modelled."""
        raise NotImplementedError


class SdgTable(GeneratorTable[SdgBase]):
    """Base of the command tables."""
