"""What the commands of an interactive source meter need beside what every source meter has."""

from collections.abc import Mapping
from dataclasses import dataclass

from tsbench.simulated_backends.virtual_instruments.source_meter.data_sheet import SourceMeterDataSheet


@dataclass(frozen=True)
class InteractiveDataSheet(SourceMeterDataSheet):
    """One model of the family."""

    lowest_limit: Mapping[str, float]  #: by function: [A] of a voltage source, [V] of a current source
    first_limit: Mapping[str, float]  #: the same, after a reset
    protections: tuple[int, ...]  #: [V] levels of the overvoltage protection
    test_currents: tuple[float, ...]  #: [A] that measure resistance, by resistance range
