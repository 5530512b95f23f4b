"""What paired pulses will do: pairs, duration, worst case at the device, and why they are refused."""

import numpy as np

from tsbench.instruments import Plan, Station
from tsbench.protocols.acquiring.device_view import NO_SCOPE, device_view
from tsbench.protocols.charging_time import slow_pulses
from tsbench.protocols.paired_pulse.parameters import PairParameters
from tsbench.protocols.pulses.layout import pair_layout, pulse_preview
from tsbench.protocols.pulses.plan import OVERHEAD, pulse_dose, sensor_warnings, worst_case_and_refusals
from tsbench.quantities import format_quantity


def plan_pairs(settings: PairParameters, station: Station) -> Plan:
    """Predict pairs, duration and the worst case at the device; refuse what a limit forbids."""
    gaps, period = settings.gap_list(), station.pulse_generator("pulser").capabilities.pulse_period
    ends = [("width + gap", settings.width + gap, period) for gap in (gaps[0], gaps[-1])]
    items, refusals = worst_case_and_refusals(settings, station, ends)
    size, warnings = 0, []
    if device_view(station) is None:
        refusals.append(NO_SCOPE)
    else:
        scope = station.oscilloscope("scope").capabilities
        layouts = [pair_layout(settings, gap, settings.resolution, scope) for gap in gaps]
        samples = sum(layout.points * layout.segments for layout in layouts)
        size = samples * settings.repeats * 2 * len(settings.amplitude)
        # the longest gap asks for most
        refusals += [f"scope: {layout.refusal}" for layout in layouts if layout.refusal][-1:]
        split = [gap for gap, layout in zip(gaps, layouts, strict=True) if layout.segments > 1]
        if split and settings.trigger == "device":
            warnings.append(
                f"for gaps of {format_quantity(split[0], 's')} and longer, each pulse has its own record. If the "
                "device is still on at the second pulse, this pulse may not trigger the scope. Lower "
                "'resolution', so that one record holds both pulses")
    if settings.gaps and len(gaps) < 4:
        warnings.append(f"{len(gaps)} gaps are too few. The fit cannot separate the firing probability at long gaps "
                        f"from the refractory period. Use 4 gaps or more")
    # the generator takes the next trigger a gap after the second pulse
    each = 2 * settings.width + float(np.mean(gaps + np.maximum(gaps, max(settings.rest, OVERHEAD))))
    times, levels = pulse_preview(settings, [0.0, settings.width + gaps[len(gaps) // 2]])
    return Plan(
        steps=settings.total, points=settings.total, duration=settings.total * each, bytes=size,
        worst_case=(*items, *pulse_dose(items, 2 * settings.total)),
        refusals=tuple(refusals),
        warnings=(*warnings, *sensor_warnings(settings, station), *slow_pulses(station, settings.width)),
        preview={"time": times, "level": levels},
    )
