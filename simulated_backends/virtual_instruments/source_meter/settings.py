"""What the user has set on a source meter: plain state, which the shared code reads and a model's commands write."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")
QUANTITIES = ("VOLT", "CURR", "RES")


def _each(value: T) -> Callable[[], dict[str, T]]:
    return lambda: dict.fromkeys(QUANTITIES, value)


@dataclass
class SourceMeterSettings:
    """Settings of one pair of terminals, by quantity: "VOLT", "CURR", for readings "RES" too."""

    line_frequency: float = 50.0  #: [Hz]
    front_terminals: bool = True
    source_function: str = "VOLT"  #: "VOLT" or "CURR"
    source_level: dict[str, float] = field(default_factory=_each(0.0))  #: [V or A]
    source_range: dict[str, float | None] = field(default_factory=_each(None))  #: [V or A] as set; None: never
    source_autorange: dict[str, bool] = field(default_factory=_each(True))
    source_lowest: dict[str, float] = field(default_factory=_each(0.0))  #: [V or A] that the automatic range holds
    source_delay: dict[str, float] = field(default_factory=_each(0.0))  #: [s]
    source_autodelay: dict[str, bool] = field(default_factory=_each(True))
    current_limit: float = 105e-6  #: [A]
    voltage_limit: float = 21.0  #: [V]
    protection: dict[str, float] = field(default_factory=_each(math.inf))  #: [V] that the output does not exceed
    #: a reading has the measured level, not the programmed one
    read_back: dict[str, bool] = field(default_factory=_each(True))
    high_capacitance: dict[str, bool] = field(default_factory=_each(False))
    off_state: dict[str, str] = field(default_factory=_each("NORM"))  #: a name of the data sheet's ``off_states``
    sense_function: str = "CURR"  #: "VOLT", "CURR" or "RES"
    sense_range: dict[str, float | None] = field(default_factory=_each(None))  #: [V or A] as set; None: never
    sense_autorange: dict[str, bool] = field(default_factory=_each(True))
    #: [V or A] the automatic range goes no lower than the range that holds this
    lowest_range: dict[str, float] = field(default_factory=_each(0.0))
    fast_converter: bool = False  #: the second converter takes the readings, if the instrument has one
    nplc: dict[str, float] = field(default_factory=_each(1.0))
    auto_zero: dict[str, bool] = field(default_factory=_each(True))
    four_wire: dict[str, bool] = field(default_factory=_each(False))
    filter_on: dict[str, bool] = field(default_factory=_each(False))
    #: "REP": a new set of readings for each; "MOV": the last ones; "MED": the median of the last ones
    filter_type: dict[str, str] = field(default_factory=_each("REP"))
    filter_count: dict[str, int] = field(default_factory=_each(10))

    def take(self, other: "SourceMeterSettings") -> None:
        """Become equal to ``other``."""
        vars(self).update(vars(other))
