"""What a campaign takes from a finished run: its results as rows, its dose, and whether two reads agree."""

import functools
import operator
from collections.abc import Mapping, Sequence
from typing import Any

from tsbench.protocols import Protocol
from tsbench.quantities import format_interval
from tsbench.records import Flag, Result
from tsbench.station.campaign.facts import MeasuredStep
from tsbench.station.campaign.planning import PlannedItem
from tsbench.station.campaign.specs import CheckSpec
from tsbench.station.device_record import Dose, dose_of_file
from tsbench.station.runner.outcome import RunOutcome


def result_rows(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Return results as the state of a campaign keeps them."""
    return [{"quantity": one.quantity, "unit": one.unit, "value": one.value, "low": one.low, "high": one.high,
             "method": one.method, "conditions": dict(one.conditions), "flags": one.flags.names()} for one in results]


def results_of(rows: Sequence[Mapping[str, Any]]) -> tuple[Result, ...]:
    """Return the results of rows that :func:`result_rows` made."""
    flags = {str(flag.name).lower(): flag for flag in Flag}
    return tuple(Result(
        row["quantity"], row["unit"], row["value"], row["low"], row["high"], row.get("method", ""), row["conditions"],
        functools.reduce(operator.or_, (flags.get(name, Flag.NONE) for name in row["flags"]), Flag.NONE))
        for row in rows)


def run_dose(outcome: RunOutcome, planned: PlannedItem, protocol: type[Protocol]) -> Dose:
    """Return what a run did to its device; the planned worst case where its file does not show it."""
    if planned.plan is None:
        return planned.dose
    return dose_of_file(outcome.path, planned.dose, planned.plan.points, [one.name for one in protocol.columns])


def temperature_of(outcome: RunOutcome) -> float | None:
    """Return the temperature [K] in the results of a run, if one of them was taken at a temperature."""
    found = [result.conditions.get("temperature") for result in outcome.results]
    return next((float(one) for one in found if isinstance(one, int | float)), None)


def agreement(before: MeasuredStep | None, after: MeasuredStep, check: CheckSpec) -> str:
    """Return how the reads before and after a step differ; "" where they agree, or where one has no value.

    They agree if their intervals overlap, or if they differ by no more than the file allows.
    """
    first, last = (_value(run, check.quantity) for run in (before, after))
    if first is None or last is None:
        return ""
    lows = [row["low"] if row["low"] is not None else row["value"] for row in (first, last)]
    highs = [row["high"] if row["high"] is not None else row["value"] for row in (first, last)]
    if max(lows) <= min(highs) or abs(last["value"] - first["value"]) <= check.agree * abs(first["value"]):
        return ""
    texts = [format_interval(row["value"], row["low"], row["high"], row["unit"]) for row in (first, last)]
    return f"{check.quantity.replace('_', ' ')} was {texts[0]} before and is {texts[1]} after it"


def _value(run: MeasuredStep | None, quantity: str) -> Any:
    if run is None:
        return None
    return next((row for row in run.results if row["quantity"] == quantity and row["value"] is not None), None)
