"""What the command tables of the 33250A share: each part as the others see it."""

from typing import Any

from tsbench.simulated_backends.virtual_instruments.generator.virtual_generator import LevelGenerator
from tsbench.simulated_backends.virtual_instruments.generator_table import GeneratorTable


class Base33250A(LevelGenerator):
    """The parts of a 33250A, as its command tables see them. Its only channel has the number 1."""

    shapes: Any
    volts: Any
    bursts: Any
    memory: Any


class Table33250A(GeneratorTable[Base33250A]):
    """Base of the command tables."""

    def adjusted(self, code: int) -> None:
        """Post -222 for a value that was changed, or -221 for another value that had to change with it."""
        self.post_error(code, text="Data out of range" if code == -222 else "Settings conflict")
