"""What is known of a device while a campaign runs: the results of its runs, and the names that expressions ask for."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tsbench.analysis.statistics.intervals import t_quantile_95
from tsbench.quantities import conditions_text
from tsbench.records import Flag
from tsbench.station.campaign.dimensions import dimension
from tsbench.station.campaign.expression import NameNode
from tsbench.station.campaign.names import FACTS, Vocabulary
from tsbench.station.campaign.values import Quantified, Unknown, Value
from tsbench.station.device_record import DeviceLife

#: conditions that only number the values of one run; values that differ in nothing else are values of one quantity
_NUMBERS = ("cycle", "sweep", "pulse", "pulses", "repeat", "number", "cycles", "index", "count", "segment")
_INF = float("inf")
_CONTACT_FLAGS = {"open": Flag.OPEN, "short": Flag.SHORT, "unknown": Flag.COMPLIANCE}


@dataclass(frozen=True)
class MeasuredStep:
    """What a run of a step came to."""

    step: str
    point: int
    status: str
    contact: tuple[str, ...] = ()  #: "open", "short", "unknown"; none: the contact is good
    results: tuple[Mapping[str, Any], ...] = ()  #: quantity, unit, value, low, high, conditions, flags
    run_id: str = ""


@dataclass
class DeviceFacts:
    """The runs of one device in this campaign, the oldest first."""

    runs: list[MeasuredStep] = field(default_factory=list)

    def contact(self, step: str = "") -> str:
        """Return how the device looked in the last run (of a step): "ok", "open", "short", "unknown"."""
        for run in reversed(self.runs):
            if step and run.step != step:
                continue
            if run.contact:
                return next(word for word in ("short", "open", "unknown") if word in run.contact)
            return "ok" if run.status == "success" else "unknown"
        return "unknown"

    def number(self, name: NameNode, series: str = "") -> Quantified | Unknown:
        """Return a quantity: of the latest step and point that gave it, all of its repeated runs together.

        Of a ``series`` (the name of its step) one value tells nothing of the scatter: the ends are not known then.
        """
        mine = [run for run in self.runs if not name.step or run.step == name.step]
        where = ""
        for run in reversed(mine):
            rows = _rows(run, name)
            if rows:
                same = [one for one in mine if (one.step, one.point) == (run.step, run.point)]
                found = _combined([row for one in same for row in _rows(one, name)], name)
                alone = run.step == series and isinstance(found, Quantified) and found.count == 1
                return replace(found, low=-_INF, high=_INF) if alone and isinstance(found, Quantified) else found
            if any(row["quantity"] == name.name for row in run.results):
                where = f" (run {run.run_id} found no value)"
        return Unknown(f"{name.text} is not known{where}")


def lookup_of(
    facts: DeviceFacts, vocabulary: Vocabulary, columns: Mapping[str, Quantified | str], life: DeviceLife,
    series: str = "",
) -> Any:
    """Return what gives names their values while a campaign runs; ``series`` as for :meth:`DeviceFacts.number`."""

    def lookup(name: NameNode) -> Value:
        if name.step == "device":
            if name.name == "state":
                return life.state
            return Quantified.exact(float(getattr(life.used, name.name)), dimension(FACTS[name.name]))
        if name.name == "contact":
            return facts.contact(name.step)
        if name.name == "status":
            return next((run.status for run in reversed(facts.runs) if run.step == name.step), "unknown")
        if not name.step and name.name in vocabulary.parameters:
            return vocabulary.parameters[name.name]
        if not name.step and name.name in vocabulary.columns:
            found: Value = columns.get(name.name, Unknown(f"the wafer map has no {name.name} of this device"))
            return found
        return facts.number(name, series)

    return lookup


def planning_lookup(vocabulary: Vocabulary, columns: Mapping[str, Quantified | str], life: DeviceLife) -> Any:
    """Return what gives names their values before anything is measured: the stated bounds of quantities."""
    known = lookup_of(DeviceFacts(), vocabulary, columns, life)

    def lookup(name: NameNode) -> Value:
        return vocabulary.expected.get(name.name) or known(name)

    return lookup


def _rows(run: MeasuredStep, name: NameNode) -> list[Mapping[str, Any]]:
    """Return the results of a run with a value for a name."""
    return [row for row in run.results if row["quantity"] == name.name and row.get("value") is not None
            and "no_event" not in row.get("flags", ()) and _meets(row.get("conditions") or {}, name.where)]


def _meets(conditions: Mapping[str, Any], where: Sequence[tuple[str, str | float]]) -> bool:
    for key, wanted in where:
        found = conditions.get(key)
        if isinstance(wanted, float) and isinstance(found, int | float):
            if abs(found - wanted) > 1e-6 * max(abs(wanted), abs(found)):
                return False
        elif str(found) != str(wanted):
            return False
    return True


def _combined(rows: Sequence[Mapping[str, Any]], name: NameNode) -> Quantified | Unknown:
    """Return one number of several results of the same conditions.

    Of several values it is the mean. Its interval is the t-interval of the mean, and wider by the median half width of
    the single values: errors of the instruments are the same in all of them.
    """
    kinds = {conditions_text({key: value for key, value in (row.get("conditions") or {}).items()
                              if key not in _NUMBERS}) for row in rows}
    if len(kinds) > 1:
        told = "; ".join(sorted(kinds)[:3])
        return Unknown(f"{name.text} has values under several conditions ({told}). Name one, such as "
                       f"{name.text}[polarity = +]")
    unit = dimension(str(rows[0].get("unit", "")))
    values = [float(row["value"]) for row in rows]
    lows = [float(row["low"]) if row.get("low") is not None else -_INF for row in rows]
    highs = [float(row["high"]) if row.get("high") is not None else _INF for row in rows]
    if len(values) == 1:
        return Quantified(values[0], lows[0], highs[0], unit)
    mean, count = statistics.fmean(values), len(values)
    scatter = t_quantile_95(count - 1) * statistics.stdev(values) / count**0.5
    down = statistics.median(value - low for value, low in zip(values, lows, strict=True))
    up = statistics.median(high - value for value, high in zip(values, highs, strict=True))
    return Quantified(mean, mean - (scatter**2 + down**2) ** 0.5, mean + (scatter**2 + up**2) ** 0.5, unit, count)


def contact_words(flags: Flag) -> tuple[str, ...]:
    """Return the words of the flags of a contact: "unknown" where every reading is in compliance."""
    return tuple(word for word, flag in _CONTACT_FLAGS.items() if flag & flags)
