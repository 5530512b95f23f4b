"""What a relaxation run will do: pulses, duration, worst case at the device, and why it is refused."""

from tsbench.instruments import Plan, Station
from tsbench.protocols.acquiring.device_view import NO_SCOPE, device_view
from tsbench.protocols.charging_time import slow_pulses
from tsbench.protocols.pulses.layout import pulse_preview, tail_layout
from tsbench.protocols.pulses.plan import OVERHEAD, pulse_dose, sensor_warnings, worst_case_and_refusals
from tsbench.protocols.relaxation.parameters import RelaxationParameters
from tsbench.protocols.worst_case import long_record_refusal


def plan_relaxation(settings: RelaxationParameters, station: Station) -> Plan:
    """Predict pulses, duration and the worst case at the device; refuse what a limit forbids."""
    items, refusals = worst_case_and_refusals(settings, station)
    if device_view(station) is None:
        refusals.append(NO_SCOPE)
    else:
        scope = station.oscilloscope("scope").capabilities
        layout = tail_layout(settings, settings.window, settings.samples, scope)
        refusals += long_record_refusal(layout.span, scope, "'width' or 'window'") or (
            [f"scope: {layout.refusal}"] if layout.refusal else [])
    pulses, each = settings.total, settings.width + settings.window + settings.rest + OVERHEAD
    times, levels = pulse_preview(settings, [0.0])
    return Plan(
        steps=pulses, points=pulses, duration=pulses * each, bytes=2 * pulses * settings.samples,
        worst_case=(*items, *pulse_dose(items, pulses)), refusals=tuple(refusals),
        warnings=(*sensor_warnings(settings, station), *slow_pulses(station, settings.width)),
        preview={"time": times, "level": levels},
    )
