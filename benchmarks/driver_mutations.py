"""Do the tests of drivers notice the faults that hurt a device? ``python -m benchmarks.driver_mutations [--count 60]``.

Each change is one fault of one driver, of the five kinds of :mod:`benchmarks.driver_faults`: a scale is wrong, a part
of a message is dropped, a channel is swapped, a value is not read back, an output is left on. The tests of the drivers
run until one fails; a change that none of them notices has survived.

Each kind has the same number of changes. Those of a kind are drawn evenly over the families of instruments, then over
the ways to make the fault, then over the places; each change once. ``--resume FILE`` goes on with the rows of FILE that
are of this commit.
``python -m benchmarks.mutations --learn --room instruments`` records which tests execute which lines; these tests then
run first.
"""

import argparse
import functools
import importlib
import os
import random
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.driver_faults import KINDS, changed, places_in
from benchmarks.kept_rows import add_rows, rows_of_commit
from benchmarks.mutations import LIBRARIES, ROOT, Change, noticed_by
from benchmarks.report import INFORMATION, Line, commit, report

FOLDER = ROOT / "instruments"
#: folders of instruments/ that drive nothing
SHARED = {"guard", "interfaces", "links"}
#: folders of instruments that have no output: nothing of theirs can stay on
WITHOUT_OUTPUT = {"oscilloscopes", "lecroy_scope", "keysight_infiniium", "keysight_infiniivision", "lecroy_t3dso",
                  "lecroy_wavesurfer", "rigol_oscilloscopes", "rohde_schwarz_rto", "siglent_sds_hd", "tektronix_mso"}
MOST_SURVIVORS_OF_60 = 2
ROUNDS = 1000  #: over the families of a kind


def families(kind: str) -> list[str]:
    """Return the folders of the drivers in which a kind of fault can be."""
    left_out = SHARED | WITHOUT_OUTPUT if kind == "output" else SHARED
    return sorted(folder.parent.name for folder in FOLDER.glob("*/__init__.py") if folder.parent.name not in left_out)


@functools.cache
def places(kind: str, family: str) -> Mapping[str, Sequence[tuple[Path, int]]]:
    """Return the places of a kind in a family: way -> files, and number of the node in its file."""
    found: dict[str, list[tuple[Path, int]]] = {}
    for file in sorted((FOLDER / family).rglob("*.py")):
        if file.name not in {"__init__.py", "data_sheet.py", "rtb_data_sheet.py"}:
            for way, numbers in places_in(file, kind).items():
                found.setdefault(way, []).extend((file, number) for number in numbers)
    return found


def draw(seed: int, kind: str) -> Iterator[Change]:
    """Yield changes of a kind, each once, until there are no more: one of each family, then another of each."""
    rng = random.Random(f"{seed} {kind}")
    drawn = set[tuple[str, int, str]]()
    left = {family: ROUNDS for family in families(kind)}
    while any(left.values()):
        for family in rng.sample(sorted(left), len(left)):
            known = places(kind, family)
            if not known:
                left[family] = 0
                continue
            way = rng.choice(sorted(known))
            file, number = rng.choice(known[way])
            line, said, text = changed(file.read_text("utf-8"), KINDS[kind][way], number)
            path = file.relative_to(ROOT).as_posix()
            left[family] = max(left[family] - 1, 0)
            if (path, line, said) not in drawn:
                drawn.add((path, line, said))
                yield Change("instruments", path, line, f"{kind}: {said}", text)


def changes(seed: int, count: int) -> Iterator[Change]:
    """Yield ``count`` changes: one of each kind in turn."""
    drawn = [draw(seed, kind) for kind in KINDS]
    for number in range(count):
        yield next(drawn[number % len(drawn)])


def main() -> int:
    """Draw changes, run the tests on each, print the table; 0 if few enough survive."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--resume", type=Path, metavar="FILE")
    parser.add_argument("--show", action="store_true", help="print the changes and run no test")
    options = parser.parse_args()
    os.chdir(ROOT)
    if options.show:
        for change in changes(options.seed, options.count):
            print(f"{change.path}:{change.line} {change.what}")
        return 0
    for name in LIBRARIES:
        importlib.import_module(name)
    kept = options.resume
    of_commit = commit()
    known = {(row["path"], row["line"], row["what"]): row for row in rows_of_commit(kept, of_commit)} if kept else {}
    done = []
    for number, change in enumerate(changes(options.seed, options.count), 1):
        row = known.get((change.path, change.line, change.what))
        if row is None:
            facts = {key: value for key, value in asdict(change).items() if key != "text"}
            row = {**facts, "noticed": noticed_by(change, "tests/instruments"), "commit": of_commit}
            if kept:
                add_rows(kept, [row])
            sys.stderr.write(f"{number}/{options.count} {change.path}:{change.line} {change.what}: "
                             f"{row['noticed'] or 'SURVIVED'}\n")
        done.append(row)
    survivors = [row for row in done if not row["noticed"]]
    allowed = MOST_SURVIVORS_OF_60 * options.count // 60
    kinds = Counter(row["what"].partition(":")[0] for row in done)
    missed = Counter(row["what"].partition(":")[0] for row in survivors)
    return report("driver_mutations", "Faults of drivers that their tests notice", [
        Line("faults noticed", f"{len(done) - len(survivors)} of {len(done)}", f">= {options.count - allowed}",
             len(survivors) <= allowed),
        *(Line(kind, f"{kinds[kind] - missed[kind]} of {kinds[kind]}", INFORMATION, True) for kind in KINDS),
        *(Line(f"{one['path']}:{one['line']}", f"not noticed: {one['what'][:90]}", INFORMATION, True)
          for one in survivors)])


if __name__ == "__main__":
    sys.exit(main())
