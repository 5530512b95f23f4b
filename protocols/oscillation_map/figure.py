"""Figures of an oscillation map: the map of the frequency, and the curves that it is made of."""

from collections.abc import Iterator, Sequence
from functools import partial

from tsbench.analysis import figures
from tsbench.analysis.figures.maps import MapPlace
from tsbench.protocols.extracting.named_figure import MOST_FIGURES, NamedFigure, figure_title
from tsbench.protocols.oscillation.extraction import oscillation_records
from tsbench.quantities import short_quantity
from tsbench.records import Run

#: what may surround a device: condition -> (in words, unit), the one that is the second axis of a map first
_AXES = {"load_resistance": ("load resistance", "Ohm"), "parallel_capacitance": ("parallel capacitance", "F"),
         "temperature": ("temperature", "K")}


def map_figures(run: Run) -> Iterator[NamedFigure]:
    """Yield a map, and its curves, for each value of what is neither the bias nor the second axis of the map."""
    places = [(dict(record.conditions), found) for record, _, found in oscillation_records(run)]
    if not places:
        return
    values = {name: sorted({conditions[name] for conditions, _ in places if name in conditions}) for name in _AXES}
    second = max(_AXES, key=lambda name: (len(values[name]) > 1, len(values[name])))
    words, unit = _AXES[second]
    others = [name for name in _AXES if name != second and values[name]]
    for number, key in enumerate(sorted({_key(conditions, others) for conditions, _ in places}), start=1):
        if number > MOST_FIGURES:
            break
        mine = [
            MapPlace(conditions.get("bias", 0.0), conditions.get(second, 0.0), found)
            for conditions, found in places if _key(conditions, others) == key]
        at = " and ".join(short_quantity(value, _AXES[name][1]) for name, value in zip(others, key, strict=True))
        title = figure_title(run, f"oscillation map{' at ' if at else ''}{at}")
        if len(values[second]) > 1:
            yield f"map_{number}", partial(
                figures.oscillation_map_figure, mine, (words, unit), title, run.header.simulated)
        yield f"curves_{number}", partial(
            figures.frequency_family_figure, mine, (words, unit), title, run.header.simulated)


def _key(conditions: dict[str, float], names: Sequence[str]) -> tuple[float, ...]:
    return tuple(conditions.get(name, 0.0) for name in names)
