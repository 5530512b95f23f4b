"""Random edits of a run file, as anybody could make them with h5py: what ``validate`` must find, every one.

``python -m benchmarks.file_edits [--quick] [--seed N] [--edits N]``
"""

import argparse
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from benchmarks.report import Line, report
from tsbench.errors import UnreadableFile
from tsbench.storage.nexus.schema import TREE_DIGEST
from tsbench.storage.nexus.validation import inspect

UNITS = ("V", "mV", "A", "uA", "s", "ms", "Ohm", "Hz", "")


def edit(path: Path, source: random.Random) -> str:
    """Change one thing in an HDF5 file and say what; a change that would change nothing is drawn again."""
    with h5py.File(path, "r+") as file:
        items = _Items(file)
        while True:
            kind = source.choice(sorted(EDITS))
            if (done := EDITS[kind](file, items, source)) is not None:
                return f"{kind}: {done}"


class _Items:
    """What is in a file, in its order."""

    def __init__(self, file: Any) -> None:
        self.datasets: list[Any] = []
        self.groups: list[Any] = [file]
        file.visititems(
            lambda _, item: (self.groups if isinstance(item, h5py.Group) else self.datasets).append(item))

    @property
    def all(self) -> list[Any]:
        return [*self.datasets, *self.groups]

    @property
    def below_root(self) -> list[Any]:
        return [*self.datasets, *self.groups[1:]]


def _other(value: Any, source: random.Random) -> Any:
    """Return another value of the same type, None where there is none to be made."""
    if isinstance(value, str | bytes):
        text = value.decode() if isinstance(value, bytes) else value
        place = source.randrange(len(text) + 1)
        return f"{text[:place]}{source.choice('xyz7.')}{text[place:]}"
    if isinstance(value, bool | np.bool_):
        return not value
    if isinstance(value, int | np.integer):
        return value + 1 if value < 100 else value - 1
    if isinstance(value, float | np.floating):
        if not np.isfinite(value) or value == 0:
            return 1.0
        return value * source.choice((2.0, -1.0, 1e-3, 1 + 1e-6))
    return None


def _value(file: Any, items: _Items, source: random.Random) -> str | None:
    dataset = source.choice(items.datasets)
    if not dataset.size:
        return None
    place = tuple(source.randrange(length) for length in dataset.shape)
    changed = _other(dataset[place], source)
    if changed is None or np.array(changed).astype(dataset.dtype) == dataset[place]:
        return None
    dataset[place] = changed
    return f"{dataset.name}{list(place)}"


def _unit(file: Any, items: _Items, source: random.Random) -> str | None:
    dataset = source.choice([item for item in items.datasets if "units" in item.attrs])
    unit = source.choice([unit for unit in UNITS if unit != dataset.attrs["units"]])
    dataset.attrs["units"] = unit
    return f"{dataset.name} in {unit!r}"


def _with_attribute(items: _Items, source: random.Random) -> tuple[Any, str] | None:
    item = source.choice(items.all)
    names = sorted(set(item.attrs) - {TREE_DIGEST})
    return (item, source.choice(names)) if names else None


def _attribute(file: Any, items: _Items, source: random.Random) -> str | None:
    if (found := _with_attribute(items, source)) is None:
        return None
    item, name = found
    value = item.attrs[name]
    changed = _other(value, source) if np.ndim(value) == 0 else None
    if changed is None and np.ndim(value) and value.dtype.kind in "iuf":
        changed = value + 1
    if changed is None:
        return None
    item.attrs[name] = changed
    return f"{item.name}@{name}"


def _attribute_away(file: Any, items: _Items, source: random.Random) -> str | None:
    if (found := _with_attribute(items, source)) is None:
        return None
    del found[0].attrs[found[1]]
    return f"{found[0].name}@{found[1]}"


def _attribute_more(file: Any, items: _Items, source: random.Random) -> str:
    item = source.choice(items.all)
    item.attrs["note"] = "checked"
    return f"{item.name}@note"


def _attribute_type(file: Any, items: _Items, source: random.Random) -> str | None:
    if (found := _with_attribute(items, source)) is None:
        return None
    item, name = found
    value = item.attrs[name]
    if not isinstance(value, int | float | np.integer | np.floating) or isinstance(value, np.bool_):
        return None
    item.attrs.create(name, value, dtype="f4" if np.asarray(value).dtype != np.float32 else "f8")
    return f"{item.name}@{name}"


def _away(file: Any, items: _Items, source: random.Random) -> str:
    item = source.choice(items.below_root)
    name = item.name
    del file[name]
    return str(name)


def _more(file: Any, items: _Items, source: random.Random) -> str | None:
    group = source.choice(items.groups)
    if "more" in group:
        return None
    if source.random() < 0.5:
        group.create_group("more").attrs["NX_class"] = "NXcollection"
    else:
        group.create_dataset("more", data=source.random()).attrs["units"] = "V"
    return str(group.name)


def _name(file: Any, items: _Items, source: random.Random) -> str:
    item = source.choice(items.below_root)
    name = item.name
    file.move(name, f"{name}_2")
    return str(name)


def _type(file: Any, items: _Items, source: random.Random) -> str | None:
    dataset = source.choice(items.datasets)
    kind = {"f": "f4" if dataset.dtype.itemsize == 8 else "f8", "i": "i4" if dataset.dtype.itemsize == 8 else "i8"}
    if dataset.dtype.kind not in kind or dataset.is_scale or any(len(scales) for scales in dataset.dims):
        return None
    name, values, attributes = dataset.name, dataset[()], dict(dataset.attrs)
    del file[name]
    made = file.create_dataset(name, data=values, dtype=kind[values.dtype.kind])
    for key, value in attributes.items():
        made.attrs[key] = value
    return str(name)


def _swapped(file: Any, items: _Items, source: random.Random) -> str | None:
    group = source.choice(items.groups)
    names = [name for name in group if isinstance(group[name], h5py.Dataset)]
    if len(names) < 2:
        return None
    one, other = source.sample(names, 2)
    if _content(group[one]) == _content(group[other]):
        return None
    group.move(one, "waiting")
    group.move(other, one)
    group.move("waiting", other)
    return f"{group.name}: {one}, {other}"


def _content(dataset: Any) -> tuple[Any, ...]:
    return str(dataset[()]), dataset.dtype, dataset.shape, str(sorted(dataset.attrs.items(), key=str))


def _copied(file: Any, items: _Items, source: random.Random) -> str | None:
    """A second link to a dataset becomes a dataset of its own, which may then differ."""
    plot = file["entry/data"]
    name = source.choice(sorted(plot))
    if name == "title":
        return None
    value = plot[name][()]
    del plot[name]
    plot.create_dataset(name, data=value).attrs["units"] = "V"
    return f"{plot.name}/{name}"


EDITS: dict[str, Callable[[Any, _Items, random.Random], str | None]] = {
    "value": _value,
    "value of a number or text": _value,
    "unit": _unit,
    "attribute": _attribute,
    "attribute removed": _attribute_away,
    "attribute added": _attribute_more,
    "type of an attribute": _attribute_type,
    "item removed": _away,
    "item added": _more,
    "item renamed": _name,
    "type of a dataset": _type,
    "items exchanged": _swapped,
    "link made a copy": _copied,
}


def missed(original: Path, folder: Path, seed: int, count: int) -> list[str]:
    """Edit ``count`` copies of a run file, each once, and return the edits that ``validate`` does not find."""
    copy, source, silent = folder / original.name, random.Random(seed), []
    for number in range(count):
        shutil.copyfile(original, copy)
        said = edit(copy, source)
        try:
            problems = inspect(copy)
        except UnreadableFile as error:  # refused as a whole: found
            problems = [str(error)]
        if not problems:
            silent.append(f"edit {number} of seed {seed}: {said}")
    return silent


def main(arguments: Sequence[str]) -> int:
    """Measure, edit, validate; see the module's text."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.file_edits", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="20 edits of each run file")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--edits", type=int, default=200, help="of each run file (200)")
    options = parser.parse_args(arguments)
    count = 20 if options.quick else options.edits
    lines = []
    with tempfile.TemporaryDirectory() as directory:
        for protocol in ("iv_sweep", "pulse_train", "oscillation"):
            original = _measured(protocol, Path(directory) / protocol)
            whole = inspect(original)
            lines.append(Line(f"{protocol}: unchanged file", f"{len(whole)} problems", "0", not whole))
            silent = missed(original, Path(directory), options.seed, count)
            found = f"{count - len(silent)} of {count} found"
            lines.append(Line(f"{protocol}: random edits, seed {options.seed}", found, "all", not silent))
            for line in silent:
                print(f"not found: {line}")
    return report("file_edits", "edited run files", lines)


def _measured(protocol: str, out: Path) -> Path:
    from tsbench.protocols import protocol_named
    from tsbench.station.runner import run_protocol

    bench = Path(__file__).resolve().parent.parent / "examples" / "nbo2.bench.toml"
    outcome = run_protocol(bench, "D1", protocol_named(protocol).parse({}), out)
    assert outcome.path is not None
    return outcome.path


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
