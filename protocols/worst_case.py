"""What a plan can do to the device at worst, and whether the device and the instruments allow it."""

import math
from collections.abc import Sequence
from typing import Literal

from tsbench.instruments import OscilloscopeCapabilities, PlanItem, Range, SourceMeterCapabilities
from tsbench.instruments.guard.limits import WorstCase
from tsbench.quantities import format_quantity, short_quantity
from tsbench.records import DeviceDescription, DeviceLimits, Fixture

#: relative slack of a comparison with a limit, for the rounding of decimal numbers
_SLACK = 1e-9
_GROWING = frozenset({"charge", "energy"})  #: items that grow with the time
_FEWEST_SAMPLES = 100  #: of a record: ten in each of ten periods, or in edge and delay of a pulse
_LIMIT_OF = {
    "voltage": "max_voltage",
    "current": "max_current",
    "power": "max_power",
    "charge": "max_charge",
    "energy": "max_energy",
}


def worst_case_items(worst: WorstCase, fixture: Fixture, seconds: float = 0.0) -> tuple[PlanItem, ...]:
    """Return the worst case at the device as a plan shows it, and the charge and energy of one event.

    When the device switches, the capacitance across it discharges through it, whatever the source limits: charge C V
    and energy C V^2 / 2 per event, in addition to what the source delivers. The runner adds what capacitors behind a
    contact, or at another node, give off.

    Parameters
    ----------
    worst : the most that the device can see of the source
    fixture : with the capacitance across the device
    seconds : [s] that the source delivers in one event; 0: a steady source
    """
    stored = fixture.parallel_capacitance
    beyond = (f"the current is that of the source. When the device switches, {short_quantity(stored, 'F')} across it "
              "discharge through it, and for a moment its current may be larger") if stored else ""
    charge, energy = (worst.current * seconds, worst.power * seconds) if seconds > 0 else (0.0, 0.0)
    return (
        PlanItem("voltage", worst.voltage, "V"),
        PlanItem("current", worst.current, "A", beyond),
        PlanItem("power", worst.power, "W"),
        PlanItem("charge", charge + stored * worst.voltage, "C"),
        PlanItem("energy", energy + stored * worst.voltage**2 / 2, "J"),
    )


def dose_items(events: float, charge: float, what: str = "pulses") -> tuple[PlanItem, ...]:
    """Return what a whole run does to the device at most, beside the worst instant.

    Parameters
    ----------
    events : how often the device is stressed: pulses, ramps, or switching events
    charge : [C] that flows through it in the whole run, if it is on for as long as the source could hold it on
    what : name of the events
    """
    return PlanItem(what, float(events), ""), PlanItem("total charge", charge, "C")


def repeated(plan: Sequence[PlanItem], parts: int) -> tuple[PlanItem, ...]:
    """Return the worst case of ``parts`` equal parts of a run: the dose adds up, the rest stays as it is."""
    adds = {"pulses", "ramps", "stimuli", "levels", "total charge"}
    return tuple(PlanItem(item.quantity, item.value * parts, item.unit, item.note) if item.quantity in adds else item
                 for item in plan)


def load_remedy(fixture: Fixture) -> str:
    """Return how a run sets a larger load resistance; "" where the bench file has nothing that sets it."""
    return ("set a larger load resistance with --fixture load_resistance=VALUE" if "load_resistance" in fixture.control
            else "")


def limit_refusals(
    items: Sequence[PlanItem], device: DeviceDescription, remedy: str, load: str = "", duration: str = "",
) -> list[str]:
    """Return one sentence for each item beyond a limit of the device.

    Parameters
    ----------
    items : the worst case
    device : with its limits
    remedy : what the user can do against each of them
    load : what the user can also do against a current, which does not change the voltage: more load, less compliance
    duration : what the user can also do against charge and energy, which grow with the time
    """
    refusals = []
    limits: DeviceLimits = device.limits
    for item in items:
        name = _LIMIT_OF.get(item.quantity)
        bound = getattr(limits, name) if name else None
        if bound is not None and item.value > bound * (1 + _SLACK):
            longer = duration if item.quantity in _GROWING else ""
            what = ", ".join(filter(None, (remedy, longer, load if item.quantity != "voltage" else "")))
            refusals.append(
                f"device: {item.quantity} may reach {format_quantity(item.value, item.unit)}, but {name} of "
                f"{device.identifier} is {format_quantity(bound, item.unit)}. {what[:1].upper()}{what[1:]}, or "
                f"change {name} in [devices.ID.limits] or [device.limits] of the bench file"
            )
    return refusals


def range_refusal(name: str, value: float, allowed: Range, instrument: str, remedy: str = "") -> list[str]:
    """Return one sentence if ``value`` is outside of what the instrument accepts, else nothing.

    Parameters
    ----------
    name : of the parameter, or several of them with " + "
    value : in the unit of ``allowed``
    allowed : by the instrument
    instrument : its role, for the message
    remedy : what to change where ``name`` is no parameter
    """
    if allowed.low - _SLACK * abs(allowed.low) <= value <= allowed.high + _SLACK * abs(allowed.high):
        return []
    return [
        f"{instrument}: {name} = {format_quantity(value, allowed.unit)} is outside the range "
        f"{format_quantity(allowed.low, allowed.unit)} to {format_quantity(allowed.high, allowed.unit)}. "
        + (remedy or f"Change {name.replace(' + ', ' or ')}")
    ]


def compliance_refusals(
    items: Sequence[PlanItem], level: float, compliance: float, capabilities: SourceMeterCapabilities,
    device: DeviceDescription, instrument: str = "drive", fixed: bool = True, other: str = "",
) -> list[str]:
    """Return why a source meter cannot be set to a compliance current.

    The guard of the source meter lets no compliance beyond ``max_current`` pass, also where the load limits the current
    to less. Where the worst case is beyond this limit, its own refusal says so.

    Parameters
    ----------
    items : the worst case
    level : [V] of the source, farthest from 0 V
    compliance : [A]
    capabilities : of the source meter
    device : with its limits
    instrument : role of the source meter
    fixed : whether the current is measured in the range of the compliance
    other : what else the user can do where no measuring range suits the compliance
    """
    most = device.limits.max_current
    said = any(item.quantity == "current" and most is not None and item.value > most * (1 + _SLACK) for item in items)
    refusals = range_refusal("compliance", compliance, capabilities.compliance_current, instrument)
    if not refusals:
        refusals = boundary_refusal("voltage", level, compliance, capabilities, instrument)
    if fixed and not refusals:
        refusals = measuring_range_refusal("voltage", compliance, capabilities, instrument, other)
    if most is not None and compliance > most * (1 + _SLACK) and not said:
        refusals.append(
            f"{instrument}: compliance = {format_quantity(compliance, 'A')} is larger than max_current of "
            f"{device.identifier}, {format_quantity(most, 'A')}. Lower 'compliance', or change max_current in "
            "[devices.ID.limits] or [device.limits] of the bench file")
    return refusals


def boundary_refusal(
    function: Literal["voltage", "current"], level: float, compliance: float, capabilities: SourceMeterCapabilities,
    instrument: str,
) -> list[str]:
    """Return one sentence if a source meter does not allow a compliance beside a level, else nothing.

    Parameters
    ----------
    function : that is sourced
    level : [V or A], farthest from 0
    compliance : [A] where voltage is sourced, [V] where current is sourced
    capabilities : of the source meter
    instrument : its role
    """
    if compliance <= (highest := capabilities.highest_compliance(function, level)) * (1 + _SLACK):
        return []
    unit, other = ("V", "A") if function == "voltage" else ("A", "V")
    tops = [top for top, most in capabilities.boundaries.get(function, ()) if compliance <= most * (1 + _SLACK)]
    lower = f", or source at most {short_quantity(max(tops), unit)}" if tops else ""
    return [
        f"{instrument}: compliance = {format_quantity(compliance, other)} is too high beside "
        f"{format_quantity(level, unit)}, where the source meter allows at most {short_quantity(highest, other)}. "
        f"Lower 'compliance'{lower}"]


def measuring_range_refusal(
    function: Literal["voltage", "current"], compliance: float, capabilities: SourceMeterCapabilities,
    instrument: str, other: str = "",
) -> list[str]:
    """Return one sentence if no measuring range of a source meter suits a compliance, else nothing.

    Parameters
    ----------
    function : that is sourced
    compliance : [A] where voltage is sourced, [V] where current is sourced
    capabilities : of the source meter
    instrument : its role
    other : what else the user can do
    """
    if (gap := capabilities.gap_of_compliances(function, compliance)) is None:
        return []
    below, least, span = gap
    unit = "A" if function == "voltage" else "V"
    lowest = (capabilities.compliance_current if function == "voltage" else capabilities.compliance_voltage).low
    step: float = 10.0 ** (math.floor(math.log10(least)) - 2)   # three digits, and surely above
    above = short_quantity((math.floor(least / step * (1 + _SLACK)) + 1) * step, unit)
    smaller = f"at most {short_quantity(below, unit)} or " if below > lowest else ""
    return [
        f"{instrument}: compliance = {format_quantity(compliance, unit)} is measured in the range "
        f"{short_quantity(span, unit)} of the source meter, in which a compliance must be above "
        f"{short_quantity(least, unit)}. Use {smaller}at least {above}{other}"]


def record_refusal(name: str, span: float, scope: OscilloscopeCapabilities) -> list[str]:
    """Return one sentence if a record of ``span`` [s] is too short for the scope to show anything, else nothing.

    ``name`` is that of the parameter. What the scope accepts differs with the model, but none shows a course in fewer
    samples than these at its highest rate.
    """
    least = _FEWEST_SAMPLES / scope.sample_rate
    if span >= least * (1 - _SLACK):
        return []
    return [f"scope: {name} = {format_quantity(span, 's')} is outside the range from {format_quantity(least, 's')} on. "
            f"At its highest rate, {format_quantity(scope.sample_rate, 'Hz')}, the scope takes {_FEWEST_SAMPLES} "
            f"samples in this time. Raise '{name}'"]


def long_record_refusal(span: float, scope: OscilloscopeCapabilities, lower: str) -> list[str]:
    """Return one sentence if a record of ``span`` [s] is longer than the scope takes, else nothing.

    ``lower``: the names of the parameters that make it long.
    """
    if span <= scope.longest_record * (1 + _SLACK):
        return []
    return [f"scope: a record of {format_quantity(span, 's')} is longer than the longest one of "
            f"{format_quantity(scope.longest_record, 's')}. Lower {lower}"]
