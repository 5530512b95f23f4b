"""Tables of settings, limits and budgets, instruments, programs and files."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from tsbench.quantities import short_quantity
from tsbench.records import DeviceLimits
from tsbench.reports.bench_facts import BenchFacts, bench_facts
from tsbench.reports.devices import DeviceRun, ReportedDevice, bench_text
from tsbench.reports.document import Block, Cell, Folded, Listing, Note, Sheet
from tsbench.reports.folder import CampaignRecord, text_sha256
from tsbench.reports.pictures import run_cell
from tsbench.reports.words import amount, clock, count, printed

_LIMITS = (("max_voltage", "voltage", "V"), ("max_current", "current", "A"), ("max_power", "power", "W"),
           ("max_charge", "charge of one event", "C"), ("max_energy", "energy of one event", "J"))
_DOSES = (("cycles", "cycles", ""), ("charge", "charge", "C"), ("energy", "energy", "J"))
_LONGEST = 200  #: characters of a setting


def settings_table(devices: Sequence[ReportedDevice], campaign: CampaignRecord | None) -> list[Block]:
    """Return the parameters of each step as they were sent, and the file of the campaign."""
    blocks: list[Block] = []
    found: dict[str, dict[str, list[tuple[Any, str]]]] = {}
    for device in devices:
        for run in device.runs:
            for name, entry in _parameters(run, campaign).items():
                if isinstance(entry, Mapping):
                    value = entry.get("value"), str(entry.get("unit", ""))
                    values = found.setdefault(run.step, {}).setdefault(name, [])
                    if value not in values:
                        values.append(value)
    for step, parameters in found.items():
        rows = tuple((Cell(name.replace("_", " ")), Cell(_values(values))) for name, values in parameters.items()
                     if any(value not in (None, "", []) for value, _ in values))
        blocks.append(Folded(f"Parameters of {step}", (Sheet(("parameter", "value"), rows),)))
    for title, _, text in file_versions(campaign):
        blocks.append(Folded(title, (Listing(text),)))
    return blocks or [Note("No run has parameters.")]


def file_versions(campaign: CampaignRecord | None) -> list[tuple[str, str, str]]:
    """Return title, name and text of each version of the file of a campaign by which something was measured."""
    if campaign is None:
        return []
    state, found = campaign.state, list[tuple[str, str, str]]()
    for one in (state.begun, *state.files):
        since = f" from {clock(str(one.get('time', '')))} on" if state.files else ""
        if text := str(one.get("text", "")):
            name = str(one.get("file", "")).replace("\\", "/").rpartition("/")[2]
            found.append((f"The file of the campaign{since}", name, text))
    return found


def _parameters(run: DeviceRun, campaign: CampaignRecord | None) -> Mapping[str, Any]:
    former = campaign is not None and any(run.run_id == one.run for one in campaign.state.earlier)
    if campaign is not None and run.key in campaign.state.intents and run.begun and not former:
        found = campaign.state.intents[run.key].get("parameters", {})
        return found if isinstance(found, Mapping) else {}
    return run.stored.run.header.parameters if run.stored is not None else {}


def _values(values: Sequence[tuple[Any, str]]) -> str:
    """Return one value, or the smallest and the largest of several numbers."""
    numbers = [value for value, _ in values if isinstance(value, int | float) and not isinstance(value, bool)]
    unit = values[0][1]
    if len(values) > 1 and len(numbers) == len(values):
        return (f"{amount(min(numbers), unit, 4)} to {amount(max(numbers), unit, 4)} "
                f"({len(values)} different values)")
    text = "; ".join(_value(value, unit) for value, _ in values)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _value(value: Any, unit: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return printed(short_quantity(float(value), unit, 6)) if isinstance(value, int | float) else str(value)


def exposure_table(devices: Sequence[ReportedDevice], campaign: CampaignRecord | None) -> list[Block]:
    """Return the largest exposure of a device beside its limits and budgets."""
    blocks: list[Block] = []
    exposed = {one.name: one.dose for one in devices if any(run.begun for run in one.runs)}
    if campaign is None:
        blocks.append(Note("These runs belong to no campaign, so what the devices were exposed to was not added up."))
        exposed = {}
    limits = _limits(devices)
    rows = []
    for name, words, unit in _LIMITS:
        bounds = sorted({bound for one in limits if (bound := getattr(one, name)) is not None})
        used = {device: getattr(dose, name) for device, dose in exposed.items() if hasattr(dose, name)}
        most = max(used, key=lambda device: used[device], default="")
        if bounds or most:
            rows.append((Cell(f"largest {words}"),
                         Cell(" or ".join(amount(bound, unit) for bound in bounds) or "no limit"),
                         Cell(_largest(devices, most, name, used[most], unit) if most else "not added up"), Cell(most)))
    budgets = _budgets(devices)
    for name, words, unit in _DOSES:
        used = {device: getattr(dose, name) for device, dose in exposed.items()}
        most = max(used, key=lambda device: used[device], default="")
        bounds = sorted({budget[name] for budget in budgets if name in budget})
        if bounds or most:
            rows.append((Cell(f"{words} in all runs"),
                         Cell(" or ".join(amount(bound, unit) for bound in bounds) or "no budget"),
                         Cell(_summed(devices, most, name, used[most], unit) if most else "not added up"), Cell(most)))
    if rows:
        blocks.append(Sheet(("quantity", "limit or budget of a device", "largest exposure in this campaign", "device"),
                            tuple(rows)))
    if exposed:
        blocks.append(Note("Charge and energy of sweeps are summed over the readings. Pulses, and runs that were "
                           "interrupted, count with their planned worst case. Power, and the charge and energy of one "
                           "event, are checked before each run and not stored."))
    for one in campaign.accepted if campaign is not None else ():
        lines = "; ".join(str(line) for line in one.get("lines", ()))
        who, when = one.get("by") or "an unknown person", clock(str(one.get("time", "")))
        blocks.append(Note(f"Accepted by {who} at {when}: {lines}", loud=True))
    return blocks


def _largest(devices: Sequence[ReportedDevice], device: str, name: str, value: float, unit: str) -> str:
    """Return the largest value of a device, and whether it is planned only."""
    runs = [run for one in devices if one.name == device for run in one.exposing if getattr(run.dose, name) == value]
    if runs and all(run.by_plan for run in runs):
        return f"{amount(value, unit)} (planned worst case of {runs[0].key or runs[0].run_id}, not measured)"
    return amount(value, unit)


def _summed(devices: Sequence[ReportedDevice], device: str, name: str, value: float, unit: str) -> str:
    """Return the sum over the runs of a device, and how much of it is planned only."""
    planned = sum(getattr(run.dose, name) for one in devices if one.name == device for run in one.exposing
                  if run.by_plan)
    return f"{amount(value, unit)}" + (f" ({amount(planned, unit)} of it planned, not measured)" if planned else "")


def _limits(devices: Sequence[ReportedDevice]) -> set[DeviceLimits]:
    return {run.stored.run.header.device.limits for device in devices for run in device.runs if run.stored is not None}


def _budgets(devices: Sequence[ReportedDevice]) -> list[Mapping[str, float]]:
    found: list[Mapping[str, float]] = []
    for text in _bench_texts(devices):
        facts = bench_facts(text)
        for device in devices:
            found.append({**facts.budgets.get("", {}), **facts.budgets.get(device.name, {})})
    return found


def _bench_texts(devices: Sequence[ReportedDevice]) -> list[str]:
    return list(dict.fromkeys(bench_text(run.stored) for device in devices for run in device.runs
                              if run.stored is not None))


# ------------------------------------------------------------------------------------------------------- provenance


def instruments_table(devices: Sequence[ReportedDevice]) -> list[Block]:
    """Return the instruments of all runs with their serial numbers and dates of calibration."""
    rows: dict[tuple[str, ...], list[DeviceRun]] = {}
    for device in devices:
        for run in device.runs:
            if run.stored is None:
                continue
            facts = bench_facts(bench_text(run.stored))
            for name, one in run.stored.run.header.instruments.items():
                key = (name, " ".join(str(one.get(part, "")) for part in ("manufacturer", "model")).strip(),
                       str(one.get("serial", "")), str(one.get("firmware", "")), str(one.get("driver", "")),
                       _calibration(facts, name, run), "simulated" if one.get("simulated") else "real")
                rows.setdefault(key, []).append(run)
    if not rows:
        return [Note("No run file names its instruments.")]
    return [Sheet(("name", "instrument", "serial number", "firmware", "driver", "calibration", "kind", "runs"),
                  tuple((*(Cell(text) for text in key), Cell(f"{len(mine):,}")) for key, mine in rows.items()))]


def _calibration(facts: BenchFacts, name: str, run: DeviceRun) -> str:
    """Return what the bench file says of the calibration, and whether it was due before a run."""
    done, due = facts.calibrated.get(name), facts.due.get(name)
    parts = [f"{done:%Y-%m-%d}"] if done is not None else []
    if due is not None:
        parts.append(f"due {due:%Y-%m-%d}")
        day = _day(run.stored.run.header.start_time) if run.stored is not None else None
        if day is not None and day > due:
            parts.append("OVERDUE when it measured")
    return ", ".join(parts) or "not in the bench file"


def _day(text: str) -> datetime.date | None:
    try:
        return datetime.datetime.fromisoformat(text).date()
    except ValueError:
        return None


def programs_table(devices: Sequence[ReportedDevice], campaign: CampaignRecord | None) -> list[Block]:
    """Return versions, machines and the hashes of the files that say what was measured."""
    found: dict[tuple[str, ...], int] = {}
    benches: dict[tuple[str, str], int] = {}
    worlds: dict[tuple[str, str], int] = {}
    for run in (run for device in devices for run in device.runs if run.stored is not None):
        assert run.stored is not None
        facts = run.stored.run.header.provenance
        git = _mapping(facts.get("git"))
        commit = f"{str(git.get('commit', ''))[:12]}{' with changes' if git.get('dirty') else ''}" if git else "-"
        libraries = ", ".join(f"{name} {version}" for name, version in _mapping(facts.get("libraries")).items())
        key = (f"{facts.get('program', '')} {facts.get('version', '')}".strip(), commit, str(facts.get("python", "")),
               str(facts.get("os", "")), str(facts.get("host", "")), libraries)
        found[key] = found.get(key, 0) + 1
        file = _mapping(facts.get("bench_file"))
        if file:
            one = str(file.get("name", "")), str(file.get("sha256", ""))
            benches[one] = benches.get(one, 0) + 1
        for world in _mapping(facts.get("simulation")).values():
            one = str(_mapping(world).get("world", "")), str(_mapping(world).get("sha256", ""))
            worlds[one] = worlds.get(one, 0) + 1
    rows = tuple((*(Cell(text) for text in key), Cell(f"{number:,}")) for key, number in found.items())
    blocks: list[Block] = [Sheet(("program", "commit", "Python", "system", "computer", "libraries", "runs"), rows)]
    files = [("bench file", *key, number) for key, number in benches.items()]
    files += [("world file of the simulation", *key, number) for key, number in worlds.items()]
    lines = [(Cell(kind), Cell(name), Cell(digest), Cell(f"{number:,}")) for kind, name, digest, number in files]
    lines = [*((Cell("campaign file"), Cell(name), Cell(text_sha256(text)), Cell("-"))
               for _, name, text in file_versions(campaign)), *lines]
    blocks.append(Sheet(("file", "name", "SHA-256", "runs"), tuple(lines)))
    return blocks


def files_table(devices: Sequence[ReportedDevice]) -> list[Block]:
    """Return every run file with its hash, in a fold."""
    runs = [run for device in devices for run in device.runs if run.stored is not None]
    rows = tuple((run_cell(run), Cell(run.run_id), Cell(clock(run.stored.run.header.start_time)),
                  Cell(f"extraction {run.stored.extraction}"), Cell(run.stored.sha256 or "larger than 1 GiB"))
                 for run in runs if run.stored is not None)
    return [Folded(f"{count(len(runs), 'run file')} with their SHA-256",
                 (Sheet(("run", "identifier", "begun", "results", "SHA-256 of the file"), rows),), printed=False)]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
