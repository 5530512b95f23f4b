"""The rows of the table of imperfections, from the data sheets in the code."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.imperfections.kinds import GENERATOR, OSCILLOSCOPE, SOURCE_METER, Kind
from benchmarks.imperfections.others import entries
from benchmarks.imperfections.sheets import GENERATORS, OSCILLOSCOPES, SOURCE_METERS
from tsbench.simulated_backends.virtual_instruments.sources import Origin


@dataclass(frozen=True)
class Row:
    """One imperfection of one family."""

    folder: str  #: of the virtual instruments
    family: str  #: maker and models
    imperfection: str
    number: str  #: with unit; by model where models differ
    source: Origin
    tests: tuple[str, ...]  #: that measure it


def _by_model(texts: Mapping[str, str]) -> str:
    """Return one text, or each with the models that have it."""
    models: dict[str, list[str]] = {}
    for model, text in texts.items():
        models.setdefault(text, []).append(model)
    if len(models) == 1:
        return next(iter(models))
    return "<br>".join(f"{', '.join(names)}: {text}" for text, names in models.items())


def _together(sources: Mapping[str, Origin]) -> Origin:
    """Return the source of all models; what one of them has no source for is missing."""
    different = list(dict.fromkeys(sources.values()))
    if len(different) == 1:
        return different[0]
    without = [name for name, source in sources.items() if not source.found]
    missing = [source.missing for source in different if source.missing] + without
    return Origin("; ".join(source.found for source in different if source.found), ", ".join(missing))


def _family_rows(families: Mapping[str, Mapping[str, Any]], kinds: Sequence[Kind]) -> Iterator[Row]:
    for folder, models in families.items():
        family = f"{next(iter(models.values())).manufacturer}: {', '.join(models)}"
        for kind in kinds:
            number = _by_model({name: kind.number(sheet) for name, sheet in models.items()})
            source = _together({name: getattr(sheet.sources, kind.name) for name, sheet in models.items()})
            yield Row(folder, family, kind.title, number, source, kind.tests)


def rows() -> list[Row]:
    """Return all rows: source meters, generators, oscilloscopes, others."""
    found = [row for families, kinds in (
        (SOURCE_METERS, SOURCE_METER), (GENERATORS, GENERATOR), (OSCILLOSCOPES, OSCILLOSCOPE))
        for row in _family_rows(families, kinds)]
    for folder, (title, sources, numbers) in entries():
        found += [Row(folder, title, name, number, sources[key], (test,))
                  for key, (name, number, test) in numbers.items()]
    return found
