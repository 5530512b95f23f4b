"""A first contact to numbers: resistance at low voltage and non-linearity, and one line on what is connected."""

import numpy as np

from tsbench.analysis.conductance.conductance import low_voltage_results, unread_nonlinearity
from tsbench.protocols.extracting.facts import device_current, sweep_facts
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.quantities import format_quantity
from tsbench.records import Flag, Result, Run

_SIDES = {"+": "positive", "-": "negative"}
OHMIC = 0.02  #: non-linearity that contacts and heating of a resistor do not reach (chosen)


def first_contact(run: Run, options: ExtractionOptions) -> list[Result]:
    """Return resistance and non-linearity; readings in compliance are left out of both.

    A polarity at which too few others are left has a row without a value.
    """
    facts = sweep_facts(run, options)
    free = (run.point_flags & int(Flag.COMPLIANCE)) == 0
    flags = Flag.NONE if free.all() else Flag.COMPLIANCE
    voltage = run.column("device_voltage")
    results = low_voltage_results(
        voltage[free], device_current(run)[free], facts.voltage_gain + facts.current_gain, flags,
        facts.parallel_tolerance * facts.parallel_conductance,
        lambda resistance: facts.path_tolerance * facts.path_drop(resistance, 1.0))
    told = {result.conditions.get("polarity") for result in results}
    return results + [unread_nonlinearity(polarity) for sign, polarity in ((1.0, "+"), (-1.0, "-"))
                      if polarity not in told and np.any(sign * voltage[~free] > 0.0)]


def contact_remark(run: Run) -> str:
    """Return in one line what seems to be connected: nothing, a short, a resistor, or a device that is not ohmic."""
    results = first_contact(run, ExtractionOptions())
    resistance = results[0]
    if resistance.value is None and resistance.low is not None:
        least = format_quantity(resistance.low, "Ohm", 2)
        return (
            f"the device looks open, because the resistance is more than {least}. Check the contact. A device in the "
            "off state may look the same")
    if resistance.value is None and resistance.high is not None:
        most = format_quantity(resistance.high, "Ohm", 2)
        return (
            f"the device looks like a short, because the resistance is less than {most}, which is the uncertainty of "
            "the path resistance. Check the wiring. A device in the on state may look the same")
    if resistance.value is None:
        return "too few readings are below the compliance. Increase the compliance, or check the device for a short"
    unread = [_SIDES[str(r.conditions["polarity"])] for r in results[1:]
              if Flag.COMPLIANCE in r.flags and Flag.TOO_FEW in r.flags]
    if unread:
        return (
            f"at {unread[0]} voltage, the current reached the compliance, and too few readings are left. The device "
            "may conduct better in this direction, or it has switched. Increase the compliance, or lower 'highest'")
    bounds = [(r.low, r.high) for r in results[1:] if r.low is not None and r.high is not None]
    size = format_quantity(resistance.value, "Ohm", 3)
    if bounds and all(low > OHMIC for low, _ in bounds):
        return (
            f"the resistance is {size} at low voltage, and lower at higher voltage. The device is not a resistor and "
            "may switch")
    if bounds and all(high < OHMIC for _, high in bounds) and np.all([low > -OHMIC for low, _ in bounds]):
        return f"the device is ohmic up to the highest voltage of this run. The resistance is {size}"
    return ""
