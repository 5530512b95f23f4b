"""What a temperature series will do: its sweeps, its duration, worst case and dose at the device, and refusals."""

from dataclasses import replace

from tsbench.instruments import Plan, Station
from tsbench.protocols.iv_sweep.plan import plan_sweep
from tsbench.protocols.temperature_series.parameters import TemperatureSeriesParameters
from tsbench.protocols.worst_case import range_refusal, repeated

#: [s] that a chuck takes to the next temperature and to become stable; only for the duration
_HEATING = 600.0


def plan_temperatures(settings: TemperatureSeriesParameters, station: Station) -> Plan:
    """Predict sweeps, duration, and worst case and dose at the device; refuse what a limit or the chuck forbids."""
    plan, chuck, parts = plan_sweep(settings, station), station.temperature, len(settings.temperature)
    refusals = list(plan.refusals)
    if chuck is None:
        refusals.append("temperature: the bench has no temperature controller. Add [temperature] to the bench file")
    else:
        refusals += [line for one in settings.temperature
                     for line in range_refusal("temperature", one, chuck.bounds, "chuck")]
    return replace(
        plan, steps=parts * plan.steps, points=parts * plan.points, bytes=parts * plan.bytes,
        duration=parts * (plan.duration + _HEATING), refusals=tuple(refusals),
        worst_case=repeated(plan.worst_case, parts),
        warnings=(*plan.warnings, f"the duration counts {_HEATING:g} s for each of the {parts} temperatures. The chuck "
                                  "stays at the last temperature"))
