"""What the command tables of the DG800/900 share: each part as the others see it, and its numbers and switches."""

import math
from typing import Any

from tsbench.simulated_backends.scpi.parameters import Boolean, Number
from tsbench.simulated_backends.virtual_instruments.generator.virtual_generator import LevelGenerator
from tsbench.simulated_backends.virtual_instruments.generator_table import GeneratorTable

OUT_OF_RANGE = "Data out of range"


class DgBase(LevelGenerator):
    """The parts of a DG800 or DG900, as its command tables see them."""

    shape_commands: Any
    level_commands: Any
    burst_commands: Any
    volatile_memory: Any


class DgTable(GeneratorTable[DgBase]):
    """Base of the command tables."""


class DgNumber(Number):
    """A number that is set to its limit, with error -222, when it lies beyond."""

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> float:
        """Convert an argument."""
        value = self.value_of(raw, owner, key)
        if math.isinf(value):
            return value
        low, high = self.bounds(owner, key)
        clipped = max(value, low) if low is not None else value
        clipped = min(clipped, high) if high is not None else clipped
        if abs(clipped - value) > 1e-9 * abs(value):
            owner.post_error(-222, text=OUT_OF_RANGE)
        return clipped


class OnOff(Boolean):
    """A switch that is answered as ON or OFF."""

    def format(self, value: Any, owner: Any) -> str:
        """Write the reply."""
        return "ON" if value else "OFF"
