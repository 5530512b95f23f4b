"""What an oscillation map will do: records, duration, worst case over all loads, and why it is refused."""

from dataclasses import replace

from tsbench.instruments import Plan, PlanItem, Range, Station
from tsbench.protocols.oscillation.plan import plan_oscillation
from tsbench.protocols.oscillation_map.parameters import MapParameters
from tsbench.protocols.worst_case import load_remedy, range_refusal

#: [s] a chuck takes to become stable, for the plan: it depends on the chuck and on how far it goes
_HEATING = 120.0
#: [s] setting a box and preparing the source again
_SETTING = 0.5


def plan_map(settings: MapParameters, station: Station) -> Plan:
    """Predict records, duration and the worst case at the device; refuse what a limit forbids."""
    refusals = _refusals(settings, station)
    plans = [plan_oscillation(settings, station)]
    if not refusals:
        device, seen = station.device.identifier, set()
        for place in settings.surroundings():
            values = place.fixture_values()
            if values and (key := tuple(sorted(values.items()))) not in seen:
                seen.add(key)
                plans.append(plan_oscillation(settings, station.planning_for(device, values)))
        plans = plans[1:] or plans   # the load that is set now is not part of the map
    sets = len(list(settings.surroundings()))
    heating = _HEATING * len(settings.temperature)
    lines = [line for plan in plans for line in plan.refusals]
    warnings = list(dict.fromkeys(warning for plan in plans for warning in plan.warnings))
    if settings.temperature:
        warnings.append(
            f"each of the {len(settings.temperature)} temperatures takes as long as the chuck needs to become stable. "
            f"The duration counts {_HEATING:g} s for each. The chuck stays at the last temperature")
    remedy = load_remedy(station.fixture)
    if settings.load and remedy:   # the map sets its own loads
        lines = [line.replace(remedy, "raise 'load'") for line in lines]
    return replace(
        plans[0], steps=settings.total, points=settings.total, bytes=sets * plans[0].bytes,
        duration=sets * (plans[0].duration + _SETTING) + heating, worst_case=_worst(plans),
        refusals=tuple(dict.fromkeys([*refusals, *lines])),
        warnings=tuple(warnings))


def _worst(plans: list[Plan]) -> tuple[PlanItem, ...]:
    """Return the largest of each quantity over all plans."""
    return tuple(max(items, key=lambda item: item.value)
                 for items in zip(*(plan.worst_case for plan in plans), strict=True))


def _refusals(settings: MapParameters, station: Station) -> list[str]:
    """Return why the bench cannot set the surroundings, one line each."""
    control, chuck, refusals = station.fixture_control, station.temperature, []
    for name, quantity, values in (("load", "load_resistance", settings.load),
                                   ("capacitance", "parallel_capacitance", settings.capacitance)):
        if values and (control is None or quantity not in control.quantities()):
            refusals.append(
                f"fixture: nothing can set '{name}'. Add [fixture.control.{quantity}] to the bench file, or leave "
                f"'{name}' empty")
        elif control is not None:
            refusals += _outside(name, values, control.bounds(quantity) if values else None, "fixture")
    if settings.temperature and chuck is None:
        refusals.append(
            "temperature: the bench has no temperature controller. Add [temperature] to the bench file, or leave "
            "'temperature' empty")
    elif chuck is not None:
        refusals += _outside("temperature", settings.temperature, chuck.bounds, "chuck")
    return refusals


def _outside(name: str, values: tuple[float, ...], bounds: Range | None, instrument: str) -> list[str]:
    return [] if bounds is None else [
        line for value in values for line in range_refusal(name, value, bounds, instrument)]
