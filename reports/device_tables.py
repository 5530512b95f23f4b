"""Tables of devices, runs, steps and flags."""

from collections import Counter
from collections.abc import Sequence

from tsbench.records import Flag
from tsbench.reports.devices import STATES, DeviceRun, ReportedDevice
from tsbench.reports.document import Block, Cell, Folded, Note, Sheet
from tsbench.reports.numbers import ReportedQuantity
from tsbench.reports.pictures import run_cell
from tsbench.reports.words import FLAGS, amount, clock, count, examples, interval, place_name
from tsbench.station.campaign.state import INTERRUPTED

_MANY = 40  #: devices from which on their rows stand in a fold
_SHOWN = 6  #: quantities in the table of all devices
_NOT_FINISHED = "not finished"


def flagged_devices(devices: Sequence[ReportedDevice]) -> list[Block]:
    """Return the devices that do not count as working, each with the reason and the remedy."""
    flagged = [one for one in devices if one.state != "working"]
    if not flagged:
        return [Note("Every device switches.")]
    if len(flagged) > _MANY:
        return [_flagged_states(flagged), Folded(f"All {len(flagged):,} flagged devices", (_flagged_rows(flagged),))]
    return [_flagged_rows(flagged)]


def _flagged_states(flagged: Sequence[ReportedDevice]) -> Sheet:
    """Return one row for each state: of so many devices, nobody reads a row each."""
    rows = []
    for state in STATES:
        mine = [one for one in flagged if one.state == state]
        if mine:
            rows.append((_state_cell(mine[0]), Cell(f"{len(mine):,}"), Cell(mine[0].reason),
                         Cell(examples([one.name for one in mine]))))
    return Sheet(("state", "devices", "reason of the first, and what to do", "which"), tuple(rows))


def _flagged_rows(flagged: Sequence[ReportedDevice]) -> Sheet:
    order = {state: place for place, state in enumerate(STATES)}
    rows = tuple((Cell(one.name, f"#{place_name('device', one.name)}"), _state_cell(one), Cell(one.reason))
                 for one in sorted(flagged, key=lambda one: (order[one.state], one.name)))
    return Sheet(("device", "state", "reason, and what to do"), rows)


def all_devices(devices: Sequence[ReportedDevice], found: Sequence[ReportedQuantity]) -> list[Block]:
    """Return one row for each device: its state, its first quantities, and its runs."""
    shown = [one for one in found if any(one.value(device.name) is not None for device in devices)][:_SHOWN]
    rows = []
    for one in devices:
        numbers = [Cell(quantity.text(one.name)) for quantity in shown]
        die = "-" if one.die is None else ", ".join(str(part) for part in one.die[:2])
        begun = sum(run.begun for run in one.runs)
        rows.append((Cell(one.name), Cell(die), _state_cell(one), *numbers, Cell(str(begun))))
    table = Sheet(("device", "die", "state", *(one.name for one in shown), "runs"), tuple(rows))
    return [Folded(f"All {len(rows):,} devices", (table,))] if len(rows) > _MANY else [table]


def _state_cell(device: ReportedDevice) -> Cell:
    return Cell(STATES[device.state], mark=device.state)


def steps_table(devices: Sequence[ReportedDevice]) -> list[Block]:
    """Return one row for each step: how many of its runs have which status; then what was not performed, and why."""
    runs = [run for device in devices for run in device.runs]
    statuses = ["success", "fail", "abort", INTERRUPTED, _NOT_FINISHED, "left out"]
    statuses += sorted({run.status for run in runs} - set(statuses))
    statuses = [one for one in statuses if any(run.status == one for run in runs)]
    steps = list(dict.fromkeys(run.step for run in runs))
    rows = []
    for step in steps:
        mine = [run for run in runs if run.step == step]
        counts = Counter(run.status for run in mine)
        protocol = next((run.protocol for run in mine if run.protocol), "")
        rows.append((Cell(step), Cell(protocol), *(Cell(str(counts[one]) if counts[one] else "-") for one in statuses)))
    blocks: list[Block] = [Sheet(("step", "protocol", *statuses), tuple(rows))]
    return blocks + _not_performed(runs)


def _not_performed(runs: Sequence[DeviceRun]) -> list[Block]:
    blocks: list[Block] = []
    ended = [run for run in runs if run.begun and run.status != "success"]
    if ended:
        rows = tuple((run_cell(run), Cell(run.status, mark=run.status), Cell(clock(run.time)),
                      Cell(run.reason or "the process ended before the run was finished" if run.status != _NOT_FINISHED
                           else "begun and not finished: it is measured now, or was interrupted"))
                     for run in ended)
        blocks.append(Sheet(("run", "status", "begun", "reason"), rows, "Runs that did not end well"))
    reasons: dict[tuple[str, str], list[DeviceRun]] = {}
    for run in runs:
        if not run.begun:
            reasons.setdefault((run.step, _without_numbers(run.reason)), []).append(run)
    if reasons:
        rows = tuple((Cell(step), Cell(f"{len(mine):,}"), Cell(mine[0].reason),
                      Cell(examples([run.key for run in mine])))
                     for (step, _), mine in reasons.items())
        blocks.append(Sheet(("step", "runs", "reason", "which"), rows, "Runs that were left out"))
    return blocks


def _without_numbers(reason: str) -> str:
    """Return a reason without the values of one device, so that equal reasons are one row."""
    return reason.partition(" (with ")[0].partition(" looks ")[2] or reason.partition(" (with ")[0]


def flags_table(devices: Sequence[ReportedDevice]) -> list[Block]:
    """Return one row for each flag of a result: how often, of which devices, what it means, and what to do."""
    results: Counter[Flag] = Counter()
    who: dict[Flag, dict[str, None]] = {}
    total = 0
    for device in devices:
        for run in device.runs:
            for result in run.results:
                total += 1
                for flag in FLAGS:
                    if flag in result.flags:
                        results[flag] += 1
                        who.setdefault(flag, {})[device.name] = None
    if not results:
        return [Note(f"No result has a flag ({count(total, 'result')}).")]
    rows = []
    for flag, number in results.most_common():
        rows.append((Cell(str(flag.name).lower()), Cell(f"{number:,} of {total:,}"),
                     Cell(examples(list(who[flag]))), Cell(FLAGS[flag][0]), Cell(FLAGS[flag][1])))
    return [Sheet(("flag", "results", "devices", "meaning", "what to do"), tuple(rows))]


def runs_of_devices(devices: Sequence[ReportedDevice]) -> list[Block]:
    """Return a fold for each device: its runs with their results and links to their files."""
    folds = tuple(Folded(f"{one.name}: {STATES[one.state]}, {count(sum(run.begun for run in one.runs), 'run')}",
                         tuple(_runs_of(one)), printed=False, place=place_name("device", one.name)) for one in devices)
    return [Folded("Runs of each device", folds, printed=False)] if len(folds) > _MANY else list(folds)


def _runs_of(device: ReportedDevice) -> list[Block]:
    blocks: list[Block] = [Note(device.reason)] if device.reason else []
    rows = []
    for run in device.runs:
        if run.begun:
            numbers = "; ".join(f"{result.quantity.replace('_', ' ')} "
                                f"{interval(result.value, result.low, result.high, result.unit)}"
                                for result in run.results if result.value is not None)
            flags = Flag.NONE
            for result in run.results:
                flags |= result.flags
            rows.append((run_cell(run), Cell(clock(run.time)), Cell(run.status, mark=run.status), Cell(numbers or "-"),
                         Cell(", ".join(flags.names()) or "-")))
    blocks.append(Sheet(("run", "begun", "status", "results", "flags"), tuple(rows)))
    dose = device.dose
    if dose.cycles or dose.max_voltage:
        blocks.append(Note(f"In these runs the device was exposed to {dose.cycles:,.0f} cycles, "
                           f"{amount(dose.charge, 'C')}, {amount(dose.energy, 'J')}, at most "
                           f"{amount(dose.max_voltage, 'V')} and {amount(dose.max_current, 'A')}."))
    return blocks
