"""What a compliance series will do: its sweeps, its duration, worst case and dose at the device, and refusals."""

from dataclasses import replace

from tsbench.instruments import Plan, Station
from tsbench.protocols.compliance_series.parameters import ComplianceSeriesParameters
from tsbench.protocols.iv_sweep.plan import plan_sweep
from tsbench.protocols.worst_case import dose_items


def plan_compliances(settings: ComplianceSeriesParameters, station: Station) -> Plan:
    """Predict sweeps, duration, and worst case and dose at the device; refuse what a limit or the meter forbids."""
    plans = [plan_sweep(settings.at_compliance(one), station) for one in settings.compliances]
    currents = [next((item.value for item in plan.worst_case if item.quantity == "current"), 0.0) for plan in plans]
    worst = max(zip(currents, plans, strict=True), key=lambda one: one[0])[1]
    own = {"ramps", "total charge"}
    items = [item for item in worst.worst_case if item.quantity not in own]
    charge = sum(plan.duration * current for plan, current in zip(plans, currents, strict=True))
    ramps = len(plans) * settings.cycles * (1 + settings.both_polarities)
    refusals = dict.fromkeys(line for plan in plans for line in plan.refusals)
    return replace(
        worst, steps=sum(plan.steps for plan in plans), points=sum(plan.points for plan in plans),
        bytes=sum(plan.bytes for plan in plans), duration=sum(plan.duration for plan in plans),
        refusals=tuple(refusals), warnings=tuple(dict.fromkeys(line for plan in plans for line in plan.warnings)),
        worst_case=(*items, *dose_items(ramps, charge, "ramps")))
