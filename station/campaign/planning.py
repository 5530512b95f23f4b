"""The plan of a whole campaign before its first message: every run against limits and budgets, red and amber.

Functions on items for whatever runs them. The instruments that say what they can do are open; nothing is switched on.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tsbench.errors import ConfigurationError, LimitError, TsbenchError
from tsbench.instruments import Plan, PlanItem
from tsbench.protocols import Protocol
from tsbench.records import DeviceLimits
from tsbench.station.bench.accepting import Accepted
from tsbench.station.campaign.expansion import Item
from tsbench.station.campaign.facts import planning_lookup
from tsbench.station.campaign.held_levels import LevelsOfRuns
from tsbench.station.campaign.names import Vocabulary
from tsbench.station.campaign.values import ExpressionError, Quantified, Unknown
from tsbench.station.device_record import Budget, DeviceLife, Dose, planned_dose
from tsbench.station.runner.planning import checked_plan
from tsbench.station.runner.safety import RunnerBench
from tsbench.storage.codec import to_json

_MOST_CORNERS = 64  #: combinations of lowest and highest values that one run is planned at


@dataclass(frozen=True)
class Foreseen:
    """The worst case of one run at the terminals of the device, at any instant."""

    peaks: Mapping[str, float]  #: voltage [V], current [A], power [W]; infinite: there is no bound
    model: str = ""  #: of the catalogue, by which it was simulated; "": it was not
    devices: int = 0  #: that were simulated
    reason: str = ""  #: why it was not simulated
    readings: Mapping[str, float] = field(default_factory=dict)  #: the largest that a device like the model gives [SI]
    each: Mapping[str, Sequence[float]] = field(default_factory=dict)  #: quantity -> what each simulated device saw
    #: what source meters may let stand or flow by their compliance: voltage [V], current [A]
    compliances: Mapping[str, float] = field(default_factory=dict)

    @property
    def told(self) -> str:
        """How it was found, for a table."""
        if self.model:
            return f"simulated with {self.devices} devices of the model {self.model}"
        return f"bounded by voltage and resistances, because {self.reason}" if self.reason else "bounded"


@dataclass(frozen=True)
class PlannedItem:
    """A run and its worst case, or why it is refused."""

    item: Item
    plan: Plan | None = None
    dose: Dose = field(default_factory=Dose)
    problem: TsbenchError | None = None
    limits: DeviceLimits = field(default_factory=DeviceLimits)  #: of its device
    protocols: tuple[Protocol, ...] = ()  #: the run, at each combination of the ends of its expressions
    beyond: bool = False  #: a limit of the device is the only problem: a simulation may show that it is none
    doubt: str = ""  #: why it may be refused, if no condition leaves out the runs before
    foreseen: Foreseen | None = None  #: the worst case at any instant
    accepted: Accepted | None = None  #: what must have been accepted before it is performed

    def worst(self, quantity: str, planned: float) -> float:
        """Return the worst case of a quantity at the device: as foreseen, else as ``planned``.

        Parameters
        ----------
        quantity : of the worst case
        planned : its value by the plan, in SI units
        """
        return planned if self.foreseen is None else self.foreseen.peaks.get(quantity, planned)


class ItemPlanner:
    """Plans runs on an open bench; equal runs on devices with equal limits are planned once.

    Parameters
    ----------
    bench : RunnerBench
    vocabulary : of the campaign
    columns : device -> its row of the wafer map
    life : device -> its record
    """

    def __init__(
        self, bench: RunnerBench, vocabulary: Vocabulary, columns: Mapping[str, Mapping[str, Quantified | str]],
        life: Callable[[str], DeviceLife],
    ) -> None:
        self._bench, self._vocabulary, self._columns, self._life = bench, vocabulary, columns, life
        self._stations: dict[tuple[str, str], RunnerBench] = {}
        self._plans: dict[str, Plan | TsbenchError] = {}
        self._levels = LevelsOfRuns(bench.guards.forgets_levels)

    def plan(self, item: Item, between: Sequence[Item] = ()) -> PlannedItem:
        """Return the worst case of a run over all values that its expressions may have.

        ``between``: the runs on other benches since the last one on this bench, which is opened anew after them.
        """
        try:
            station = self._station(item)
            protocols = self._protocols(item)
        except (TsbenchError, ExpressionError) as error:
            problem = error if isinstance(error, TsbenchError) else ConfigurationError(str(error))
            return PlannedItem(item, problem=problem)
        plans: list[Plan] = []
        beyond: TsbenchError | None = None
        for protocol in protocols:
            found = self._planned(station, protocol, item)
            if isinstance(found, LimitError):   # of the device? Then the plan is good without its limits
                beyond, found = beyond or found, self._planned(self._without_limits(station), protocol, item)
            if isinstance(found, TsbenchError):
                return PlannedItem(item, problem=found, limits=station.device.limits)
            plans.append(found)
        reason, doubt = self._levels.judged(item, station, list(zip(protocols, plans, strict=True)), between)
        if reason:
            return PlannedItem(item, problem=LimitError(reason), limits=station.device.limits)
        plan = worst_of(plans)
        return PlannedItem(item, plan, planned_dose(plan), beyond, station.device.limits, tuple(protocols),
                           beyond is not None, doubt)

    def _without_limits(self, station: RunnerBench) -> RunnerBench:
        found = station.planning_for("")
        found.device = replace(found.device, limits=DeviceLimits())
        return found

    def _station(self, item: Item) -> RunnerBench:
        key = item.device, to_json(dict(sorted(item.fixture.items())))
        if key not in self._stations:
            pending = self._bench.preparation.pending(item.fixture)
            here = self._bench.device.identifier == item.device and not pending
            self._stations[key] = self._bench if here else self._bench.planning_for(item.device, pending)
        return self._stations[key]

    def _protocols(self, item: Item) -> list[Protocol]:
        """Return the protocol at each combination of the ends of its expressions."""
        life = self._life(item.device) if item.formulas else DeviceLife()
        lookup = planning_lookup(self._vocabulary, self._columns.get(item.device, {}), life)
        ends: dict[tuple[str, int], list[float]] = {}
        for name, formulas in item.formulas.items():
            for place, formula in enumerate(formulas):
                value = formula.value(lookup)
                if isinstance(value, Unknown):
                    raise ConfigurationError(f"{name} = {formula.text!r}: {value.reason}")
                ends[name, place] = sorted({value.low, value.high})
        corners = list(itertools.islice(itertools.product(*ends.values()), _MOST_CORNERS + 1))
        if len(corners) > _MOST_CORNERS:
            raise ConfigurationError(f"{item.step.name}: it has too many expressions to be planned at all their "
                                     "bounds. Use fewer, or [parameters]")
        return [parsed(item, dict(zip(ends, corner, strict=True))) for corner in corners]

    def _planned(self, station: RunnerBench, protocol: Protocol, item: Item) -> Plan | TsbenchError:
        same = replace(station.device, identifier="")
        key = to_json([protocol.name, protocol.parameters(), dict(item.fixture), same])
        if key not in self._plans:
            try:
                self._plans[key] = checked_plan(station, protocol)
            except TsbenchError as error:
                self._plans[key] = error
        return self._plans[key]


def parsed(item: Item, values: Mapping[tuple[str, int], float]) -> Protocol:
    """Return the protocol of a run with numbers for its expressions: (parameter, place in it) -> number [SI].

    Raises
    ------
    ConfigurationError
        The protocol does not take one of the values.
    """
    settings: dict[str, Any] = dict(item.settings)
    for name, formulas in item.formulas.items():
        numbers = [values[name, place] for place in range(len(formulas))]
        whole = item.step.protocol.model_fields[name].annotation is int
        settings[name] = (round(numbers[0]) if whole else numbers[0]) if len(numbers) == 1 else tuple(numbers)
    return item.step.protocol.parse(settings)


def worst_of(plans: Sequence[Plan]) -> Plan:
    """Return a plan with the worst of several."""
    if len(plans) == 1:
        return plans[0]
    worst: dict[str, PlanItem] = {}
    for plan in plans:
        for item in plan.worst_case:
            if item.quantity not in worst or item.value > worst[item.quantity].value:
                worst[item.quantity] = item
    warnings = tuple(dict.fromkeys(warning for plan in plans for warning in plan.warnings))
    return Plan(max(p.steps for p in plans), max(p.points for p in plans), max(p.duration for p in plans),
                max(p.bytes for p in plans), tuple(worst.values()), warnings=warnings)


def plan_items(
    items: Sequence[Item], open_bench: Callable[[Path, str | None], RunnerBench],
    vocabulary: Vocabulary, columns: Mapping[str, Mapping[str, Quantified | str]], life: Callable[[str], DeviceLife],
) -> tuple[list[PlannedItem], RunnerBench | None]:
    """Plan every run on its bench, which is opened for it; nothing is switched on and no device is moved.

    Returns
    -------
    list of PlannedItem
        In the order of the items.
    RunnerBench or None
        The bench of the first item, still open: the caller closes it. None: it did not open.
    """
    first = items[0]
    planned: dict[int, PlannedItem] = {}
    kept: RunnerBench | None = None
    paths = list(dict.fromkeys(item.step.bench for item in items))
    for path in (*paths[1:], first.step.bench):
        members = [item for item in items if item.step.bench == path]
        try:
            bench = open_bench(path, first.device if path == first.step.bench else None)
        except TsbenchError as error:
            planned |= {item.number: PlannedItem(item, problem=error) for item in members}
            continue
        try:
            planner = ItemPlanner(bench, vocabulary, columns, life)
            places = [number for number, item in enumerate(items) if item.step.bench == path]
            between = [items[last + 1:place] for last, place in itertools.pairwise((places[0], *places))]
            planned |= {item.number: planner.plan(item, others)
                        for item, others in zip(members, between, strict=True)}
        except BaseException:
            bench.close()
            raise
        if path == first.step.bench:
            kept = bench
        else:
            bench.close()
    return [planned[item.number] for item in items], kept


def doubts_of(planned: Sequence[PlannedItem]) -> list[str]:
    """Return an amber line for each doubt; equal doubts of several runs are one line."""
    found: dict[str, list[str]] = {}
    for one in planned:
        if one.doubt and one.problem is None:
            found.setdefault(one.doubt, []).append(one.item.where)
    return [f"{who(keys)}: {line}" for line, keys in found.items()]


def who(keys: Sequence[str]) -> str:
    """Return in words to which of several runs a line belongs."""
    return keys[0] if len(keys) == 1 else f"{keys[0]} and {len(keys) - 1} more"


def budget_problems(
    planned: Sequence[PlannedItem], budget_of: Callable[[PlannedItem], Budget], life: Callable[[str], DeviceLife],
) -> tuple[dict[int, str], list[str]]:
    """Compare all runs of each device together with what is left of its budget.

    Returns
    -------
    dict
        Number of a run -> why it is refused: with the runs before that no condition can leave out, it is beyond.
    list of str
        Amber lines: beyond the budget only if no condition leaves a run out.
    """
    refused: dict[int, str] = {}
    amber: list[str] = []
    certain: dict[str, Dose] = {}
    all_of: dict[str, Dose] = {}
    doubtful: dict[str, str] = {}
    for one in planned:
        budget = budget_of(one)
        if one.plan is None or not budget.limited:
            continue
        device = one.item.device
        if device not in certain:
            certain[device] = all_of[device] = life(device).used
        alone = budget.refusal(life(device).used, one.dose, device)
        together = budget.refusal(certain[device], one.dose, device)
        if alone or (together and not one.item.conditional):
            refused[one.item.number] = alone or together
        elif reason := budget.refusal(all_of[device], one.dose, device):
            doubtful.setdefault(device, reason)
        if not one.item.conditional:
            certain[device] += one.dose
        all_of[device] += one.dose
    if doubtful:
        names = list(doubtful)
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        amber.append(
            f"the budget of {', '.join(names[:3])}{more} is not enough for all runs that may be made. Runs that it "
            f"does not allow will be left out ({doubtful[names[0]]})")
    return refused, amber
