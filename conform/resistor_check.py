"""Reads at a few millivolts whether the stated resistor is at the terminal, before any higher level is driven."""

from dataclasses import dataclass
from typing import Any

from tsbench.errors import TsbenchError
from tsbench.instruments import Accuracy, MeasureSettings, Reading, SourceMeterCapabilities, SourceSettings
from tsbench.instruments.driver import Driver
from tsbench.quantities import format_quantity
from tsbench.records import Flag

LEVEL = 5e-3  #: [V] too little to switch a device, and more than the noise of every source
_ROOM = 0.05  #: relative, beside what the ammeter may be off: the tolerance of the resistor, and its cables
_LIMIT = 3.0  #: compliance / current through the stated resistor


class NotTheResistor(TsbenchError):
    """Something else than the stated resistor is between the terminal and ground."""


@dataclass(frozen=True)
class Conductance:
    """What two readings of opposite sign tell."""

    value: float  #: [S] magnitude: the sign of the readings is compared with that of the twin
    uncertain: float  #: [S] that the ammeter may be off
    limited: bool  #: whether the compliance held the current back, so that ``value`` is a lower bound

    def refusal(self, resistance: float) -> str:
        """Return why this is not the stated resistance [Ohm]; an empty text if it may be.

        A resistor whose current is less than the error of the ammeter may be there, or nothing.
        """
        stated = 1.0 / resistance
        room = self.uncertain + _ROOM * stated
        if not self.limited and abs(self.value - stated) <= room:
            return ""
        expected = format_quantity(resistance, "Ohm")
        if not self.limited and self.value <= self.uncertain:
            return (f"more than {format_quantity(1.0 / (self.value + self.uncertain), 'Ohm', 2)} between "
                    f"terminal and ground, not {expected}. Check whether the resistor is connected")
        shown = format_quantity(1.0 / max(self.value, 1e-15), "Ohm", 2)
        return (f"{'less than' if self.limited else 'about'} {shown} between terminal and ground, not "
                f"{expected}: is a device still connected? Only {format_quantity(LEVEL, 'V', 1)} was set")


def read_conductance(driver: Driver, meter: Any, resistance: float) -> Conductance:
    """Read the conductance between a terminal and ground at +-:data:`LEVEL`; its output is off afterwards.

    Parameters
    ----------
    driver, meter : the instrument and its terminal, a SourceMeter
    resistance : [Ohm] that is stated: the compliance follows from it
    """
    caps: SourceMeterCapabilities = meter.capabilities
    limit = max(_LIMIT * LEVEL / resistance, caps.compliance_current.low)
    driver.reset()
    meter.configure_source(SourceSettings("voltage", compliance_current=limit))
    full: Accuracy = next(row for row in caps.current_accuracy if row.full_scale >= limit)
    meter.configure_measure(MeasureSettings("current", range=full.full_scale, nplc=1.0))
    meter.set_level(0.0)
    meter.set_output(True)
    readings: list[Reading] = []
    for level in (LEVEL, -LEVEL):
        meter.set_level(level)
        meter.measure()   # settles
        readings.append(meter.measure())
    meter.set_output(False)
    driver.output_states()
    up, down = readings
    value = abs(up.current - down.current) / (2.0 * LEVEL)
    uncertain = value * full.gain + 4.0 * full.noise / (2.0 * LEVEL)   # an offset cancels
    return Conductance(value, uncertain, any(Flag.COMPLIANCE in one.flags for one in readings))
