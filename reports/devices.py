"""What became of each device: its runs, its state at the end, why, and what to do about it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tsbench.records import Flag, Result
from tsbench.reports.bench_facts import bench_facts, die_of
from tsbench.reports.folder import CampaignRecord, ReadRun
from tsbench.reports.words import amount
from tsbench.station.campaign.facts import contact_words
from tsbench.station.campaign.readings import results_of
from tsbench.station.campaign.state import INTERRUPTED
from tsbench.station.device_record.dose import Dose
from tsbench.station.device_record.life import is_switching, state_after

#: state at the end -> what a report calls it
STATES: Mapping[str, str] = {
    "working": "switches", "formed": "formed, not seen to switch", "no switching": "does not switch",
    "conducting": "conducts from the start", "open": "looks open", "shorted": "looks shorted", "not known": "not known"}
_CONTACT = Flag.OPEN | Flag.SHORT
#: flags of a result that leave open whether the device has switched
UNSURE = (Flag.AMBIGUOUS | Flag.IMPLAUSIBLE | Flag.NO_HYSTERESIS | Flag.TRIGGER_MISSED | Flag.OPEN | Flag.SHORT)
_SUCCESS, _LEFT_OUT = "success", "left out"


@dataclass(frozen=True)
class DeviceRun:
    """A run of a device as the campaign or its run file has it, or one that was left out."""

    key: str  #: its name in the campaign; "": there is no campaign
    step: str
    device: str
    status: str  #: "success", "fail", "abort", "interrupted", "left out", "not finished", …
    reason: str = ""
    contact: tuple[str, ...] = ()
    results: tuple[Result, ...] = ()
    dose: Dose = field(default_factory=Dose)
    stored: ReadRun | None = None  #: its run file
    run_id: str = ""
    protocol: str = ""
    time: str = ""  #: of its begin
    planned: Dose = field(default_factory=Dose)  #: its worst case
    replaced: bool = False  #: a later run with the same parameters stands in its place, or it was rejected: only its
    #: exposure counts

    @property
    def by_plan(self) -> bool:
        """Whether its exposure is the planned worst case, because no reading shows it."""
        return self.dose == self.planned and self.dose != Dose()

    @property
    def begun(self) -> bool:
        """Whether anything may have been sent to the device."""
        return self.status != _LEFT_OUT


@dataclass(frozen=True)
class ReportedDevice:
    """A device with its runs, the earliest first."""

    name: str
    runs: tuple[DeviceRun, ...]
    state: str  #: of ``STATES``: at the end
    switched: bool  #: in at least one run
    reason: str  #: why it is not "working", with the remedy; ""
    die: tuple[int, ...] | None = None  #: column, row, and site of the die where there are several
    replaced: tuple[DeviceRun, ...] = ()  #: runs in whose place later ones stand

    @property
    def exposing(self) -> tuple[DeviceRun, ...]:
        """All runs that the device has seen, those that were measured again among them."""
        return (*self.replaced, *self.runs)

    @property
    def decided(self) -> bool:
        """Whether it is known if the device works."""
        return self.state != "not known"

    @property
    def dose(self) -> Dose:
        """What it was exposed to in these runs."""
        return sum((run.dose for run in self.exposing), Dose())


def reported_devices(campaign: CampaignRecord | None, runs: Sequence[ReadRun]) -> list[ReportedDevice]:
    """Return every device of a campaign, or of run files that belong to none, in the order of their first runs."""
    texts = dict.fromkeys(bench_text(one) for one in runs)
    places = {device: die for text in texts for device, die in bench_facts(text).dies.items()}
    found: dict[str, list[DeviceRun]] = {}
    for one in campaign_runs(campaign, runs) if campaign is not None else map(_run_alone, _not_repeated(runs)):
        found.setdefault(one.device, []).append(one)
    devices = (device_of(name, [run for run in mine if not run.replaced], places.get(name))
               for name, mine in found.items())
    return [replace(one, replaced=tuple(run for run in found[one.name] if run.replaced)) for one in devices]


def device_of(name: str, runs: Sequence[DeviceRun], die: tuple[int, ...] | None = None) -> ReportedDevice:
    """Return one device with its state, from its runs in their order.

    A switching event counts if its flags do not say that something else may look the same. ``die`` is its place where
    no run file has one.
    """
    state, switched, searched, conducting, unsure = "pristine", False, False, False, False
    last_contact: DeviceRun | None = None
    for run in runs:
        if run.status == INTERRUPTED or not run.begun:
            continue
        rows = [(result.quantity, result.value is not None and not result.flags & (Flag.NO_EVENT | UNSURE))
                for result in run.results]
        state = state_after(state, rows, run.contact, run.status == _SUCCESS)
        switched |= any(is_switching(quantity) and valued for quantity, valued in rows)
        bad = {"open", "short"} & set(run.contact)  # of one whose contact is not known, the results tell more
        last_contact = run if bad else last_contact
        if run.status == _SUCCESS and not bad:
            asked = [one for one in run.results if is_switching(one.quantity)]
            empty = [one for one in asked if Flag.NO_EVENT in one.flags and not one.flags & UNSURE]
            searched |= any(Flag.COMPLIANCE not in one.flags for one in empty)
            conducting |= any(Flag.COMPLIANCE in one.flags for one in empty)
            unsure |= any(bool(one.flags & UNSURE) for one in asked)
    if state == "pristine":
        state = "not known" if unsure else "no switching" if searched else "conducting" if conducting else "not known"
    measured = (die_of(one.stored.run.header.provenance.get("die")) for one in runs if one.stored is not None)
    return ReportedDevice(name, tuple(runs), state, switched, _why(state, runs, last_contact, unsure, switched),
                          next((found for found in measured if found is not None), die))


def all_dies(runs: Sequence[ReadRun]) -> list[tuple[int, int]]:
    """Return column and row of every die that the bench files of some runs name."""
    texts = dict.fromkeys(bench_text(one) for one in runs)
    return sorted({(die[0], die[1]) for text in texts for die in bench_facts(text).dies.values()})


def bench_text(run: ReadRun) -> str:
    """Return the text of the bench file of a run; "" where its file has none."""
    file = run.run.header.provenance.get("bench_file")
    return str(file.get("text", "")) if isinstance(file, dict) else ""


def _why(
    state: str, runs: Sequence[DeviceRun], contact: DeviceRun | None, unsure: bool, switched: bool,
) -> str:
    """Return why a device does not count as one that switches, and what to do."""
    before = "It switched before. " if switched and state in {"open", "shorted"} else ""
    where = f" in run {contact.run_id}" if contact is not None and contact.run_id else ""
    if state == "open":
        return (f"{before}It looks open{where}: no contact, or destroyed. Make the contact again, and measure it once "
                "more (--again)")
    if state == "shorted":
        return (f"{before}It looks shorted{where}. Check that the needles do not touch each other. If they do not, "
                "leave the device out")
    if state == "formed":
        return "It was formed, and no run has shown that it switches. Measure a sweep"
    if state == "no switching":
        return ("No run found a switching event, up to the level that it reached. Raise the level within the limits of "
                "the device, or form it")
    if state == "conducting":
        reached = max((run.dose.max_voltage for run in runs if run.begun and any(map(is_switching, (
            result.quantity for result in run.results)))), default=0.0)
        most = f" at {amount(reached, 'V')} or less" if reached else ""
        return (f"The current reached the compliance{most}, and no switching event was found: the device is shorted or "
                "already on, or the compliance is too low. Check the needles. If they are good, raise the compliance "
                "within the limits of the device")
    if state == "not known":
        return _why_not_known(runs, unsure)
    return ""


def _why_not_known(runs: Sequence[DeviceRun], unsure: bool) -> str:
    begun = [run for run in runs if run.begun]
    if not begun:
        first = next((run.reason for run in runs if run.reason), "")
        return f"It was not measured. {_sentence(first)}".strip() if first else "It was not measured"
    if unsure:
        flags = Flag.NONE
        for run in begun:
            for result in run.results:
                flags |= result.flags & UNSURE
        return (f"Its records do not decide whether it switches (flags: {', '.join(flags.names())}). The table of "
                "flags says what to do")
    lost = next((run for run in begun if run.status in {INTERRUPTED, "not finished", "running", "recovered"}), None)
    if lost is not None:
        return f"{lost.key or lost.run_id} was interrupted. Measure it again with --again"
    failed = next((run for run in reversed(begun) if run.status != _SUCCESS), None)
    if failed is not None:
        name = failed.key or failed.run_id
        return f"{name} ended with the status {failed.status}. {_sentence(failed.reason)}".strip()
    left = next((run.reason for run in runs if not run.begun and run.reason), "")
    return f"No run looked for switching. {_sentence(left)}".strip()


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


# --------------------------------------------------------------------------------------------------- from the files


def campaign_runs(campaign: CampaignRecord, runs: Sequence[ReadRun]) -> list[DeviceRun]:
    """Return all runs of a campaign in the order in which they came; those that were left out come last.

    A run that a later one of the same name stands beside, because the file was changed, is a run of its own.
    """
    state = campaign.state
    stored = {one.run.header.run_id: one for one in runs}
    keys = [*state.history, *state.unfinished]
    found = [_of_state(key, state.intents.get(key, {}), state.outcomes.get(key), state.runs.get(key, ""), stored)
             for key in keys if key in state.intents]
    if state.earlier:
        for one in state.earlier:
            run = _of_state(one.key, one.intent, one.outcome, one.run, stored)
            found.append(replace(run, replaced=one.repeated or run.replaced))
        found.sort(key=lambda run: run.time)
    names = step_names(str(state.begun.get("text", "")))
    devices = sorted({run.device for run in found}, key=len, reverse=True)
    for key, reason in state.left_out.items():
        device, step = parts_of(key, devices, names)
        found.append(DeviceRun(key, step, device, _LEFT_OUT, reason))
    return found


def _of_state(
    key: str, intent: Mapping[str, Any], outcome: Mapping[str, Any] | None, run: str, stored: Mapping[str, ReadRun],
) -> DeviceRun:
    device, known = str(intent.get("device", "")), outcome or {}
    run = str(known.get("run") or run)
    file = stored.get(run)
    results = results_of(known.get("results", ())) if file is None else file.run.results
    step = _step(key.removeprefix(f"{device} ")) if key.startswith(f"{device} ") else ""
    contact = tuple(str(word) for word in known.get("contact", ()))
    return DeviceRun(
        key, step, device, str(known.get("status", "not finished")), str(known.get("reason", "")), contact, results,
        Dose.read(known.get("dose") or intent.get("dose", {})), file, run, str(intent.get("protocol", "")),
        str(intent.get("time", "")), Dose.read(intent.get("dose", {})), _rejected(run, stored))


def _rejected(run: str, stored: Mapping[str, ReadRun]) -> bool:
    return run in stored and bool(stored[run].rejected)


def step_names(text: str) -> list[str]:
    """Return the names of the steps in the text of a campaign; none where it cannot be read."""
    import tomllib

    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return []
    steps = content.get("step", content.get("protocol", []))
    named = [one for one in steps if isinstance(one, dict)] if isinstance(steps, list) else []
    return [str(one.get("name", one.get("protocol", ""))) for one in named]


def parts_of(key: str, devices: Sequence[str], steps: Iterable[str]) -> tuple[str, str]:
    """Return device and step of the name of a run in a campaign, such as "W1_x0y0_1 series r2".

    Parameters
    ----------
    key : the name; a name of a device may contain spaces
    devices : known ones, the longest first
    steps : names of the steps
    """
    for step in sorted(steps, key=len, reverse=True):
        found = re.fullmatch(rf"(.+) {re.escape(step)}((?: p\d+)?(?: r\d+)?(?: t\d+)?| before| after)", key)
        if found:
            return found[1], _step(f"{step}{found[2]}")
    for device in devices:
        if key.startswith(f"{device} "):
            return device, _step(key.removeprefix(f"{device} "))
    device, _, step = key.partition(" ")
    return device, _step(step)


def _step(words: str) -> str:
    """Return the name of a step without its numbers (point, repeat, try); a read of [check] is a step of its own."""
    parts = words.split(" ")
    return f"{parts[0]} (check)" if parts[-1] in {"before", "after"} else parts[0]


def _run_alone(one: ReadRun) -> DeviceRun:
    header, run = one.run.header, one.run
    flags = Flag.NONE
    for result in run.results:
        flags |= result.flags & _CONTACT
    return DeviceRun("", header.protocol, header.device.identifier, run.status, run.reason, contact_words(flags),
                     run.results, Dose(), one, header.run_id, header.protocol, header.start_time,
                     replaced=bool(one.rejected))


def _not_repeated(runs: Sequence[ReadRun]) -> list[ReadRun]:
    """Leave out what was interrupted and measured again."""
    repeated = {str(name) for one in runs for name in one.run.header.provenance.get("repeats") or ()}
    return [one for one in runs if one.run.header.run_id not in repeated]
