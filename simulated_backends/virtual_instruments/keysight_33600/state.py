"""What the command tables of the 33500B/33600A share: levels, frequency, waveform memory, what is played."""

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from tsbench.simulated_backends.virtual_instruments.generator.channels import GeneratorChannels
from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import GeneratorDataSheet
from tsbench.simulated_backends.virtual_instruments.generator.levels import OutputLevels
from tsbench.simulated_backends.virtual_instruments.generator.playback import Playback
from tsbench.simulated_backends.virtual_instruments.instrument import VirtualInstrument


class GeneratorState(VirtualInstrument):
    """Base of the command tables (functions, levels, memory, triggers), which are mixed into one class."""

    data_sheet: ClassVar[GeneratorDataSheet]
    levels: dict[int, OutputLevels]
    frequency: dict[int, float]  #: [Hz]
    arbs: dict[int, dict[str, npt.NDArray[np.int16]]]  #: channel -> name -> codes
    channels: GeneratorChannels
    playback: Playback

    if TYPE_CHECKING:  # settings that one table declares and others read
        function: Any
        lead: Any
        trail: Any
