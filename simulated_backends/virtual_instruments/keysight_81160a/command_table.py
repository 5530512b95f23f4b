"""What the command tables of the 81160A/81150A share: each part as the others see it."""

from typing import Any

from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import GeneratorDataSheet
from tsbench.simulated_backends.virtual_instruments.generator.virtual_generator import LevelGenerator
from tsbench.simulated_backends.virtual_instruments.generator_table import GeneratorTable


class PulseGeneratorBase(LevelGenerator):
    """The parts of an 81160A or 81150A, as its command tables see them."""

    timing_commands: Any
    level_commands: Any
    arming_commands: Any
    waveform_memory: Any

    def sheet(self, channel: int) -> GeneratorDataSheet:
        """Return the numbers of a channel with its present amplifier and output resistance."""
        raise NotImplementedError

    def set_output(self, channel: int, on: bool) -> Handler:
        """Switch an output relay."""
        raise NotImplementedError


class PulseGeneratorTable(GeneratorTable[PulseGeneratorBase]):
    """Base of the command tables."""

    def sheet(self, channel: int) -> GeneratorDataSheet:
        """Return the numbers of a channel now."""
        return self.generator.sheet(channel)
