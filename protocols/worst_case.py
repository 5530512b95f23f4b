"""What a plan can do to the device at worst, and whether the device and the instruments allow it."""

from collections.abc import Sequence

from tsbench.instruments import PlanItem, Range
from tsbench.quantities import format_quantity
from tsbench.records import DeviceDescription, DeviceLimits, Fixture

#: relative slack of a comparison with a limit, for the rounding of decimal numbers
_SLACK = 1e-9
_LIMIT_OF = {
    "voltage": "max_voltage",
    "current": "max_current",
    "power": "max_power",
    "charge": "max_charge",
    "energy": "max_energy",
}


def worst_case(
    voltage: float, current: float, fixture: Fixture, seconds: float = 0.0, power: float | None = None
) -> tuple[PlanItem, ...]:
    """Return the worst case at the device: magnitudes of voltage [V] and source current [A] and what follows.

    When the device switches, the capacitance across it empties through it, whatever the source limits:
    charge C V and energy C V^2 / 2 per event, beside what the source delivers in ``seconds`` [s] (0: a steady source).
    ``power`` [W] is the most the source can give to the device, by default voltage times current.
    """
    stored = fixture.parallel_capacitance
    most = voltage * current if power is None else power
    return (
        PlanItem("voltage", voltage, "V"),
        PlanItem("current", current, "A"),
        PlanItem("power", most, "W"),
        PlanItem("charge", current * seconds + stored * voltage, "C"),
        PlanItem("energy", most * seconds + stored * voltage**2 / 2, "J"),
    )


def behind_resistance(source: float, resistance: float) -> tuple[float, float | None]:
    """Return the most current [A] and power [W] to be had from ``source`` [V] behind ``resistance`` [Ohm]."""
    if resistance <= 0:
        return float("inf"), None
    return abs(source) / resistance, source**2 / (4 * resistance)


def limit_refusals(
    items: Sequence[PlanItem], device: DeviceDescription, protocol: str, remedy: str
) -> list[str]:
    """Return one sentence for each item beyond a limit of the device."""
    refusals = []
    limits: DeviceLimits = device.limits
    for item in items:
        name = _LIMIT_OF.get(item.quantity)
        bound = getattr(limits, name) if name else None
        if bound is not None and item.value > bound * (1 + _SLACK):
            refusals.append(
                f"{protocol}: {item.quantity} at the device may reach "
                f"{format_quantity(item.value, item.unit)}; {name} of {device.identifier} is "
                f"{format_quantity(bound, item.unit)}; {remedy} or edit [device.limits] in the bench file"
            )
    return refusals


def range_refusal(name: str, value: float, allowed: Range, instrument: str) -> list[str]:
    """Return one sentence if ``value`` is outside of what the instrument accepts, else nothing."""
    if allowed.low - _SLACK * abs(allowed.low) <= value <= allowed.high + _SLACK * abs(allowed.high):
        return []
    return [
        f"{instrument}: {name} {format_quantity(value, allowed.unit)} is outside of "
        f"{format_quantity(allowed.low, allowed.unit)} to {format_quantity(allowed.high, allowed.unit)}; "
        f"change {name}"
    ]
