"""What the search for the refractory period will do at most: pairs, duration, worst case, and why it is refused."""

from tsbench.instruments import Plan, Station
from tsbench.protocols.acquiring.device_view import NO_SCOPE, device_view
from tsbench.protocols.adapting.plan import budget_warning
from tsbench.protocols.adaptive_refractory.parameters import RefractoryParameters
from tsbench.protocols.charging_time import slow_pulses
from tsbench.protocols.pulses.layout import pair_layout, pulse_preview
from tsbench.protocols.pulses.plan import OVERHEAD, pulse_dose, sensor_warnings, worst_case_and_refusals
from tsbench.quantities import format_quantity


def plan_refractory(settings: RefractoryParameters, station: Station) -> Plan:
    """Predict the search that uses its whole budget, every pair with the longest gap."""
    ends, period = (settings.shortest, settings.longest), station.pulse_generator("pulser").capabilities.pulse_period
    items, refusals = worst_case_and_refusals(
        settings, station, [("width + gap", settings.width + gap, period) for gap in ends])
    size, warnings = 0, [budget_warning(settings.total, "pairs of pulses")]
    if device_view(station) is None:
        refusals.append(NO_SCOPE)
    else:
        scope = station.oscilloscope("scope").capabilities
        layouts = [pair_layout(settings, gap, settings.resolution, scope) for gap in ends]
        size = max(layout.points * layout.segments for layout in layouts) * settings.total * 2
        # the longest gap asks for most
        refusals += [f"scope: {layout.refusal}" for layout in layouts if layout.refusal][-1:]
        if layouts[-1].segments > 1 and settings.trigger == "device":
            warnings.append(
                f"for gaps as long as {format_quantity(settings.longest, 's')}, each pulse has its own record. If the "
                "device is still on at the second pulse, this pulse may not trigger the scope. Lower "
                "'resolution', so that one record holds both pulses")
    each = 2 * settings.width + settings.longest + max(settings.rest, OVERHEAD)
    times, levels = pulse_preview(settings, [0.0, settings.width + (settings.shortest * settings.longest) ** 0.5])
    return Plan(
        steps=settings.total, points=settings.total, duration=settings.total * each, bytes=size,
        worst_case=(*items, *pulse_dose(items, 2 * settings.total)),
        refusals=tuple(refusals),
        warnings=(*warnings, *sensor_warnings(settings, station), *slow_pulses(station, settings.width)),
        preview={"time": times, "level": levels},
    )
