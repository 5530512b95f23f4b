"""The needles of a prober: where a wafer's devices are, and which of them the needles touch."""

from collections.abc import Mapping, Sequence
from typing import Protocol


class Needles(Protocol):
    """What a virtual prober asks of its world."""

    travel_time: float  #: [s] from one die to another

    def wafers(self) -> Mapping[str, Mapping[tuple[int, int], Sequence[str]]]:
        """Return each wafer: (column, row) of a die -> names of its devices, in the order of their sites."""

    def touch(self, device: str) -> None:
        """Bring the needles down on a device, now."""

    def lift(self) -> None:
        """Lift the needles, now."""
