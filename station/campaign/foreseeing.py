"""The most that the device sees of each planned run: simulated where a model of it is known, else bounded.

Who measures imports no simulation: ``python -m tsbench.station.preflight`` simulates in a process of its own.
"""

import math
import statistics
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tsbench.errors import ConfigurationError, LimitError, TsbenchError, sentences
from tsbench.instruments.guard.limits import WorstCase
from tsbench.quantities import format_quantity, short_quantity, told_apart
from tsbench.records import DeviceDescription
from tsbench.station.bench.accepting import Accepted
from tsbench.station.bench.shown_magnitudes import UNITS, shows
from tsbench.station.campaign.planning import Foreseen, PlannedItem, who
from tsbench.station.campaign.simulating import simulated
from tsbench.station.runner.discharge import charged_path
from tsbench.station.runner.safety import RunnerBench
from tsbench.storage.codec import to_json

PATIENCE = 60.0  #: [s] of processor time for the runs of one kind of device
_LONGEST = 600.0  #: [s] until the answer: a machine may be busy, and the first time the simulation is compiled
MARGIN = 1.1  #: of what was simulated: parts of the wiring and the instruments have tolerances of some per cent
#: The corners of the variation are two standard deviations out. This power of the ratio of largest and median value
#: goes to three, where the logarithm of a peak follows the parameters evenly; at most by the factor of _FARTHEST
_OUTWARDS, _FARTHEST = 0.5, 2.0
#: of a voltage that is set. The accuracy of usual generators is 1 % (Keysight 33600A, data sheet: 1 % of the setting
#: and 1 mV); that of source meters is better
SOURCE_ERROR = 0.01
READ_BACK = 1e-3  #: relative; an instrument may set and answer a level or a compliance with so few digits
_SLACK = 1e-9


#: a question to the simulation -> its answer, as ``python -m tsbench.station.preflight`` gives it
Simulation = Callable[[Mapping[str, Any]], Sequence[Mapping[str, Any]]]


def in_a_child(question: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Have another process simulate; raises OSError, ValueError or SubprocessError where it fails."""
    return simulated(question, _LONGEST)


def foreseen_peaks(
    path: Path, bench: RunnerBench, planned: Sequence[PlannedItem], simulate: Simulation = in_a_child,
) -> dict[int, Foreseen]:
    """Return the worst case of every run that has a plan: number of the run -> worst case.

    Devices of one material that get the same runs are simulated once. The runs are simulated in the order of the
    campaign, one after the other on each simulated device; equal runs once.

    Parameters
    ----------
    path : the bench file
    bench : the bench, open
    planned : the runs
    simulate : asks the simulation
    """
    of_device: dict[str, list[PlannedItem]] = {}
    for one in planned:
        if one.plan is not None and one.item.step.bench == path:
            of_device.setdefault(one.item.device, []).append(one)
    alike: dict[str, list[str]] = {}
    for device, items in of_device.items():
        described = bench.planning_for(device).device
        key = to_json([described.material, [_run_key(one) for one in items]])
        alike.setdefault(key, []).append(device)
    models = {name: str(facts.get("model", "")) for name, facts in bench.describe().items()}
    found: dict[int, Foreseen] = {}
    for devices in alike.values():
        runs = {_run_key(one): one for one in of_device[devices[0]]}   # equal ones once, in their order
        simulated, reason = _simulated(simulate, path, bench.planning_for(devices[0]).device, models, runs)
        for one in (one for device in devices for one in of_device[device]):
            found[one.item.number] = _foreseen(bench, one, simulated.get(_run_key(one), ()), reason)
    return found


def _run_key(one: PlannedItem) -> str:
    return to_json([[protocol.name, protocol.model_dump(mode="json")] for protocol in one.protocols]
                   + [dict(one.item.fixture)])


def _simulated(
    simulate: Simulation, path: Path, device: DeviceDescription, models: Mapping[str, str],
    runs: Mapping[str, PlannedItem],
) -> tuple[dict[str, list[Mapping[str, Any]]], str]:
    """Return what the simulation found of each run, at all ends of its expressions, and why there is nothing."""
    if not device.material:
        return {}, f"the bench file names no material of {device.identifier}"
    asked = [(key, {"protocol": protocol.name, "parameters": protocol.model_dump(mode="json"),
                    "values": dict(one.item.fixture)}) for key, one in runs.items() for protocol in one.protocols]
    question = {"ask": "peaks", "bench": str(path), "device": device.identifier, "models": dict(models),
                "runs": [run for _, run in asked], "patience": PATIENCE}
    try:
        answers = simulate(question)
    except (OSError, subprocess.SubprocessError, ValueError, TsbenchError):
        return {}, "the simulation failed"
    if len(answers) != len(asked):
        return {}, "the simulation did not answer for each run"
    found: dict[str, list[Mapping[str, Any]]] = {}
    for (key, _), answer in zip(asked, answers, strict=True):
        found.setdefault(key, []).append(answer)
    return found, ""


def _foreseen(bench: RunnerBench, one: PlannedItem, simulated: Sequence[Mapping[str, Any]], reason: str) -> Foreseen:
    bound, compliances = bound_of(bench, one), _compliances(bench, one)
    incomplete = reason or next((str(run["reason"]) for run in simulated if run.get("reason")), "")
    if incomplete or not simulated or not all(run.get("peaks") for run in simulated):
        return Foreseen(bound, reason=incomplete or "nothing was simulated", compliances=compliances)
    highest = {name: min(max(beyond([float(device[name]) for device in run["peaks"]]) for run in simulated),
                         bound[name]) for name in UNITS}
    each = {name: tuple(max(float(device[name]) for device in devices)
                        for devices in zip(*(run["peaks"] for run in simulated), strict=False)) for name in UNITS}
    return Foreseen(highest, str(simulated[0]["model"]), min(len(run["peaks"]) for run in simulated),
                    readings=_readings(simulated), each=each, compliances=compliances)


def _readings(simulated: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return the largest magnitude of each reading that a device like the model gives; one that varies without bound
    in a run or on a device is left out.
    """
    tables = [list(run.get("readings") or [{}]) for run in simulated]
    names = set.intersection(*(set(device) for table in tables for device in table))
    return {name: max(beyond([float(device[name]) for device in table]) for table in tables) for name in sorted(names)}


def _compliances(bench: RunnerBench, one: PlannedItem) -> dict[str, float]:
    """Return the largest compliance of each kind that a run sets at a source meter: quantity -> [V] or [A]."""
    found: dict[str, float] = {}
    for protocol in one.protocols:
        value = getattr(protocol, "compliance", None)
        values = [float(each) for each in (value if isinstance(value, tuple | list) else [value])
                  if isinstance(each, int | float)]
        if values and any(_is_source_meter(bench, role) for role in protocol.roles):
            name = "voltage" if getattr(protocol, "drive", "voltage") == "current" else "current"
            found[name] = max(found.get(name, 0.0), *map(abs, values))
    return found


def _is_source_meter(bench: RunnerBench, role: str) -> bool:
    try:
        bench.source_meter(role)
    except ConfigurationError:
        return False
    return True


def beyond(peaks: Sequence[float]) -> float:
    """Return what hardly a device exceeds, from the peaks of the simulated ones.

    Parameters
    ----------
    peaks : of one quantity, one of each simulated device, in any unit: that of what is returned
    """
    highest, middle = max(peaks), statistics.median(peaks)
    outwards = min((highest / middle) ** _OUTWARDS, _FARTHEST) if middle > 0 else _FARTHEST
    return MARGIN * outwards * highest


def bound_of(bench: RunnerBench, one: PlannedItem) -> dict[str, float]:
    """Return what no passive device can exceed behind the resistances of the wiring: quantity -> value.

    The sources of the run and all capacitances of the netlist hold the largest voltage of the plan for a moment,
    whatever a compliance limits afterwards. Infinite where no resistance is between them and the device, and the bench
    file states no least resistance of the device.
    """
    assert one.plan is not None
    voltage = max((float(item.value) for item in one.plan.worst_case if item.quantity == "voltage"), default=0.0)
    voltage *= 1.0 + SOURCE_ERROR
    station = bench.planning_for(one.item.device, bench.preparation.pending(one.item.fixture))
    fixture = station.fixture
    roles = [role for role in one.item.step.protocol.roles if role in fixture.source_resistance]
    least = station.device.least_resistance or 0.0
    resistance = charged_path(station, one.item.step.protocol.roles)
    if resistance is None:
        resistance = min((fixture.source_resistance[role] for role in roles), default=0.0)
    worst = _worst_case_behind(voltage, resistance, least)
    return {"voltage": worst.voltage, "current": worst.current, "power": worst.power}


@dataclass(frozen=True)
class Judged:
    """What the worst case of a run means for its limits."""

    problem: LimitError | None = None  #: it is refused
    doubt: str = ""  #: it needs a yes
    accepted: Accepted | None = None  #: what the yes allows


def judged(one: PlannedItem, foreseen: Foreseen) -> Judged:
    """Compare the worst case of a run with the limits of its device.

    Simulated, it decides: beyond a limit the run is refused, and what a plan for any device would refuse (a short in
    its place) only needs a yes. Not simulated, the run is refused if the bound is beyond a limit, or if there is none.
    A compliance beyond a limit is told too, because the guard of the run refuses it, however small the current is.
    """
    problems: list[str] = []
    doubts: list[str] = []
    most: dict[str, float] = {}
    instead_of: dict[str, float] = {}
    for name, unit in UNITS.items():
        limit = getattr(one.limits, f"max_{name}")
        if limit is None:
            continue
        value = foreseen.peaks[name]
        if name == "voltage":   # the error of a source is told, and counts in no limit, as the guard has it
            value = min(value, _planned(one, name))
        planned, compliance = _planned(one, name), foreseen.compliances.get(name, 0.0)
        if value > limit * (1 + _SLACK):
            problems.append(_refusal(name, value, limit, one.item.device, foreseen))
        elif max(planned, compliance) <= limit * (1 + _SLACK):
            continue
        elif foreseen.model and not shows(foreseen.readings, name):
            reached, allowed = told_apart(max(planned, compliance), limit, unit)
            problems.append(
                f"device: a device of any resistance may see a {name} of {reached}, above max_{name} of {allowed}, and "
                f"no reading of the run shows its {name}. So nobody would notice if {one.item.device} is not like the "
                f"model {foreseen.model}. Change the parameters or max_{name}, or sense the {name} with a scope")
        elif foreseen.model:
            doubts.append(_doubt(name, max(planned, compliance), limit, value, foreseen))
            most[f"max_{name}"] = max(planned, compliance) * (1 + READ_BACK)
            instead_of[f"max_{name}"] = limit
        elif compliance > limit * (1 + _SLACK):
            reached, allowed = told_apart(compliance, limit, unit)
            problems.append(f"device: the compliance is {reached}, but max_{name} of {one.item.device} is {allowed}. "
                            "Lower 'compliance', or change the limit in the bench file")
    accepted = Accepted(foreseen.model, most, instead_of, foreseen.readings) if most and not problems else None
    doubt = sentences(*doubts, "If you accept this, the run may set what is planned, and it ends at the first reading "
                      "that is larger than a device like the model gives") if doubts else ""
    return Judged(LimitError(sentences(*problems)) if problems else None, doubt, accepted)


def _doubt(name: str, most: float, limit: float, simulated: float, foreseen: Foreseen) -> str:
    """Return why a run needs a yes: ``most`` [V, A or W] may come to any device, ``simulated`` to a modelled one."""
    unit, allowed = UNITS[name], short_quantity(limit, UNITS[name])
    by_meter = foreseen.compliances.get(name, 0.0) > limit * (1 + _SLACK)
    lower = f"With a compliance of at most {allowed}, the source meter itself keeps this limit" if by_meter else ""
    return sentences(
        f"a device of any resistance may see a {name} of {format_quantity(most, unit, 3)}, above max_{name} of "
        f"{allowed}",
        f"{foreseen.told[:1].upper()}{foreseen.told[1:]}, it is at most {format_quantity(simulated, unit, 3)}", lower)


def _refusal(name: str, value: float, limit: float, device: str, foreseen: Foreseen) -> str:
    if math.isinf(value):
        allowed = short_quantity(limit, UNITS[name])
        return (f"device: nothing bounds the {name} when {device} switches and the capacitance across it discharges "
                f"({foreseen.reason}), but max_{name} is {allowed}. State the material, or least_resistance in "
                f"[devices.{device}] of the bench file")
    reached, allowed = told_apart(value, limit, UNITS[name])
    more = "" if foreseen.model else f"state least_resistance in [devices.{device}], "
    told = foreseen.told
    if each := foreseen.each.get(name, ()):
        beyond_it = sum(one > limit for one in each)
        told += (f": {beyond_it} of them pass the limit" if beyond_it else
                 f": none of them passes the limit, but one comes to {format_quantity(max(each), UNITS[name], 3)}, and "
                 "others may differ more")
    return (f"device: when it switches, {name} may reach {reached} ({told}), but max_{name} of {device} is "
            f"{allowed}. Change the parameters, {more}or change max_{name} in [devices.ID.limits] or [device.limits] "
            "of the bench file")


def with_foreseen(
    planned: Sequence[PlannedItem], foreseen: Mapping[int, Foreseen],
) -> tuple[list[PlannedItem], list[str]]:
    """Judge every run by its worst case; returns the runs, and the amber lines.

    Equal doubts of several runs are one line.

    Parameters
    ----------
    planned : all runs
    foreseen : number of the run -> what was foreseen for it
    """
    found: list[PlannedItem] = []
    doubts: dict[str, list[str]] = {}
    for one in planned:
        mine = foreseen.get(one.item.number)
        if mine is None:
            found.append(one)
            continue
        verdict = judged(one, mine)
        lifted = one.beyond and mine.model and not _beyond_per_event(one)
        problem = verdict.problem or (None if lifted else one.problem)
        found.append(replace(one, foreseen=mine, problem=problem, accepted=None if problem else verdict.accepted))
        if verdict.problem is None and verdict.doubt:
            doubts.setdefault(verdict.doubt, []).append(one.item.where)
    return found, [f"{who(keys)}: {line}" for line, keys in doubts.items()]


def _beyond_per_event(one: PlannedItem) -> bool:
    """Whether the plan is beyond a limit of charge or energy, which are not simulated."""
    limits = {name: getattr(one.limits, f"max_{name}") for name in ("charge", "energy")}
    return any(limit is not None and _planned(one, name) > limit * (1 + _SLACK) for name, limit in limits.items())


def _planned(one: PlannedItem, quantity: str) -> float:
    assert one.plan is not None
    return max((float(item.value) for item in one.plan.worst_case if item.quantity == quantity), default=0.0)


def _worst_case_behind(voltage: float, resistance: float, least: float = 0.0) -> WorstCase:
    """Return the worst case of a voltage [V] behind a resistance [Ohm], for any device of at least ``least`` [Ohm].

    It holds at every instant, whatever a source limits. Current and power are infinite where there is no resistance.
    """
    if math.isinf(resistance) or voltage == 0:
        return WorstCase(abs(voltage), 0.0, 0.0)
    total = resistance + least
    current = abs(voltage) / total if total > 0 else math.inf
    matched = max(resistance, least)   # the device resistance at which it takes most power
    power = voltage**2 * matched / (resistance + matched) ** 2 if matched > 0 else math.inf
    return WorstCase(abs(voltage), current, power)
