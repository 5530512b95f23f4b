"""Sweeps in a table to results: threshold and hold of each half-sweep, and what they have in common."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tsbench.analysis.contact.contact import contact
from tsbench.analysis.resistance.resistances import resistances
from tsbench.analysis.statistics import bootstrap_interval, uniform_limit
from tsbench.analysis.tables.driven_quantity import is_current_driven
from tsbench.analysis.tables.table import Table
from tsbench.analysis.threshold.averaged_oscillation import NO_FACT, falling_part
from tsbench.analysis.threshold.current_offset import without_offset
from tsbench.analysis.threshold.half_sweeps import HalfSweep, IVPoints
from tsbench.analysis.threshold.snapback import snapback
from tsbench.analysis.threshold.source_levels import last_at_source
from tsbench.analysis.threshold.sweep_statistics import censored_at, half_width, statistics
from tsbench.analysis.threshold.switching_results import SweepFacts, Switching, summarise_results
from tsbench.analysis.threshold.switching_rule import WITHIN_A_STEP, Above, Rule
from tsbench.analysis.threshold.threshold import switching
from tsbench.analysis.threshold.turning_points import drive_noise
from tsbench.errors import ConfigurationError
from tsbench.extraction.current_offsets import events_with_doubt, offset_line
from tsbench.extraction.found import Found, drawn
from tsbench.extraction.missing_readings import beside_gaps
from tsbench.extraction.row_order import order_doubts
from tsbench.protocols.extracting.contacts import with_contact
from tsbench.quantities import format_interval, format_quantity
from tsbench.records import Flag, FloatArray, Result

#: the rule that others are compared with, as published evaluations use it
REFERENCE_RULE = Above(10e-9)
#: beginnings of the names of numbers of the on state, in which a device may oscillate
_ON_STATE = ("hold_voltage", "on_resistance", "differential_on_resistance")
_NOT_LOOKED_AT = (
    "the file does not say whether an oscilloscope recorded the device. While it is on, it may oscillate, and a source "
    "meter reads the mean of an oscillation. So numbers of the on state have the flag unchecked")
_SAME_STEP = 0.2  #: steps of both ways are equal within this share
#: half-sweeps, for a bootstrap of their mean. Chosen: of 2, 3, 4, 5 and 8 normal values, the interval by bootstrap
#: alone contains the true mean in 50, 75, 81, 82 and 89 % of the cases (2000 drawn samples of each)
_FEWEST_DIFFERENCES = 5
_WHOLE = 1e-6  #: numbers of sweeps are whole within this


def analyse_sweeps(
    table: Table, path: Path, rule: Rule, out: Path | None, read_voltage: float | None = None
) -> Found:
    """Return threshold, hold and resistances of each half-sweep of a table, statistics, and the figures.

    Parameters
    ----------
    table : with voltage and current
    path : of the table
    rule : what counts as switching
    out : folder for figures; None: none are drawn
    read_voltage : [V] at which the off resistance is read; None: half of the threshold voltage

    Raises
    ------
    ConfigurationError
        The column with the number of the sweep holds a number that is not whole.
    """
    points = sweep_points_of(table, path)
    facts = SweepFacts(voltage_noise=drive_noise(points.voltage))
    driven = points.level is None and is_current_driven(points.voltage, points.current)
    if driven:
        events, doubt = _unchecked(snapback(replace(points, level=points.current), SweepFacts()))
    else:
        points, uncertainty = without_offset(points, facts)
        facts = replace(facts, current_offset=uniform_limit(uncertainty))
        events, hidden = events_with_doubt(
            switching(_with_beyond(points, table), facts, rule), facts, rule, read_voltage)
        events, doubt = _unchecked(events)
        doubt = [*offset_line(points.offset), *hidden, *doubt]
    events, lost = beside_gaps(events, len(table.left_out) - len(table.beyond))
    events, cut = _cut_off(events)
    doubt = [*doubt, *lost, *cut]
    results = [event for half in events for event in (half.threshold_voltage, half.hold_voltage)]
    results += _resistances(events, facts, read_voltage)
    summaries, said = _summaries(points, events, rule, driven=driven)
    touching = contact(points.voltage, points.current)
    if Flag.SHORT in touching.flags:
        results = list(with_contact(tuple(results), touching))
        said.append(touching.message)
    if not driven and points.level is None:
        results, lines = _of_device_voltage(events, results)
        doubt = [*doubt, *lines]
    swept, other = (points.current, points.voltage) if driven else (points.voltage, points.current)
    if mixed := order_doubts(swept, other, "current" if driven else "voltage"):
        results, doubt = [replace(one, flags=one.flags | Flag.AMBIGUOUS) for one in results], [*doubt, *mixed]
    rows, remark = _on_state_marked([*results, *summaries])
    number = f"{len(events)} half-sweep{'s' if len(events) != 1 else ''}"
    found = Found(f"sweep{' of the current' if driven else ''}, {number}", rows, [*said, *doubt, *remark])
    return found if out is None else _with_figures(found, events, path, out)


def _cut_off(events: Sequence[Switching]) -> tuple[list[Switching], list[str]]:
    """Return the events, the last one in doubt where its way up ends before that of the others, and a line about it."""
    if not events:
        return [], []
    *others, last = events
    if last.threshold_voltage.value is not None or Flag.TOO_FEW not in last.hold_voltage.flags:
        return list(events), []
    ends = [float(np.abs(one.half.voltage).max()) for one in events if one.half.polarity == last.half.polarity]
    if Flag.NO_EVENT not in last.threshold_voltage.flags or ends[-1] >= max(ends):
        return list(events), []
    threshold = replace(last.threshold_voltage, flags=last.threshold_voltage.flags & ~Flag.NO_EVENT | Flag.AMBIGUOUS)
    return [*others, replace(last, threshold_voltage=threshold)], [
        f"the last half-sweep ends at {_volts(ends[-1])} on the way up, and others go up to {_volts(max(ends))}. So it "
        "is not known whether the device would have switched there"]


def _on_state_marked(results: Sequence[Result]) -> tuple[list[Result], list[str]]:
    """Return the results, UNCHECKED where they are of the on state, and what this means in words."""
    marked = [replace(one, flags=one.flags | NO_FACT.flag) if one.value is not None and one.quantity.startswith(
        _ON_STATE) and not one.quantity.endswith("_difference") else one for one in results]
    return marked, [_NOT_LOOKED_AT] if marked != list(results) else []


def _resistances(events: Sequence[Switching], facts: SweepFacts, read_voltage: float | None) -> list[Result]:
    """Return the resistances; no scope looked, so a negative one may be the mean of an oscillation."""
    doubt = Flag.UNCHECKED | Flag.AMBIGUOUS
    return [replace(one, flags=one.flags | doubt)
            if one.quantity == "negative_differential_resistance" and Flag.NO_EVENT not in one.flags else one
            for one in resistances(events, facts, read_voltage)]


def _of_device_voltage(events: Sequence[Switching], results: Sequence[Result]) -> tuple[list[Result], list[str]]:
    """Return the results, doubted where the set-points are not known, and what this means in words.

    Without a column of set-points, a voltage that no longer rises while the current jumps was read at the device.
    """
    halves = [event.half for event in events]
    assumed = sum(half.assumed for half in halves)
    unknown = sum(not half.assumed and last_at_source(half.voltage, half.current) is not None for half in halves)
    name = "If the table has the set-points of the source, name their column with --columns level=NAME"
    said = "the voltage stops rising where the current jumps, so it was read at the device"
    if not unknown:
        line = (f"in {assumed} half-sweep{'s' * (assumed != 1)}, {said}. The set-points of the source are taken to go "
                f"on in even steps. {name}")
        return list(results), [line] if assumed else []
    return ([replace(result, flags=result.flags | Flag.AMBIGUOUS) for result in results],
            [f"in {unknown} half-sweep{'s' * (unknown != 1)}, {said}. Its steps before that are not even, so the "
             f"set-points are not known, nor where the way up ends. {name}"])


def _unchecked(events: Sequence[Switching]) -> tuple[list[Switching], list[str]]:
    """Return the events, with a flag where the voltage falls smoothly, and what that means in words."""
    marked, falling = [], 0
    for event in events:
        # up to the highest current: without set-points, the highest voltage is where the voltage begins to fall
        if not falls_smoothly(event.half):
            marked.append(event)
            continue
        falling += 1
        marked.append(event.flagged(NO_FACT.flag))
    if not falling:
        return marked, []
    return marked, [
        f"in {falling} half-sweep{'s' * (falling != 1)} the voltage falls smoothly while the current rises: "
        f"{NO_FACT.verdict.value}. {NO_FACT.reason[0].upper()}{NO_FACT.reason[1:]}"]


def way_up(half: HalfSweep) -> slice:
    """Return the readings up to the highest current: where the voltage falls, it does not tell the way up."""
    return slice(0, int(np.argmax(half.current)) + 1)


def falls_smoothly(half: HalfSweep) -> bool:
    """Return whether the device voltage falls smoothly while the current rises, and not by the steps of a source."""
    up = way_up(half)
    part = falling_part(half.voltage[up], half.current[up])
    return part is not None and not _is_way_down(half.voltage[up], part)


def _is_way_down(voltage: FloatArray, part: slice) -> bool:
    """Return whether a voltage falls as it rose, by the steps of a source on its way down."""
    up, down = np.diff(voltage[: part.start + 1]), np.diff(voltage[part])
    return up.size > 0 and abs(float(np.median(down)) + float(np.median(up))) < _SAME_STEP * abs(float(np.median(up)))


def sweep_points_of(table: Table, path: Path) -> IVPoints:
    """Return the readings of a table with voltage and current; ``path`` names it in errors."""
    cycle_name = "sweep" if "sweep" in table.columns else "cycle"
    cycle = table.columns.get(cycle_name)
    if cycle is not None and (odd := np.flatnonzero(np.abs(cycle - np.rint(cycle)) > _WHOLE)).size:
        raise ConfigurationError(
            f"{path.name}: column {table.read[cycle_name]} holds {cycle[odd[0]]:g}. The number of a {cycle_name} must "
            "be a whole number. Name the columns with --columns, and leave out this column")
    return IVPoints(
        voltage=table.columns["voltage"],
        current=table.columns["current"],
        level=table.columns.get("level"),
        flags=table.flags,
        cycle=None if cycle is None else np.rint(cycle).astype(np.int64),
        cycle_name=cycle_name,
    )


def _with_beyond(points: IVPoints, table: Table) -> IVPoints:
    """Return the readings with those beyond the range among them, whose current is infinite."""
    if not table.beyond:
        return points
    places, volts = (np.array(part) for part in zip(*table.beyond, strict=True))
    beside = np.minimum(places, points.voltage.size - 1)

    def more(values: npt.NDArray[Any] | None, added: npt.NDArray[Any] | None = None) -> Any:
        return None if values is None else np.insert(values, places, values[beside] if added is None else added)

    return replace(
        points, voltage=more(points.voltage, volts), current=more(points.current, np.full(places.size, np.inf)),
        level=more(points.level, None if points.level is None else volts), flags=more(points.flags),
        cycle=more(points.cycle))


def _summaries(
    points: IVPoints, events: Sequence[Switching], rule: Rule, *, driven: bool
) -> tuple[list[Result], list[str]]:
    """Return number, mean, standard deviation, median per polarity, and the difference to the usual rule."""
    results: list[Result] = []
    lines: list[str] = []
    reference = None if driven or rule == REFERENCE_RULE else switching(points, rule=REFERENCE_RULE)
    for sign, name in ((1, "+"), (-1, "-")):
        ours = [event for event in events if event.half.polarity == sign]
        theirs = None if reference is None else [event for event in reference if event.half.polarity == sign]
        for quantity in ("threshold_voltage", "hold_voltage"):
            found: list[Result] = [getattr(event, quantity) for event in ours]
            if not found:
                continue
            number, without, _ = summarise_results(found)
            verb = "switch" if quantity == "threshold_voltage" else "switch back"
            conditions = {"polarity": name, "number": number, "without": without, "rule": str(rule)}
            censored = censored_at(found).size
            # a threshold is censored where the device is on at the first reading, a hold where it is on at the last
            changed = number + (censored if quantity == "threshold_voltage" else 0)
            clear = len(found) - sum(_is_unknown(one) for one in found)
            if clear or not _has_no_way(ours, quantity):
                lines.append(f"polarity {name}: {changed} half-sweeps {verb}, {clear - changed} do not (rule {rule})")
            if number == 0:
                doubt = Flag.AMBIGUOUS if clear < len(found) else Flag.NONE
                results.append(Result(f"{quantity}_mean", "V", None, None, None, "mean", conditions,
                                      Flag.NO_EVENT | doubt))
                continue
            numbers = statistics(quantity, sign, found, conditions)
            results += numbers
            if censored:
                where = "the first" if quantity == "threshold_voltage" else "the last"
                lines.append(
                    f"polarity {name}: in {censored} of these half-sweeps, the device is on at {where} reading, so "
                    f"they give only an upper bound of {quantity}. The mean of all half-sweeps is lower than the mean "
                    "in the next line")
            lines.append(f"polarity {name}: {_told(quantity, numbers)}")
            if theirs is not None:
                results += _difference(
                    quantity, found, [getattr(event, quantity) for event in theirs], conditions
                )
                if results[-1].quantity.endswith("_difference"):
                    only = results[-1].conditions
                    lines.append(
                        f"polarity {name}: {quantity} by rule {rule} minus {quantity} by rule {REFERENCE_RULE} is "
                        f"{_volts(results[-1].value)} on average, over the {only['number']} half-sweeps that have a "
                        f"value by both rules. {only['only_this_rule']} half-sweeps have a value only by rule {rule}, "
                        f"and {only['only_reference']} only by rule {REFERENCE_RULE}"
                    )
    switched = sum(
        event.threshold_voltage.value is not None or Flag.CENSORED in event.threshold_voltage.flags
        for event in events
    )
    results.insert(0, Result(
        "half_sweeps_switching", "", float(switched), None, None, f"rule {rule}",
        {"number": len(events), "without": len(events) - switched, "rule": str(rule)},
        Flag.AMBIGUOUS if any(_is_unknown(event.threshold_voltage) for event in events) else Flag.NONE))
    before, after = _counts(events, switched, rule)
    return results, [*before, *lines, *after, *_without_a_way(events)]


def _counts(events: Sequence[Switching], switched: int, rule: Rule) -> tuple[list[str], list[str]]:
    """Return lines with how many half-sweeps switch, and with why it is not known of others whether they do."""
    up = [event.threshold_voltage for event in events if event.half.rises]
    few = sum(Flag.TOO_FEW in one.flags for one in up)
    hidden, doubtful = sum(map(_is_hidden, up)), sum(map(_is_doubtful, up))
    unknown = sum(map(_is_unknown, up))
    others = len(up) - unknown - switched
    last = f", and of {unknown} it is not known" if unknown else ""
    before, after = [f"{switched} of {len(events)} half-sweeps switch, {others} do not{last} (rule {rule})"], []
    if few:
        has = "s have" if few > 1 else " has"
        before.append(f"{few} half-sweep{has} too few readings to show whether the device switches")
    if doubtful:
        after.append(f"in {doubtful} half-sweep{'s' * (doubtful > 1)} the conductance rises in one step much more "
                     "than in any other. The step is too wide to show whether the device switches there, or has a "
                     "steep characteristic. Use smaller steps, or read the voltage at the device")
    if hidden:
        after.append(f"in {hidden} half-sweep{'s' * (hidden > 1)} the current is beyond the range of the meter, so it "
                     "is not known whether the device switches there. Use a larger range")
    return before, after


def _is_hidden(one: Result) -> bool:
    """Return whether readings beyond the range hide whether there is an event."""
    return one.value is None and Flag.OVERFLOW in one.flags and Flag.CENSORED not in one.flags


def _is_unknown(one: Result) -> bool:
    """Return whether it is not known whether there is an event; a current level may tell nothing of it."""
    undecided = Flag.AMBIGUOUS in one.flags and not one.flags & (Flag.NO_EVENT | Flag.CENSORED)
    return (one.value is None and (Flag.TOO_FEW in one.flags or undecided)) or _is_hidden(one) or _is_doubtful(one)


def _is_doubtful(one: Result) -> bool:
    """Return whether no event was found, and one wide step may hide one."""
    return WITHIN_A_STEP in one.method


def _has_no_way(events: Sequence[Switching], quantity: str) -> bool:
    """Return whether no half-sweep has the branch on which a quantity is looked for."""
    if quantity == "threshold_voltage":
        return not any(event.half.rises for event in events)
    return not any(event.half.falls for event in events)


def _without_a_way(events: Sequence[Switching]) -> list[str]:
    """Return a line for each branch that some half-sweeps do not have."""
    lines = []
    for quantity, way, verb in (("threshold_voltage", "up", "on"), ("hold_voltage", "down", "back")):
        number = sum(_has_no_way([event], quantity) for event in events)
        if number:
            lines.append(f"{number} half-sweep{'s have' if number > 1 else ' has'} no way {way}, so nothing is known "
                         f"of switching {verb} there")
    return lines


def _difference(
    quantity: str,
    ours: Sequence[Result],
    theirs: Sequence[Result],
    conditions: Mapping[str, Any],
) -> list[Result]:
    known = [(a.value - b.value, math.hypot(half_width(a), half_width(b)))
             for a, b in zip(ours, theirs, strict=True) if a.value is not None and b.value is not None]
    if not known:
        return []
    both, widths = np.array(known).T
    mean = float(both.mean())
    bounds = bootstrap_interval(both, lambda drawn: drawn.mean(axis=1))
    # equal differences have no scatter. But each voltage has its own interval, and steps are common to all half-sweeps
    own = float(np.median(widths))
    low, high = (mean + side * math.hypot(end - mean if np.isfinite(end) else 0.0, own)
                 for side, end in zip((-1.0, 1.0), bounds, strict=True))
    only_ours = sum(a.value is not None and b.value is None for a, b in zip(ours, theirs, strict=True))
    only_theirs = sum(a.value is None and b.value is not None for a, b in zip(ours, theirs, strict=True))
    told = {
        **conditions,
        "reference_rule": str(REFERENCE_RULE),
        "number": int(both.size),
        "only_this_rule": only_ours,
        "only_reference": only_theirs,
    }
    del told["without"]
    return [
        Result(
            f"{quantity}_difference",
            "V",
            mean,
            low,
            high,
            "mean of the differences between the two rules in each half-sweep; interval by bootstrap, "
            "combined with the intervals of the two voltages",
            told,
            Flag.TOO_FEW if both.size < _FEWEST_DIFFERENCES else Flag.NONE,
        )
    ]


def _told(quantity: str, numbers: Sequence[Result]) -> str:
    """Return mean, standard deviation and median of a quantity in words, each with the interval of its row."""
    names = "mean", "standard deviation", "median"
    return ", ".join(
        f"{f'the {name} of {quantity}' if k == 0 else f'its {name}'} is "
        f"{format_interval(one.value, one.low, one.high, one.unit)}"
        for k, (name, one) in enumerate(zip(names, numbers, strict=True))
        if (one.value, one.low, one.high) != (None, None, None))


def _volts(value: float | None) -> str:
    return format_quantity(value, "V")


def _with_figures(found: Found, events: Sequence[Switching], path: Path, out: Path) -> Found:
    from tsbench.analysis.figures import sweep_figure, threshold_distribution

    drawings = {"iv": lambda: sweep_figure(events, title=path.stem)}
    if any(event.threshold_voltage.value is not None for event in events) and len(events) > 1:
        drawings["thresholds"] = lambda: threshold_distribution(events, title=path.stem)
    return drawn(found, path, out, drawings)
