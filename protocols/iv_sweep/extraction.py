"""A sweep to numbers: threshold and hold of each half-sweep, and the level from which the device oscillates."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tsbench.analysis.resistance.resistances import resistances
from tsbench.analysis.threshold.averaged_oscillation import LOOKS, falling_part, seen_quiet
from tsbench.analysis.threshold.current_offset import flagged_if_offset_matters, possible_offsets, without_offset
from tsbench.analysis.threshold.half_sweeps import IVPoints
from tsbench.analysis.threshold.snapback import snapback
from tsbench.analysis.threshold.switching_results import Switching, step_flags
from tsbench.analysis.threshold.switching_rule import noise_floor
from tsbench.analysis.threshold.threshold import switching
from tsbench.protocols.extracting.facts import device_current, parameter, sweep_facts
from tsbench.protocols.extracting.nothing_recorded import or_nothing
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.quantities import format_quantity
from tsbench.records import Flag, Result, Run, RunEvent
from tsbench.samples import noise_of

#: as many times more than the conductance grows by in the step before: then the device may have switched
_MUCH_MORE = 3.0
_ONSET_METHOD = ("between the last level without oscillation at the scope and the first level with oscillation. It "
                 "may be a small one, in which the device does not switch")


def sweep_points(run: Run) -> IVPoints:
    """Return the readings of a sweep, the drop along the wires taken off the voltage."""
    names = {column.name for column in run.header.columns}
    resistance = run.header.fixture.path_resistance.get("drive", 0.0)
    known = "device_voltage" in names
    voltage = (
        run.column("device_voltage")
        if known
        else (run.column("voltage") - resistance * run.column("current"))
    )
    cycle, polarity = run.column("cycle"), run.column("polarity")
    named = np.isfinite(cycle) & np.isfinite(polarity)   # a row without them is of no half-sweep
    return IVPoints(
        voltage=voltage[named],
        current=(device_current(run) if known else run.column("current"))[named],
        level=run.column("set_point")[named],
        flags=run.point_flags[named],
        cycle=cycle[named].astype(np.int64),
        polarity=polarity[named].astype(np.int64),
    )


def sweep_switching(run: Run, options: ExtractionOptions | None = None) -> tuple[Switching, ...]:
    """Return threshold and hold of each half-sweep of a sweep, with what a figure needs."""
    options = options or ExtractionOptions()
    if len(run.points) == 0:
        return ()
    facts = sweep_facts(run, options)
    if parameter(run, "drive", "voltage") == "current":
        return tuple(_doubted(event, run, facts.voltage_noise) for event in snapback(sweep_points(run), facts))
    points, _ = without_offset(sweep_points(run), facts)   # its limit stays that of the data sheet
    events = switching(points, facts, options.rule)
    if not points.offset:
        events = tuple(flagged_if_offset_matters(event, possible_offsets(event.half, facts), facts, options.rule)
                       for event in events)
    return tuple(_doubted(event, run, facts.voltage_noise) for event in events)


def _doubted(event: Switching, run: Run, noise: float) -> Switching:
    """Return the event with flags where no scope tells a negative resistance from an oscillation.

    Where the voltage falls smoothly while the current rises, the readings may be means of an oscillation
    (:mod:`tsbench.analysis.threshold.averaged_oscillation`). In the oscillation, the device switches on at a higher
    voltage, and off at a lower voltage, than any reading shows.
    """
    fall = _fall(event, noise)
    told = int(Flag.OSCILLATING | Flag.UNCHECKED)
    if fall is None or seen_quiet(fall, _check_every(run)) or (
            np.bitwise_or.reduce(fall) & told == int(Flag.OSCILLATING)):
        return event
    return event.flagged(Flag.AMBIGUOUS)


def _fall(event: Switching, noise: float) -> npt.NDArray[np.uint32] | None:
    """Return the flags of the readings at which the voltage falls smoothly; None where it does not."""
    up = event.half.up()
    voltage, current = event.half.voltage[up], event.half.current[up]
    part = falling_part(voltage, current, max(noise, noise_of(voltage)))
    return None if part is None else event.half.flags[up][part]


def _check_every(run: Run) -> int | None:
    return int(parameter(run, "check_every", 0)) or None


def looked_too_seldom(run: Run) -> str:
    """Return one line where the scope looked too seldom to exclude an oscillation; "" where it did not."""
    every = _check_every(run)
    if every is None or len(run.points) == 0:
        return ""
    noise = sweep_facts(run, ExtractionOptions()).voltage_noise
    falls = [fall for event in sweep_switching(run) if (fall := _fall(event, noise)) is not None]
    seldom = [fall.size for fall in falls if not seen_quiet(fall, every)
              and not (fall & int(Flag.OSCILLATING | Flag.UNCHECKED)).any()]
    if not seldom:
        return ""
    return too_seldom(min(seldom), every)


def too_seldom(readings: int, check_every: int) -> str:
    """Return one line: a scope looked too seldom at a fall of the voltage to exclude an oscillation.

    Parameters
    ----------
    readings : over which the voltage falls
    check_every : readings between two looks of the scope
    """
    again = f"check_every={readings // LOOKS}, or with smaller steps" if readings >= LOOKS else (
        f"check_every=1 and with smaller steps, so that {LOOKS} readings or more lie in the fall")
    looked = f"looked only after every {check_every} readings" if check_every > 1 else "looked at each of them"
    return (f"the voltage falls smoothly over {readings} readings, and the scope {looked} (check_every). Fewer than "
            f"{LOOKS} looks do not exclude that the readings are means of an oscillation. Sweep again with {again}")


def thresholds(run: Run, options: ExtractionOptions) -> list[Result]:
    """Return threshold, hold and resistances of each half-sweep, and the onset of an oscillation that the scope saw."""
    events = sweep_switching(run, options)
    found = [result for event in events for result in event.results()]
    if events:
        found += sweep_resistances(run, events, options)
    return or_nothing(found + oscillation_onset(run), run, "threshold_voltage", "V")


def sweep_resistances(run: Run, events: Sequence[Switching], options: ExtractionOptions) -> tuple[Result, ...]:
    """Return the resistances [Ohm] of the half-sweeps of a run.

    Parameters
    ----------
    run : under voltage or current drive
    events : of each half-sweep, as :func:`sweep_switching` returns them
    options : choices of the extraction, such as the read voltage
    """
    return resistances(events, sweep_facts(run, options), options.read_voltage)


def on_at_last_level(run: Run) -> str:
    """Return one line where a sweep has no switching, but a device that is on at its highest level only; else "".

    One reading alone may be wild, so it is no event.
    """
    noise = sweep_facts(run, ExtractionOptions()).current_noise if len(run.points) else 0.0
    for event in sweep_switching(run):
        half, turn, after = event.half, event.half.turn, event.half.down().start + 1
        if Flag.NO_EVENT not in event.threshold_voltage.flags or turn < 2:
            continue
        conductance = half.current / np.maximum(half.voltage, 1e-300)
        beside = max(float(conductance[k]) for k in (turn - 1, after) if k < conductance.size)
        rises = max(float(conductance[turn - 1]) / max(float(conductance[turn - 2]), 1e-300), 1.0)
        seen = _MUCH_MORE * noise_floor(half, noise)
        if conductance[turn] < _MUCH_MORE * rises * beside or half.current[turn] < seen:
            continue
        before, at = (
            f"{format_quantity(float(half.current[k]), 'A', 3)} at {format_quantity(float(half.voltage[k]), 'V', 3)}"
            for k in (turn - 1, turn))
        return (
            f"it was on at the highest level only. The current is {before}, and {at} at the next level. The device may "
            "switch between these levels, or the reading is wrong. Measure again with smaller steps")
    return ""


def oscillation_onset(run: Run) -> list[Result]:
    """Return the onset of the first oscillation of each polarity; empty where the scope saw no oscillation.

    A device that oscillates may never switch from one steady state to another. It has no threshold among readings that
    are averages, but it has a level from which on it oscillates, by the scope records taken during the sweep.
    The interval is a bracket of set-points. Where no quiet look came before, only its upper bound is known.
    """
    names = {column.name for column in run.header.columns}
    seen = [event for event in run.events if {"set_point", "frequency"} <= set(event.data)]
    if not {"set_point", "time", "cycle", "polarity"} <= names:
        return []
    first: dict[bool, RunEvent] = {}
    for event in seen:
        first.setdefault(float(event.data["set_point"]) > 0, event)
    return [_onset(run, event) for event in first.values()]


def _onset(run: Run, first: RunEvent) -> Result:
    """Return the onset of a polarity of which ``first`` is the first oscillation that the scope saw."""
    level = float(first.data["set_point"])
    oscillating = (run.point_flags & int(Flag.OSCILLATING | Flag.UNCHECKED)) != 0
    before = (run.column("time") < first.time) & ~oscillating & (run.column("set_point") * level >= 0)
    quiet = run.column("set_point")[before]
    unit = "A" if parameter(run, "drive", "voltage") == "current" else "V"
    conditions = {"polarity": "+" if level > 0 else "-"}
    if quiet.size == 0 or abs(float(quiet[-1])) >= abs(level):
        below, above = (None, level) if level > 0 else (level, None)
        return Result("oscillation_onset", unit, None, below, above, _ONSET_METHOD, conditions, Flag.CENSORED)
    low, high = sorted((float(quiet[-1]), level))
    return Result("oscillation_onset", unit, 0.5 * (low + high), low, high, _ONSET_METHOD, conditions,
                  step_flags(high - low, level))
