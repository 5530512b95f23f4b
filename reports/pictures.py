"""Which pictures a report has, as plain data: wafer maps, distributions, I-V curves."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tsbench.reports.devices import STATES, DeviceRun, ReportedDevice
from tsbench.reports.document import (
    Block,
    Cell,
    CurveLine,
    DiePlace,
    DistributionPlot,
    IVPlot,
    NamedSample,
    Picture,
    Section,
    StateMap,
    ValueMap,
)
from tsbench.reports.numbers import ReportedQuantity
from tsbench.reports.words import count, file_link, place_name, shown_path

Dies = Sequence[tuple[int, int]]

FEW_RUNS = 3  #: run files that stand in the caption itself
MOST_CURVES = 200  #: that one picture shows
_FEWEST_VALUES = 3  #: of a distribution
_REJECTED = 0.05  #: p-value of a fit below which the caption says that the values contradict it


def state_map(devices: Sequence[ReportedDevice], dies: Dies = ()) -> Picture | None:
    """Return the wafer map of the states; None where no device has a place.

    ``dies``: column and row of all dies, those without a measured device too.
    """
    places = _places(devices, {})
    if not places:
        return None
    without = len(devices) - len(places)
    missing = f" {count(without, 'device has', 'devices have')} no place on the wafer." if without else ""
    return Picture("map-states", "State of each device", StateMap(places, tuple(dies)),
                   "Each square is a die, with the column and row that the prober uses. Several devices of a die share "
                   f"its square. An empty square is a die that was not measured.{missing}")


def value_map(devices: Sequence[ReportedDevice], found: ReportedQuantity, dies: Dies = ()) -> Picture | None:
    """Return the wafer map of a quantity; None where fewer than two devices have a place and a value.

    A map of differences that are errors of the values would show nothing: there is none either.
    """
    if not found.resolved:
        return None
    values = {device.name: found.value(device.name) for device in devices}
    places = _places(devices, values)
    if sum(place.value is not None for place in places) < 2:
        return None
    return Picture(place_name("map", found.name), f"Wafer map of {found.name}",
                   ValueMap(places, found.quantity.replace("_", " "), found.unit, tuple(dies)),
                   "The mean of each device, or its median where some values are only bounds. A cross is a device "
                   "without a value.", run_cells(devices, found))


def _places(devices: Sequence[ReportedDevice], values: Mapping[str, float | None]) -> tuple[DiePlace, ...]:
    taken: dict[tuple[int, int], int] = {}
    places = []
    for device in sorted((one for one in devices if one.die is not None),
                         key=lambda one: (one.die is not None and one.die, one.name)):
        assert device.die is not None
        die = device.die[0], device.die[1]
        places.append(DiePlace(device.name, *die, taken.get(die, 0), device.state, values.get(device.name),
                               f"#{place_name('device', device.name)}"))
        taken[die] = taken.get(die, 0) + 1
    return tuple(places)


def distribution_picture(devices: Sequence[ReportedDevice], found: ReportedQuantity) -> Picture | None:
    """Return the distribution over the devices (of one device: over its events); None below three values."""
    sample, fitted = found.population, found.fit
    name = "devices"
    if sample is None:
        sample, name = next(iter(found.devices.values())), "events"
    if sample.distribution is None or sample.number - sample.bounded < _FEWEST_VALUES:
        return None
    caption = (f"Cumulative share of {sample.number} {name}. The band holds the whole distribution with 95 % "
               "probability.")
    if sample.bounded:
        caption += f" Of {sample.bounded}, only a bound is known."
    if fitted is not None and sample is found.population:
        known = fitted.significance
        verdict = "" if known is None else (
            f" (p-value {known:.3f}{': the values do not follow it' if known < _REJECTED else ''})")
        caption += (f" Dashed: the {fitted.family} distribution{verdict}. Of the fitted families, the values "
                    "contradict it least.")
    if not found.resolved:
        caption += " The devices do not differ by more than the errors of their values."
    return Picture(place_name("distribution", found.name), f"Distribution of {found.name}",
                   DistributionPlot(found.quantity.replace("_", " "), found.unit,
                                    (NamedSample(f"{sample.number} {name}", sample),)),
                   caption, run_cells(devices, found))


def run_cells(devices: Sequence[ReportedDevice], found: ReportedQuantity) -> tuple[Cell, ...]:
    """Return links to the run files with results of a quantity."""
    return tuple(run_cell(run) for device in devices if device.name in found.devices for run in device.runs
                 if run.stored is not None and any(one.quantity == found.quantity for one in run.results))


def listed_once(sections: Sequence[Section]) -> tuple[Section, ...]:
    """Return sections in which a picture names the picture before it that lists the same run files.

    A campaign has a dozen pictures of the same runs, and a list of all of them below each is most of the page.
    """
    first: dict[tuple[Cell, ...], Picture] = {}

    def short(block: Block) -> Block:
        if not isinstance(block, Picture) or len(block.runs) <= FEW_RUNS:
            return block
        same = first.setdefault(block.runs, block)
        return block if same is block else replace(block, runs=(), lists_runs_of=Cell(same.title, f"#{same.name}"))

    return tuple(replace(one, blocks=tuple(map(short, one.blocks))) for one in sections)


def run_cell(run: DeviceRun) -> Cell:
    """Return a link to the file of a run, by the name that people know."""
    words = run.key or run.run_id or run.device
    if run.stored is None:
        return Cell(words)
    return Cell(shown_path(words), file_link(run.stored.path))


def chosen_sweeps(devices: Sequence[ReportedDevice], most: int = MOST_CURVES) -> list[tuple[ReportedDevice, DeviceRun]]:
    """Return the sweeps whose curves are shown: the last one of each device, of some devices if there are too many."""
    last = []
    for device in devices:
        sweeps = [run for run in device.runs if run.protocol == "iv_sweep" and run.stored is not None]
        if sweeps:
            last.append((device, sweeps[-1]))
    if len(last) <= most:
        return last
    return [last[number * len(last) // most] for number in range(most)]


def curves_picture(lines: Sequence[CurveLine], cells: Sequence[Cell], of: int) -> Picture | None:
    """Return the I-V curves over each other; None where there are none.

    Parameters
    ----------
    lines : the curves
    cells : links to their run files
    of : number of devices that have a sweep
    """
    if not lines:
        return None
    part = f"{len(lines)} of {of:,} devices, evenly chosen." if len(lines) < of else f"{count(of, 'device')}."
    shown = [words for state, words in STATES.items() if any(line.mark == state for line in lines)]
    return Picture("iv-curves", "I-V curves", IVPlot(tuple(lines)), f"The last sweep of {part} The colour is the state "
                   f"of the device: {', '.join(shown)}.", tuple(cells))
