"""Whether a run of a campaign is performed or left out, by its conditions and by what is known when its turn comes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tsbench.errors import TsbenchError
from tsbench.protocols import Protocol
from tsbench.station.campaign.evaluating import Lookup, truth_of
from tsbench.station.campaign.expansion import Item
from tsbench.station.campaign.expression import Expression
from tsbench.station.campaign.facts import DeviceFacts, lookup_of
from tsbench.station.campaign.planning import parsed
from tsbench.station.campaign.specs import CampaignFile, StepSpec
from tsbench.station.campaign.values import ExpressionError, Quantified, Unknown
from tsbench.station.device_record import DeviceLife

_SLACK = 1e-9  #: relative, of a comparison with a stated bound


@dataclass(frozen=True)
class Decision:
    """What is done with an item."""

    protocol: Protocol | None = None  #: with the numbers of its expressions
    reason: str = ""  #: why it is left out


class Decider:
    """Decides on the items of one campaign.

    Parameters
    ----------
    file : CampaignFile
    life : device -> its record
    """

    def __init__(self, file: CampaignFile, life: Callable[[str], DeviceLife]) -> None:
        self._file, self._life = file, life
        self._steps: Mapping[str, StepSpec] = {step.name: step for step in file.steps}

    def decide(self, item: Item, facts: DeviceFacts, bad: str) -> Decision:
        """Return whether an item is performed now.

        Parameters
        ----------
        facts : of its device
        bad : why its device gets no further runs, except by a condition on its contact or state; ""
        """
        owner = self._steps.get(item.owner, item.step)
        lookup = self._lookup(item, facts)
        try:
            reason = self._left_out(item, owner, facts, lookup, bad)
            if reason:
                return Decision(reason=reason)
            return Decision(parsed(item, self._numbers(item, lookup)))
        except _NotKnown as unknown:
            return Decision(reason=str(unknown))
        except (ExpressionError, TsbenchError) as error:
            return Decision(reason=f"its parameters cannot be computed ({error})")

    def is_good(self, item: Item, facts: DeviceFacts) -> bool:
        """Whether the last run of a step with ``until`` is good, so that it is not tried again."""
        return item.step.until is None or truth_of(item.step.until, self._lookup(item, facts)) is True

    def _lookup(self, item: Item, facts: DeviceFacts, series: str = "") -> Lookup:
        columns = self._file.map.rows.get(item.device, {}) if self._file.map is not None else {}
        lookup: Lookup = lookup_of(facts, self._file.vocabulary, columns, self._life(item.device), series)
        return lookup

    def _left_out(self, item: Item, owner: StepSpec, facts: DeviceFacts, lookup: Lookup, bad: str) -> str:
        if item.part == "after":
            begun = any(run.step == owner.name for run in facts.runs)
            return "" if begun else f"no run of {owner.name} was made"
        if bad and not _asks_for_contact(owner.when):
            return bad
        step = item.step
        if item.attempt > 1 and self.is_good(item, facts):
            return f"an earlier try was good ({step.until.text if step.until else ''})"
        if item.in_series and step.stop_series is not None:
            points = {run.point for run in facts.runs if run.step == step.name}
            if (item.point in points if step.repeat > 1 else points) and truth_of(
                    step.stop_series, self._lookup(item, facts, step.name)) is True:
                return f"the series has ended ({step.stop_series.text})"
        if owner.when is not None:
            found = truth_of(owner.when, lookup)
            if isinstance(found, Unknown):
                return f"its condition '{owner.when.text}' cannot be judged: {found.reason}"
            if not found:
                return f"its condition is not met: {owner.when.text}{_values(owner.when, lookup)}"
        return ""

    def _numbers(self, item: Item, lookup: Lookup) -> dict[tuple[str, int], float]:
        """Return the numbers of the expressions of an item; they must lie where they were planned."""
        found: dict[tuple[str, int], float] = {}
        for name, formulas in item.formulas.items():
            for place, formula in enumerate(formulas):
                value = formula.value(lookup)
                if isinstance(value, Unknown):
                    raise _NotKnown(f"{name} = '{formula.text}' is not known: {value.reason}")
                for used in formula.names():
                    self._require_expected(used.name, lookup(used))
                found[name, place] = value.value
        return found

    def _require_expected(self, name: str, value: object) -> None:
        bounds = self._file.vocabulary.expected.get(name)
        if bounds is None or not isinstance(value, Quantified):
            return
        slack = _SLACK * max(abs(bounds.low), abs(bounds.high))
        if not bounds.low - slack <= value.value <= bounds.high + slack:
            raise _NotKnown(f"{name} is {value.text}, but the plan allows {bounds.text}. Widen it in [expected] if the "
                            "limits of the device allow it")


class _NotKnown(Exception):
    """A number is not known, or is not where it was planned; the message says which."""


def _asks_for_contact(condition: Expression | None) -> bool:
    return condition is not None and any(
        name.name == "contact" or (name.step, name.name) == ("device", "state") for name in condition.names())


def _values(condition: Expression, lookup: Lookup) -> str:
    """Return the values of the names in a condition, for the message: ", with threshold_voltage 1.3 V"."""
    told = []
    for name in condition.names():
        value = lookup(name)
        if isinstance(value, Quantified | str):
            told.append(f"{name.text} {value.text if isinstance(value, Quantified) else value}")
    return f" (with {', '.join(dict.fromkeys(told))})" if told else ""
