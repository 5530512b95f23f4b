"""What the user has set on a source meter, as the core reads it. A model's command table provides it."""

from typing import Protocol, TypeVar

T = TypeVar("T")


class ByFunction(Protocol[T]):
    """A setting that each function ("VOLT", "CURR", for readings "RES" too) has for itself."""

    def __getitem__(self, function: str, /) -> T: ...
    def __setitem__(self, function: str, value: T, /) -> None: ...


class SourceMeterSettings(Protocol):
    """The settings as they are now: the core reads them each time, so that they act at once."""

    line_frequency: float  #: [Hz]
    source_function: str  #: "VOLT" or "CURR"
    source_level: ByFunction[float]  #: [V or A]
    source_range: ByFunction[float]  #: full scale [V or A]
    source_autorange: ByFunction[bool]
    source_delay: ByFunction[float]  #: [s]
    source_autodelay: ByFunction[bool]
    current_limit: float  #: [A]
    voltage_limit: float  #: [V]
    read_back: ByFunction[bool]  #: a reading tells the measured level, not the programmed one
    high_capacitance: ByFunction[bool]
    off_state: ByFunction[str]  #: a name of the data sheet's ``off_states``
    sense_function: str  #: "VOLT", "CURR" or "RES"
    sense_range: ByFunction[float]  #: full scale [V or A] of the fixed range
    sense_autorange: ByFunction[bool]
    nplc: ByFunction[float]
    auto_zero: ByFunction[bool]
    four_wire: ByFunction[bool]
    filter_on: ByFunction[bool]
    filter_type: ByFunction[str]  #: "REP": a new set for each reading; "MOV": the last readings
    filter_count: ByFunction[int]

    @property
    def front_terminals(self) -> bool: ...

    def fixed_source_range(self, function: str) -> float:
        """Return the full scale [V or A] of the source range that is set by hand."""
        ...
