"""One measured quantity of the fixture beside what is expected of it."""

import math
from dataclasses import dataclass

from tsbench.instruments.guard.limits import WirePath
from tsbench.quantities import format_interval, format_quantity
from tsbench.station.bench.bench import Bench

#: how much a measured value may differ from the expected one, beside its own uncertainty: resistors of 5 % are usual,
#: and the capacitance of cables and needles is usually known only to a third
_TOLERANCE, _TOLERANCE_OF_CAPACITANCE = 0.05, 0.35
CHANNEL_SKEW = "channel_skew"  #: by which the current's channel of the scope is late against that of the high side
SENSE_CAPACITANCE = "sense_capacitance"  #: all that is across the sense resistor
CURRENT_FACTOR = "current sensor factor"  #: the current that the scope shows / that of the source meter, so 1

VOLTAGE_FACTOR = "voltage factor"  #: the voltage that the scope shows / that which the source meter brings there, so 1


@dataclass(frozen=True)
class FixtureValue:
    """One quantity of the fixture.

    Parameters
    ----------
    quantity : "path_resistance", "current_offset", "leakage", "parallel_capacitance", "level", "compliance",
        :data:`CHANNEL_SKEW`, :data:`SENSE_CAPACITANCE`, :data:`CURRENT_FACTOR`, :data:`VOLTAGE_FACTOR`
    role : whose it is
    value, low, high : [unit] the measured value and the bounds of its 95 % interval; ``low`` None: at most ``high``
    unit : SI unit
    expected : [unit] what follows from the bench file and from what was set; None: nothing
    remedy : what to correct where the two differ, or why it cannot be measured (the numbers are NaN then)
    condition : under which it was measured, in words; "": the only one
    """

    quantity: str
    role: str
    value: float
    low: float | None
    high: float
    unit: str
    expected: float | None = None
    remedy: str = "correct the netlist in [fixture] of the bench file, or the wiring"
    condition: str = ""
    instrument: str = ""  #: model and serial number of the oscilloscope, where the value holds for this one only
    slack: float = 0.0  #: [unit] that it may differ from the expected value beside the tolerance
    refused: bool = False  #: an instrument refused a setting, so that this step ended; the numbers are NaN

    @property
    def agrees(self) -> bool:
        """Whether the expected value is the same, within the interval and a tolerance."""
        if self.expected is None or math.isnan(self.value):
            return not self.refused
        tolerance = _TOLERANCE_OF_CAPACITANCE if self.unit == "F" else _TOLERANCE
        tolerance = 0.0 if self.quantity == CURRENT_FACTOR else tolerance   # its interval has the stated tolerance
        room = tolerance * abs(self.expected) + self.slack
        return (self.low is None or self.low - room <= self.expected) and self.expected <= self.high + room

    @property
    def line(self) -> str:
        """Return it in one line."""
        name = f"{self.quantity.replace('_', ' ')} {self.condition}".rstrip()
        if self.refused:
            return f"{self.role}: {name} ended: {self.remedy}"
        if math.isnan(self.value):
            return f"{self.role}: {name} cannot be measured: {self.remedy}"
        shown = (f"at most {format_quantity(self.high, self.unit)}" if self.low is None
                 else format_interval(self.value, self.low, self.high, self.unit))
        said = f"{self.role}: {name} {shown}"
        if self.expected is None:
            return said
        expected = format_quantity(self.expected, self.unit)
        return f"{said}, expected {expected}" if self.agrees else (
            f"{said}, but {expected} is expected: {self.remedy}")


def path_to_device(bench: Bench, role: str) -> WirePath:
    """Return the path of a source as the bench file has it: that of the limits may be shorter."""
    return bench.wiring.path(bench.file.table.roles[role])
