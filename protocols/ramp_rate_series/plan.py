"""What a ramp-rate series will do: its sweeps, its duration, worst case and dose at the device, and refusals."""

from dataclasses import replace

from tsbench.instruments import Plan, Station
from tsbench.protocols.iv_sweep.parameters import LONGEST_DWELL
from tsbench.protocols.iv_sweep.plan import plan_sweep
from tsbench.protocols.ramp_rate_series.parameters import RampRateParameters
from tsbench.protocols.worst_case import dose_items
from tsbench.quantities import format_quantity

_SLACK = 1.01
#: share of the time at a level that a reading takes from which on the rate is known roughly: what a reading takes
#: depends on the model, and a dwell cannot be below zero
_OWN_TIME = 0.2


def plan_rates(settings: RampRateParameters, station: Station) -> Plan:
    """Predict sweeps, duration, and worst case and dose at the device; refuse what a limit or the meter forbids."""
    line = station.source_meter("drive").capabilities.line_frequency
    plans = [plan_sweep(settings.at_rate(rate, line), station) for rate in settings.rate]
    highest, refusals = settings.highest_rate(line), list(plans[0].refusals)
    if (most := max(settings.rate)) > _SLACK * highest:
        refusals.append(
            f"drive: the rate {format_quantity(most, 'V/s')} is above {format_quantity(highest, 'V/s')}, which is the "
            "highest rate with this step and this integration time. Raise 'step' or lower 'nplc'")
    lowest = settings.lowest_rate(line)
    if (least := min(settings.rate)) < lowest / _SLACK:
        refusals.append(
            f"drive: the rate {format_quantity(least, 'V/s')} is below {format_quantity(lowest, 'V/s')}, at which a "
            f"level takes {LONGEST_DWELL:g} s. Lower 'step'")
    rough = [rate for rate in settings.rate if _OWN_TIME * highest < rate <= _SLACK * highest]
    current = next((item.value for item in plans[0].worst_case if item.quantity == "current"), 0.0)
    duration = sum(plan.duration for plan in plans)
    own = {"sweep rate", "ramps", "total charge"}
    items = [item for item in plans[0].worst_case if item.quantity not in own]
    fastest = max((item for plan in plans for item in plan.worst_case if item.quantity == "sweep rate"),
                  key=lambda item: item.value)
    ramps = len(plans) * settings.cycles * (1 + settings.both_polarities)
    warnings = tuple(dict.fromkeys(warning for plan in plans for warning in plan.warnings))
    if rough:
        told = ", ".join(format_quantity(rate, "V/s", 3) for rate in rough)
        warnings += (f"the rate that is reached may differ from {told} by a fifth or more, because the reading takes "
                     "much of the time at a level. The results have the rate that was reached. For a better one, raise "
                     "'step'",)
    return replace(
        plans[0], steps=sum(plan.steps for plan in plans), points=sum(plan.points for plan in plans),
        bytes=sum(plan.bytes for plan in plans), duration=duration, refusals=tuple(refusals), warnings=warnings,
        worst_case=(*items, fastest, *dose_items(ramps, duration * current, "ramps")))
