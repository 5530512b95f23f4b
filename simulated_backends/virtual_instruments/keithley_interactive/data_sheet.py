"""What the commands of an interactive source meter need beside what every source meter has."""

from collections.abc import Mapping
from dataclasses import dataclass

from tsbench.simulated_backends.virtual_instruments.source_meter.data_sheet import SourceMeterDataSheet
from tsbench.simulated_backends.virtual_instruments.sources import Origin

MANUAL_2450, MANUAL_2470 = "Reference manual 2450-901-01 rev. B", "Reference manual 2470-901-01 rev. A"
#: of those members of the family whose own manuals were not found to say it
OFF_STATE = Origin(f"manuals of the sisters: {MANUAL_2450}, p. 2-83 and 6-32; {MANUAL_2470}, p. 15-12 (NORM)")
SWITCHING_TIMES = Origin(f"{MANUAL_2450}, p. 2-83 (15 ms from an open relay)", "the other times")
AUTOMATIC_RANGE = Origin(f"{MANUAL_2470}, p. 4-38 (10 %)")


@dataclass(frozen=True)
class InteractiveDataSheet(SourceMeterDataSheet):
    """One model of the family."""

    lowest_limit: Mapping[str, float]  #: by function: [A] of a voltage source, [V] of a current source
    first_limit: Mapping[str, float]  #: the same, after a reset
    protections: tuple[int, ...]  #: [V] levels of the overvoltage protection
    test_currents: tuple[float, ...]  #: [A] that measure resistance, by resistance range
