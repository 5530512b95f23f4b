"""What searches by single pulses will do at most: pulses, duration, worst case at the device, and refusals."""

from tsbench.instruments import Plan, Station
from tsbench.protocols.acquiring.device_view import NO_SCOPE, device_view
from tsbench.protocols.charging_time import slow_pulses
from tsbench.protocols.pulses.layout import pulse_preview
from tsbench.protocols.pulses.plan import OVERHEAD, pulse_dose, sensor_warnings, worst_case_and_refusals
from tsbench.protocols.pulses.single import SinglePulses
from tsbench.protocols.worst_case import long_record_refusal


def plan_search(settings: SinglePulses, station: Station, name: str) -> Plan:
    """Predict the search that uses its whole budget, every pulse at the highest amplitude.

    Parameters
    ----------
    settings : the pulses
    station : the bench
    name : of the parameter that sets the highest amplitude
    """
    conditioning = settings.conditioning or 0.0
    if abs(conditioning) > max(abs(one) for one in settings.amplitude):
        name = "conditioning"
    items, refusals = worst_case_and_refusals(settings, station, name=name)
    if device_view(station) is None:
        refusals.append(NO_SCOPE)
    elif long := long_record_refusal(settings.span, station.oscilloscope("scope").capabilities, "'width'"):
        refusals += long
    elif settings.samples > (most := station.oscilloscope("scope").capabilities.record_length):
        refusals.append(f"scope: {settings.resolution} samples in the pulse need a record of {settings.samples}, but a "
                        f"record holds {most}. Lower 'resolution'")
    times, levels = pulse_preview(settings, [0.0])
    pulses = settings.total
    return Plan(
        steps=pulses, points=pulses, duration=pulses * (settings.span + max(settings.rest, OVERHEAD)),
        bytes=pulses * settings.samples * 2, worst_case=(*items, *pulse_dose(items, pulses)),
        refusals=tuple(refusals),
        warnings=(budget_warning(pulses, "pulses"), *sensor_warnings(settings, station),
                  *slow_pulses(station, settings.width)),
        preview={"time": times, "level": levels},
    )


def budget_warning(budget: int, what: str) -> str:
    """Return the line that says that the plan is that of the whole budget."""
    return (f"the search sends {budget} {what} at most and ends as soon as its interval is narrow enough. Duration and "
            "size are those of the whole budget")
