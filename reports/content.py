"""A whole report as plain data, from what was read of a folder."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tsbench.analysis.statistics.fits import FAMILIES
from tsbench.errors import nearest
from tsbench.reports.curves import CurveCache, read_curves
from tsbench.reports.device_tables import all_devices, flagged_devices, flags_table, runs_of_devices, steps_table
from tsbench.reports.devices import STATES, ReportedDevice, all_dies, reported_devices
from tsbench.reports.document import Block, Cell, Note, Report, Section, Sheet
from tsbench.reports.fact_tables import (
    exposure_table,
    files_table,
    instruments_table,
    programs_table,
    settings_table,
)
from tsbench.reports.folder import CampaignRecord, Folder, ReadRun, of_campaign
from tsbench.reports.numbers import ReportedQuantity, reported_quantities
from tsbench.reports.pictures import (
    chosen_sweeps,
    curves_picture,
    distribution_picture,
    listed_once,
    run_cell,
    state_map,
    value_map,
)
from tsbench.reports.words import clock, count, interval, percent
from tsbench.reports.yields import Yield, yields
from tsbench.version import __version__

_MOST_PICTURES = 12  #: quantities with a picture each, where nobody chooses


@dataclass(frozen=True)
class ReportOptions:
    """What a report shows."""

    quantities: tuple[str, ...] = ()  #: with pictures; none: those with enough values, at most 12
    families: tuple[str, ...] = FAMILIES  #: of distributions that are fitted


def report_of(
    folder: Folder, campaign: CampaignRecord | None, options: ReportOptions | None = None,
    cache: CurveCache | None = None,
) -> Report:
    """Return the report of one campaign, or, of None, of all run files that belong to no campaign.

    Parameters
    ----------
    folder : as it was read
    campaign : one of its campaigns, or None
    options : what is shown
    cache : curves that were read before
    """
    options = options or ReportOptions()
    runs = list(of_campaign(folder, campaign)) if campaign is not None else runs_alone(folder)
    devices = reported_devices(campaign, runs)
    found = reported_quantities([run for device in devices for run in device.runs], options.families)
    simulated = any(one.run.header.simulated for one in runs)
    sections = [
        Section("summary", "Summary", tuple(_summary(folder, campaign, devices))),
        Section("wafer", "Wafer maps", tuple(_maps(devices, found, options, all_dies(runs)))),
        Section("results", "Results", tuple(_results(devices, found, options))),
        Section("curves", "Curves", tuple(_curves(folder, devices, cache or CurveCache()))),
        Section("flagged", "Flagged devices", tuple(flagged_devices(devices))),
        Section("flags", "Flags of results", tuple(flags_table(devices))),
        Section("steps", "Steps", tuple(steps_table(devices))),
        Section("devices", "Devices", (*all_devices(devices, found), *runs_of_devices(devices))),
        Section("settings", "Settings", tuple(settings_table(devices, campaign))),
        Section("exposure", "Limits and budgets", tuple(exposure_table(devices, campaign))),
        Section("provenance", "Provenance",
                (*instruments_table(devices), *programs_table(devices, campaign), *files_table(devices),
                 Note(f"This report was made by tsbench {__version__}."))),
    ]
    name = campaign.name if campaign is not None else folder.path.resolve().name
    kept = listed_once([section for section in sections if section.blocks])
    return Report(name, _subtitle(campaign, runs), simulated, _headline(campaign, devices, found), kept)


def runs_alone(folder: Folder) -> list[ReadRun]:
    """Return the runs that belong to no campaign of a folder."""
    named = {one.path for campaign in folder.campaigns for one in of_campaign(folder, campaign)}
    return [one for one in folder.runs if one.path not in named]


def _subtitle(campaign: CampaignRecord | None, runs: Sequence[ReadRun]) -> str:
    times = sorted(filter(None, (time for one in runs for time in (one.run.header.start_time, one.run.end_time))))
    users = sorted({one.run.header.user for one in runs if one.run.header.user})
    parts = [f"{clock(times[0])} to {clock(times[-1])}"] if times else []
    parts += [f"campaign {campaign.state.begun.get('id', '')}"] if campaign is not None else []
    parts += [f"measured by {', '.join(users)}"] if users else []
    return "; ".join(parts)


def _headline(
    campaign: CampaignRecord | None, devices: Sequence[ReportedDevice], found: Sequence[ReportedQuantity],
) -> tuple[Cell, ...]:
    counted = yields(devices).at_end
    cells = [Cell(f"{counted.works} of {count(counted.of, 'judged device')} switch" if counted.of else
                  "no device is judged yet")]
    if counted.share is not None:
        cells.append(Cell(f"yield {percent(counted.share)} ({percent(counted.low)} to {percent(counted.high)})"))
    first = next((one for one in found if one.population is not None and one.population.mean.value is not None), None)
    if first is not None and first.population is not None:
        mean, words = first.population.mean, first.quantity.replace("_", " ")
        cells.append(Cell(f"{words} {interval(mean.value, mean.low, mean.high, first.unit)}"))
    if campaign is not None:
        cells.append(Cell(f"{_of_planned(campaign)} runs decided"))
    return tuple(cells)


def _summary(
    folder: Folder, campaign: CampaignRecord | None, devices: Sequence[ReportedDevice],
) -> list[Block]:
    blocks: list[Block] = []
    if campaign is not None:
        blocks += _progress(campaign)
    elif folder.campaigns:
        blocks.append(Note("These runs belong to no campaign of the folder."))
    blocks += [Note(line, loud=True) for line in folder.missing]
    blocks += [Note(f"Not in this report: {line}", loud=True) for line in folder.problems]
    blocks += [Note(f"Only the stress of {one.path} counts, because a person has rejected this run: {one.rejected}")
               for one in folder.runs if one.rejected]
    counted = yields(devices)
    rows = [
        _yield_row("switch at the end", counted.at_end, "devices of which it is known"),
        _yield_row("switched in at least one run", counted.ever, "devices of which it is known"),
    ]
    if counted.open or counted.conducting:
        rows.append(_yield_row("switch at the end", counted.certain,
                               "the same without devices that look open or conduct from the start"))
    blocks.append(Sheet(("devices that", "share", "95 % interval", "number", "of"), tuple(rows), "Yield"))
    if counted.open:
        blocks.append(Note(f"{count(counted.open, 'device looks', 'devices look')} open. A lost contact and a "
                           "destroyed device look the same."))
    if counted.conducting:
        blocks.append(Note(f"{count(counted.conducting, 'device conducts', 'devices conduct')} from the start. A "
                           "short, a device that is on, and a compliance that is too low look the same."))
    if counted.open or counted.conducting:
        blocks.append(Note("The first row takes them for devices that do not work, the last row leaves them out."))
    if counted.undecided:
        blocks.append(Note(f"Of {count(counted.undecided, 'device')} it is not known whether "
                           f"{'it switches' if counted.undecided == 1 else 'they switch'}. No share counts "
                           f"{'it' if counted.undecided == 1 else 'them'}. If what left them undecided depends on the "
                           "devices, the yield is biased."))
    states = [(words, sum(one.state == state for one in devices), state) for state, words in STATES.items()]
    blocks.append(Sheet(("state at the end", "devices"), tuple(
        (Cell(words, mark=state), Cell(f"{number:,}")) for words, number, state in states if number)))
    return blocks


def _progress(campaign: CampaignRecord) -> list[Block]:
    """Return how far a campaign is, what is begun, and why it ended."""
    state, blocks = campaign.state, list[Block]()
    out = [key for key in state.left_out if key not in state.gone]
    measured = [key for key in state.outcomes if key not in state.gone and not state.not_begun(key)]
    begun = f"Begun {clock(str(state.begun.get('time', '')))}. "
    blocks.append(Note(f"{begun}{_of_planned(campaign)} planned runs are decided: {len(measured):,} were measured, "
                       f"{len(out):,} were left out by conditions."))
    waiting = [key for key in state.outcomes if state.not_begun(key) and key not in state.gone]
    if waiting:
        blocks.append(Note(f"{count(len(waiting), 'run')} could not be begun, so nothing was sent to the device: "
                           f"{', '.join(waiting[:3])}{' …' * (len(waiting) > 3)}. --resume measures what is left.",
                           loud=True))
    if state.files:
        when = ", ".join(clock(str(one.get("time", ""))) for one in state.files)
        blocks.append(Note(f"The file of the campaign was changed ({when}). Runs with former parameters are runs of "
                           "their own, and count. All versions of the file are under Settings.", loud=True))
    if note := _note(str(state.begun.get("text", ""))):
        blocks.append(Note(f"Note: {note}"))
    if state.unfinished:
        keys = ", ".join(state.unfinished[:3])
        blocks.append(Note(f"Begun and not finished: {keys}. It is measured now, or it was interrupted.", loud=True))
    if campaign.ended and not state.unfinished:
        last = campaign.ended[-1]
        if reason := str(last.get("reason", "")):
            blocks.append(Note(f"It ended early at {clock(str(last.get('time', '')))}: {reason}", loud=True))
        elif state.decided >= state.planned:
            blocks.append(Note(f"Complete at {clock(str(last.get('time', '')))}."))
    if state.broken:
        again = sum(len(runs) for runs in state.broken.values())
        blocks.append(Note(f"{count(again, 'run was', 'runs were')} measured again. The numbers are those of the later "
                           "runs."))
    return blocks


def _of_planned(campaign: CampaignRecord) -> str:
    """Return how many runs are decided, of how many; versions before have not noted that a file was changed."""
    decided, planned = campaign.state.decided, campaign.state.planned
    return f"{decided:,} of {planned:,}" if decided <= planned else f"{decided:,}"


def _note(text: str) -> str:
    import tomllib

    try:
        return str(tomllib.loads(text).get("note", ""))
    except tomllib.TOMLDecodeError:
        return ""


def _yield_row(what: str, found: Yield, of: str) -> tuple[Cell, ...]:
    if found.share is None:
        return Cell(what), Cell("-"), Cell("not known"), Cell("0 of 0"), Cell(of)
    return (Cell(what), Cell(percent(found.share)), Cell(f"{percent(found.low)} to {percent(found.high)}"),
            Cell(f"{found.works:,} of {found.of:,}"), Cell(of))


def _maps(
    devices: Sequence[ReportedDevice], found: Sequence[ReportedQuantity], options: ReportOptions,
    dies: Sequence[tuple[int, int]],
) -> list[Block]:
    if (states := state_map(devices, dies)) is None:
        return []
    shown = _pictured(found, options)
    blurred = [one.name for one in shown if not one.resolved]
    maps = [states, *(value_map(devices, one, dies) for one in shown)]
    lines = [Note(f"No map of {', '.join(blurred)}: the devices do not differ by more than the errors of their "
                  "values.")]
    return [*(one for one in maps if one is not None), *(lines if blurred else [])]


def _pictured(found: Sequence[ReportedQuantity], options: ReportOptions) -> list[ReportedQuantity]:
    if options.quantities:
        return [one for one in found if one.quantity in options.quantities]
    return [one for one in found if any(one.value(device) is not None for device in one.devices)][:_MOST_PICTURES]


def _results(
    devices: Sequence[ReportedDevice], found: Sequence[ReportedQuantity], options: ReportOptions,
) -> list[Block]:
    if not found:
        return [Note("No run has given a number yet.")]
    blocks: list[Block] = [
        Sheet(("quantity", "devices", "mean, or median where marked", "standard deviation", "bounds only"),
              tuple(map(_number_row, found)), "Over the devices, one value (mean or median of its events) of each"),
        Note("Each number has its 95 % interval. Where some values are only bounds, the table has the median, and no "
             "standard deviation is known.")]
    if fits := _fit_rows(found):
        blocks.append(Sheet(("quantity", "distribution", "parameters", "p-value (Anderson-Darling)"), tuple(fits),
                            "Fitted distributions"))
    known = {one.quantity for one in found}
    pictures = [distribution_picture(devices, one) for one in _pictured(found, options)]
    remarks: dict[str, list[str]] = {}
    for one in found:
        for line in one.remarks:
            remarks.setdefault(line, []).append(one.name)
    lines = [Note(f"{line[:1].upper()}{line[1:]}: {', '.join(names)}.") for line, names in remarks.items()]
    lines += [Note(f"No run has a result of the quantity '{name}'{nearest(name, known)}", loud=True)
              for name in options.quantities if name not in known]
    return [*blocks, *lines, *(one for one in pictures if one is not None)]


def _number_row(one: ReportedQuantity) -> tuple[Cell, ...]:
    sample = one.population or next(iter(one.devices.values()))
    mean, spread = sample.mean, sample.standard_deviation
    if mean.value is not None:
        centre = interval(mean.value, mean.low, mean.high, one.unit)
    elif one.population is None and sample.median.value is None:  # one device, with few events
        centre = one.text(next(iter(one.devices)))
    else:
        middle = sample.median
        centre = f"{interval(middle.value, middle.low, middle.high, one.unit)} (median)"
    known = "-" if spread.value is None else interval(spread.value, spread.low, spread.high, one.unit)
    return Cell(one.name), Cell(f"{len(one.devices):,}"), Cell(centre), Cell(known), Cell(str(sample.bounded or "-"))


def _fit_rows(found: Sequence[ReportedQuantity]) -> list[tuple[Cell, ...]]:
    rows: list[tuple[Cell, ...]] = []
    for one in found:
        for fit in one.population.fits if one.population is not None else ():
            if fit.parameters:
                words = "; ".join(
                    f"{name.replace('_', ' ')} "
                    + interval(part.value, part.low, part.high, "" if name in {"shape", "sigma"} else one.unit)
                    for name, part in fit.parameters.items())
                known = "-" if fit.significance is None else f"{fit.significance:.3f}"
                rows.append((Cell(one.name), Cell(fit.family), Cell(words), Cell(known)))
    return rows


def _curves(folder: Folder, devices: Sequence[ReportedDevice], cache: CurveCache) -> list[Block]:
    chosen = chosen_sweeps(devices)
    of = sum(any(run.protocol == "iv_sweep" and run.stored is not None for run in device.runs) for device in devices)
    lines, problems = read_curves(folder.path, chosen, cache)
    shown = {line.link for line in lines}
    cells = [cell for _, run in chosen if (cell := run_cell(run)).link in shown]
    picture = curves_picture(lines, cells, of)
    return [*([picture] if picture is not None else []), *(Note(line, loud=True) for line in problems)]


def safe_name(name: str) -> str:
    """Return a name for a file: letters, digits and some marks of the name of a campaign."""
    return re.sub(r"[^\w.+@-]+", "_", name).strip("._") or "campaign"
