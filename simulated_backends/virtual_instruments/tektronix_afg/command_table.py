"""What the command tables of the AFG3000C/31000 share: each part as the others see it."""

from typing import Any

from tsbench.simulated_backends.virtual_instruments.generator.virtual_generator import LevelGenerator
from tsbench.simulated_backends.virtual_instruments.generator_table import GeneratorTable


class AfgBase(LevelGenerator):
    """The parts of an AFG, as its command tables see them."""

    shape_commands: Any
    level_commands: Any
    burst_commands: Any
    edit_memory: Any
    modulation_commands: Any


class AfgTable(GeneratorTable[AfgBase]):
    """Base of the command tables."""
