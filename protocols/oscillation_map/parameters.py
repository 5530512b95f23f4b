"""What an oscillation map asks for, and the places of its grid."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from pydantic import Field, model_validator

from tsbench.protocols.fields import FaradsList, KelvinsList, OhmsList
from tsbench.protocols.oscillation.parameters import OscillationParameters

#: records of one map, at most
_MOST_RECORDS = 100_000


@dataclass(frozen=True)
class MapSetting:
    """What is set around the device before its biases; None: as it is."""

    temperature: float | None = None  #: [K]
    load_resistance: float | None = None  #: [Ohm]
    parallel_capacitance: float | None = None  #: [F]

    def fixture_values(self) -> dict[str, float]:
        """Return the values of the fixture [Ohm or F] by quantity."""
        values = {"load_resistance": self.load_resistance, "parallel_capacitance": self.parallel_capacitance}
        return {quantity: value for quantity, value in values.items() if value is not None}


class MapParameters(OscillationParameters):
    """Parameters of an oscillation map: those of an oscillation run, and what it is repeated for."""

    load: OhmsList = Field(
        default=(), description="load resistances, set by what [fixture.control.load_resistance] of the bench file "
                                "names (if it is empty, the load is left as it is)")
    capacitance: FaradsList = Field(
        default=(), description="capacitances across the device, set by what [fixture.control.parallel_capacitance] "
                                "names (if it is empty, the capacitance is left as it is)")
    temperature: KelvinsList = Field(
        default=(), description="temperatures of the chuck (if it is empty, the temperature is left as it is)")

    @model_validator(mode="after")
    def _is_grid(self) -> Self:
        for name in ("load", "capacitance", "temperature"):
            if any(value <= 0 for value in getattr(self, name)):
                raise ValueError(f"each value of '{name}' must be above 0. Correct the list")
        if self.total > _MOST_RECORDS:
            raise ValueError(
                f"the map would have {self.total} records, but at most {_MOST_RECORDS} fit one run. Give fewer biases, "
                "loads, capacitances or temperatures")
        return self

    @property
    def total(self) -> int:
        """Number of records of the whole map."""
        return len(self.biases()) * len(list(self.surroundings()))

    def surroundings(self) -> Iterator[MapSetting]:
        """Yield each set of surroundings; the temperature, which takes longest to set, changes least often."""
        for temperature in self.temperature or (None,):
            for load in self.load or (None,):
                for capacitance in self.capacitance or (None,):
                    yield MapSetting(temperature, load, capacitance)
