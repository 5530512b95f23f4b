"""A search for the refractory period to numbers: the period, the probability after long gaps, the first pulses."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tsbench.analysis.adaptive.search import refractory_goal
from tsbench.analysis.pulse.firing import Firing, PulseOutcome, outcome, probability_result
from tsbench.protocols.adapting.chooser import PulseChooser
from tsbench.protocols.adapting.extraction import SearchChooser, Searched, judging_facts, searched
from tsbench.protocols.adaptive_refractory.parameters import RefractoryParameters
from tsbench.protocols.extracting.edge_tally import EdgeTally
from tsbench.protocols.extracting.facts import named_rows, parameter
from tsbench.protocols.extracting.nothing_recorded import or_nothing
from tsbench.protocols.extracting.pulse_records import record_flags
from tsbench.protocols.extracting.signals import DeviceRecord, device_records
from tsbench.protocols.paired_pulse.extraction import pulse_began, sample_interval, shown_of_pulse
from tsbench.records import Fixture, Flag, Result, Run


def refractory_choosers(settings: RefractoryParameters, fixture: Fixture) -> Callable[[], PulseChooser]:
    """Return what makes the choosers of the gaps of a run, one for each amplitude."""
    goal = refractory_goal(settings.shortest, settings.longest, settings.ratio, settings.budget)

    def chooser() -> GapChooser:
        edges = EdgeTally(fixture)

        def judge(gap: float, records: Sequence[DeviceRecord]) -> bool | None:
            first, second = judged_pair(records, settings.width, gap, settings.rise_time, settings.fall_time, edges)
            made.tells_nothing = tells_nothing(first, second)
            made.unseen = not_shown(first, second)
            if second is not None and second.firing is Firing.UNDECIDED:
                made.unread(gap, math.sqrt(settings.ratio))
            return second_fired(first, second)

        made = GapChooser(
            goal, fixture, judge, "the refractory period", math.exp, math.log,
            lambda now, wanted: f"ratio of the ends of the interval {math.exp(min(now, 99.0)):.3g}, "
                                f"{math.exp(wanted):.3g} wanted")
        return made

    return chooser


class GapChooser(SearchChooser):
    """Chooses gaps that are long enough to read the level between the pulses.

    A pair that tells nothing changes no belief, so the same gap would be chosen again until the budget is spent.
    """

    sends = "pairs"
    _shortest = 0.0

    def unread(self, gap: float, factor: float) -> None:
        """Choose no gap [s] any more below ``factor`` of one that was too short to read the level.

        Parameters
        ----------
        gap : [s] that was too short
        factor : of the shortest gap from now on to this one
        """
        self._shortest = max(self._shortest, factor * gap)

    def choose(self) -> float:
        """Return the next gap [s]."""
        return max(super().choose(), self._shortest)


def judged_pair(
    records: Sequence[DeviceRecord], width: float, gap: float, rise: float, fall: float,
    edges: EdgeTally | None = None,
) -> tuple[PulseOutcome, PulseOutcome] | tuple[None, None]:
    """Return what both pulses of a pair did, ``width``, ``gap``, rise and fall time in s; None without a current.

    ``edges``: of the pairs of the same amplitude before this one; None: they are not looked at. First pulses look
    alike, and second pulses after the same gap: the device may still be on in them.
    """
    found: list[PulseOutcome] = []
    began = 0.0
    for number, record in enumerate(records[:2], start=1):
        if record.voltage is None or record.current is None:
            return None, None
        began = pulse_began(record, rise) if number == 1 else began
        edge, shown = shown_of_pulse(record, number, width, gap, fall, began)
        part = record.times[shown], record.voltage[0][shown], record.current[0][shown], judging_facts(record)
        one = outcome(*part, record_flags(record, 0), edge=edge, rested=found[0] if found else None)
        alike = 0.0 if number == 1 else gap
        undecided = edges is not None and edges.undecided(alike, *part, one)
        found.append(replace(one, firing=Firing.AT_ONCE) if undecided else one)
    return (found[0], found[1]) if len(found) == 2 else (None, None)


def tells_nothing(first: PulseOutcome | None, second: PulseOutcome | None) -> bool:
    """Return whether a pair tells nothing, because the device conducts from an edge on."""
    return any(one is not None and one.firing is Firing.AT_ONCE for one in (first, second))


def not_shown(first: PulseOutcome | None, second: PulseOutcome | None) -> bool:
    """Return whether the record of a pulse of a pair does not show it, or the scope missed one of them."""
    return any(one is None or one.firing is Firing.UNSEEN for one in (first, second))


def second_fired(first: PulseOutcome | None, second: PulseOutcome | None) -> bool | None:
    """Return whether the second pulse fired; None where the first did not, or it is undecided: no such pair counts."""
    if first is None or second is None or first.firing is not Firing.FIRED or second.firing in {
            Firing.UNDECIDED, Firing.AT_ONCE, Firing.UNSEEN}:
        return None
    return second.firing is Firing.FIRED


@dataclass(frozen=True)
class JudgedPair:
    """One pair of a run; None where the scope missed a pulse."""

    amplitude: float  #: [V]
    gap: float  #: [s]
    first: PulseOutcome | None
    second: PulseOutcome | None


def judged_pairs(run: Run) -> dict[float, list[JudgedPair]]:
    """Return the pairs of each amplitude [V], in order of time."""
    seen: dict[int, dict[int, DeviceRecord]] = {}
    for record in device_records(run):
        if Flag.TRIGGER_MISSED not in record.flags:
            seen.setdefault(round(record.conditions["pair"]), {})[round(record.conditions["pulse"])] = record
    width, rise, fall = (float(parameter(run, name)) for name in ("width", "rise_time", "fall_time"))
    pairs: dict[float, list[JudgedPair]] = {}
    edges: dict[float, EdgeTally] = {}
    for number, amplitude, gap in named_rows(run, "pair", "amplitude", "gap"):
        mine = seen.get(round(number), {})
        tally = edges.setdefault(float(amplitude), EdgeTally(run.header.fixture))
        both = (judged_pair([mine[1], mine[2]], width, float(gap), rise, fall, tally) if {1, 2} <= set(mine)
                else (None, None))
        pairs.setdefault(float(amplitude), []).append(JudgedPair(float(amplitude), float(gap), *both))
    return pairs


def refractory_search(run: Run, pairs: Sequence[JudgedPair]) -> Searched:
    """Return what the pairs of one amplitude of a stored run found."""
    shortest, longest, ratio = (float(parameter(run, name)) for name in ("shortest", "longest", "ratio"))
    goal = refractory_goal(shortest, longest, ratio, int(parameter(run, "budget")))
    return searched(goal, [math.log(pair.gap) for pair in pairs],
                    [second_fired(pair.first, pair.second) for pair in pairs],
                    sum(pair.first is None or pair.second is None for pair in pairs),
                    at_once=sum(tells_nothing(pair.first, pair.second) for pair in pairs),
                    unreadable=sum(pair.first is not None and not_shown(pair.first, pair.second) for pair in pairs))


def refractory_results(run: Run) -> list[Result]:
    """Return refractory period, probability after long gaps, and how often first pulses fired, at each amplitude."""
    results = [result for amplitude, pairs in judged_pairs(run).items() for result in _results(run, amplitude, pairs)]
    return or_nothing(results, run, "refractory_period", "s")


def _results(run: Run, amplitude: float, pairs: Sequence[JudgedPair]) -> list[Result]:
    found = refractory_search(run, pairs)
    conditions: dict[str, object] = {
        "amplitude": amplitude, "pulse_width": float(parameter(run, "width")), "base": float(parameter(run, "base"))}
    whole = {**conditions, "pairs": found.sent, "ended": found.ended or "stopped"}
    instant = math.sqrt(2.0) * sample_interval(run)   # of both ends of a gap
    unread = sum(pair.second is not None and pair.second.firing is Firing.UNDECIDED for pair in pairs)
    notes = found.notes if not unread else (
        f"{found.notes}. {unread} pairs are left out, because their gap is too short to read the level between the "
        "pulses")
    notes += found.advice
    period = Result("refractory_period", "s", *found.bounds(math.exp, lambda x: instant / math.exp(x)), notes,
                    {**whole, "statistic": "half of the long-gap probability"}, found.flags)
    plateau = found.found.interval(lambda curves: curves.plateau)
    empty = Flag.NO_EVENT in found.flags
    value, low, high = (None, None, None) if empty else (plateau.value, plateau.low, plateau.high)
    long_gaps = Result("long_gap_probability", "", value, low, high, found.notes + found.advice, whole,
                       found.flags & ~Flag.CENSORED)
    firsts = [pair.first.firing for pair in pairs
              if pair.first is not None and pair.first.firing is not Firing.STILL_ON]
    first = probability_result(
        "firing_probability", [one is Firing.FIRED for one in firsts], len(firsts), conditions,
        "first pulses after a rest", told=[one not in (Firing.AT_ONCE, Firing.UNSEEN) for one in firsts])
    return [period, long_gaps, first]
