"""What integrate and fire will do: trains, duration, worst case at the device, and why it is refused."""

import numpy as np

from tsbench.instruments import Plan, Station
from tsbench.protocols.acquiring.device_view import NO_SCOPE, device_view
from tsbench.protocols.integrate_and_fire.parameters import IntegrateParameters
from tsbench.protocols.pulses.layout import LONGEST_RECORD
from tsbench.protocols.pulses.parameters import EDGE_SHARE
from tsbench.protocols.pulses.plan import OVERHEAD, sensor_warnings, worst_case_and_refusals
from tsbench.protocols.pulses.stimuli import PROBES

_PREVIEWED = 20  #: pulses of the preview, at most


def plan_integrate(settings: IntegrateParameters, station: Station) -> Plan:
    """Predict trains, duration and the worst case at the device; refuse what a limit forbids."""
    capabilities = station.pulse_generator("pulser").capabilities
    kinds, samples = list(settings.kinds()), settings.samples()
    ends = min(settings.periods), max(settings.periods)
    times = [("widths", min(settings.widths), capabilities.pulse_width),
             *(("periods", value, capabilities.pulse_period) for value in ends)]
    items, refusals = worst_case_and_refusals(settings, station, times)
    if device_view(station) is None:
        refusals.append(NO_SCOPE)
    elif samples > (room := min(station.oscilloscope("scope").capabilities.record_length, LONGEST_RECORD)):
        refusals.append(
            f"scope: {settings.resolution} samples in each pulse of the longest train need {samples} points, but a "
            f"record holds {room}. Lower 'resolution' or 'count', or shorten 'periods'")
    left_out = len(set(settings.amplitude)) * len(set(settings.widths)) * len(set(settings.periods)) - len(kinds)
    warnings = [
        f"{PROBES} trains of the strongest kind are sent first, to choose the scope's ranges. At most "
        f"{(settings.total + PROBES) * settings.count} pulses reach the device"]
    if left_out:
        warnings.append(f"{left_out} combinations are left out, because their pulse does not fit into the period")
    if settings.repeats < 6:
        warnings.append(f"with repeats = {settings.repeats}, the median has no interval. Use 6 or more")
    each = sum(settings.length(kind) + settings.rest + OVERHEAD for kind in kinds)
    first = settings.order()[0]
    corners = np.array([-settings.rise_time / 2, settings.rise_time / 2, first.width * EDGE_SHARE, first.width])
    shown = np.arange(min(settings.count, _PREVIEWED))
    return Plan(
        steps=settings.total, points=settings.total, bytes=settings.total * samples * 4,
        duration=settings.repeats * each, worst_case=items, refusals=tuple(refusals),
        warnings=(*warnings, *sensor_warnings(settings, station)),
        preview={"time": (first.period * shown[:, None] + corners).ravel(),
                 "level": settings.base + first.amplitude * np.tile([0.0, 1.0, 1.0, 0.0], shown.size)})
