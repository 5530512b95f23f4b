"""The data sheets of all virtual instruments, found in the folders of the package."""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from tsbench.simulated_backends import virtual_instruments
from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import GeneratorDataSheet
from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import ScopeDataSheet
from tsbench.simulated_backends.virtual_instruments.source_meter.data_sheet import SourceMeterDataSheet

T = TypeVar("T")


def sheets(kind: type[T]) -> dict[str, dict[str, T]]:
    """Return the data sheets of a kind: folder -> name of the model -> data sheet, in the order of the modules."""
    found: dict[str, dict[str, T]] = {}
    for package in pkgutil.iter_modules(virtual_instruments.__path__):
        if not (Path(next(iter(virtual_instruments.__path__))) / package.name / "data_sheet.py").is_file():
            continue
        module = importlib.import_module(f"{virtual_instruments.__name__}.{package.name}.data_sheet")
        others = [sheet for models in found.values() for sheet in models.values()]   # a module may import them
        own = {name: sheet for name, sheet in _of(vars(module), kind) if not any(sheet is other for other in others)}
        if own:
            found[package.name] = own
    return found


def _of(names: Mapping[str, object], kind: type[T]) -> Iterator[tuple[str, T]]:
    """Yield the name and the data sheet of each model: of a variable, or of the models in a mapping."""
    for key, value in names.items():
        if isinstance(value, kind):
            yield _name(key, value), value
        elif isinstance(value, Mapping):
            for inner, holder in value.items():
                if isinstance(getattr(holder, "sheet", None), kind):
                    yield str(inner), holder.sheet


def _name(key: str, sheet: object) -> str:
    """Return the name of a model; that of the variable where several have the same name."""
    name = str(getattr(sheet, "name", key))
    if name == "RTO" or key.endswith(("_HIGH_VOLTAGE", "_LOW_IMPEDANCE")):
        return key.removeprefix("KEYSIGHT_").removeprefix("ROHDE_SCHWARZ_").replace("_", " ").lower().replace(
            "rto", "RTO").replace("81150a", "81150A")
    return name


SOURCE_METERS = sheets(SourceMeterDataSheet)
GENERATORS = sheets(GeneratorDataSheet)
OSCILLOSCOPES = sheets(ScopeDataSheet)
