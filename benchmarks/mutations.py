"""Do the tests of a room notice changes of its code? ``python -m benchmarks.mutations [--count 60] [--seed 1]``.

Draws changes over all rooms, each in one place of one file: a comparison, a sum, a number, a condition, a returned
value. Each is made in a copy of the package, on which the tests of its room run until one fails (those that import the
changed module first). A change that no test notices has survived.

Not drawn: text, types, decorators, what is raised or asserted; and two kinds that change nothing on the machine at hand
or for a user: ``pytrace`` of ``pytest.fail``, and what ``getattr(os, "O_BINARY", 0)`` gives where there is no such
flag.

The copy (build/mutated) stands before the installed package by PYTHONPATH; nothing in the checkout changes.
``--resume FILE`` goes on where FILE ends; ``--room NAME`` draws in one room only.
"""

import argparse
import ast
import functools
import json
import os
import random
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.report import Line, report

ROOT = Path(__file__).resolve().parent.parent
COPY = ROOT / "build" / "mutated"
HOOK = "simulated_backends/access/pyvisa_hook/"
ROOMS = {
    **{name: f"tests/{name}" for name in (
        "analysis", "cli", "core", "demo", "extraction", "gui", "instruments", "protocols", "pytest_plugin",
        "storage")},
    **{f"station/{name}": f"tests/station/{name}" for name in ("bench", "runner", "run_list", "watchdog", "preflight")},
    **{f"simulated_backends/{name}": f"tests/simulated_backends/{name}" for name in (
        "access", "circuit", "devices", "life", "numerics", "scpi", "services", "studies", "virtual_instruments",
        "witness", "world")},
}
COMPARED = {ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
            ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is}
COMPUTED = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult}
LONGEST = 900  #: [s] of a room's tests: a change that never ends counts as noticed
LEAST_NOTICED = 0.9


@dataclass(frozen=True)
class Change:
    """One change: where, what, and the text of the file with it."""

    room: str
    path: str
    line: int
    what: str
    text: str


class _Places(ast.NodeVisitor):
    """Collects what can be changed; leaves out text, annotations, decorators, and what is raised or asserted."""

    def __init__(self) -> None:
        self.found: list[ast.AST] = []
        self.depth = 0  #: of functions and classes around

    def visit(self, node: ast.AST) -> None:
        if isinstance(node, ast.Raise | ast.JoinedStr | ast.Assert | ast.Import | ast.ImportFrom):
            return
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            return
        if isinstance(node, ast.keyword) and node.arg == "pytrace":
            return
        if isinstance(node, ast.Call) and ast.unparse(node).startswith("getattr(os, 'O_"):
            return
        if (isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARED) or (
                isinstance(node, ast.BinOp) and type(node.op) in COMPUTED) or isinstance(node, ast.BoolOp) or (
                isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub)) or (
                isinstance(node, ast.Constant) and type(node.value) in (int, float, bool)) or (
                isinstance(node, ast.Return) and isinstance(node.value, ast.Call | ast.Name | ast.BinOp)):
            self.found.append(node)
        inside = isinstance(node, ast.FunctionDef | ast.ClassDef)
        self.depth += inside
        if isinstance(node, ast.Constant):
            node.kind = "" if self.depth else "constant of the module"
        for name, value in ast.iter_fields(node):
            if name in {"annotation", "returns", "decorator_list", "type_comment", "bases"}:
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    self.visit(child)
        self.depth -= inside


def _changed(node: ast.AST) -> str:
    """Change a node in place; return what was done, in words."""
    before = ast.unparse(node)
    if isinstance(node, ast.Compare):
        node.ops[0] = COMPARED[type(node.ops[0])]()
    elif isinstance(node, ast.BinOp):
        node.op = COMPUTED[type(node.op)]()
    elif isinstance(node, ast.BoolOp):
        node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    elif isinstance(node, ast.UnaryOp):
        node.op = ast.UAdd() if isinstance(node.op, ast.USub) else node.op
        if isinstance(node.op, ast.Not):
            node.operand = ast.UnaryOp(ast.Not(), node.operand)
    elif isinstance(node, ast.Constant):
        old = node.value
        assert isinstance(old, int | float)
        if isinstance(old, bool):
            node.value = not old
        elif node.kind:   # such a number may be tuned: a tenth more or less changes nothing that matters
            node.value = 10 * old + (old == 0)
        else:
            node.value = old + 1 if isinstance(old, int) else 1.5 * old + (old == 0)
    elif isinstance(node, ast.Return):
        node.value = ast.Constant(None)
    return f"{before[:60]} -> {ast.unparse(node)[:60]}"


def draw(rng: random.Random, rooms: dict[str, str]) -> Change:
    """Draw a room, a file of it by its length, and a place in it."""
    while True:
        room = rng.choice(sorted(rooms))
        files = [f for f in sorted((ROOT / room).rglob("*.py")) if f.name != "__init__.py"]
        file = rng.choices(files, [f.stat().st_size for f in files])[0]
        tree = ast.parse(file.read_text("utf-8"))
        places = _Places()
        places.visit(tree)
        if not places.found:
            continue
        node = rng.choice(places.found)
        line = getattr(node, "lineno", 0)
        what = _changed(node)
        return Change(room, file.relative_to(ROOT).as_posix(), line, what, ast.unparse(ast.fix_missing_locations(tree)))


def _tests_first(change: Change, folder: str) -> list[str]:
    """Return the room's test files: those that name the changed module or its package first."""
    module = Path(change.path).stem
    package = Path(change.path).parent.name
    files = sorted((ROOT / folder).rglob("test_*.py"))

    def rank(file: Path) -> int:
        text = file.read_text("utf-8")
        return 0 if re.search(rf"\b{package}\.{module}\b", text) else 1 if re.search(rf"\b{module}\b", text) else 2

    return [str(f.relative_to(ROOT)) for f in sorted(files, key=rank)]


def package_at(target: Path) -> None:
    """Lay the package out at ``target`` as it is imported; what is there already stays where it is the same."""
    for name, folder in runpy.run_path(str(ROOT / "setup.py"))["packages"]().items():
        destination = target / name.replace(".", "/")
        destination.mkdir(parents=True, exist_ok=True)
        for source in (ROOT / folder).iterdir():
            if source.is_file() and source.suffix in {".py", ".typed", ".toml", ".cir"}:
                place, content = destination / source.name, source.read_bytes()
                if not place.exists() or place.read_bytes() != content:
                    place.write_bytes(content)


def run(tests: list[str], left_out: tuple[str, ...] = (), every: bool = False) -> tuple[list[str], bool]:
    """Run tests on the package in COPY; return those that fail (the first, unless ``every``), and if all is well.

    Tests that look at the checkout itself fail on any copy; ``left_out`` names them.
    """
    options = [] if every else ["-x"]
    options += [f"--deselect={name}" for name in left_out]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider", *options, *tests],
            cwd=ROOT, env={**os.environ, "PYTHONPATH": str(COPY)}, capture_output=True, text=True, timeout=LONGEST,
            check=False)
    except subprocess.TimeoutExpired:
        return ["it never ends"], False
    names = re.findall(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.M)
    return names or ([] if done.returncode == 0 else [f"pytest ended with {done.returncode}"]), done.returncode == 0


@functools.cache
def fail_anyway(folder: str) -> tuple[str, ...]:
    """Return the tests of a room that fail on an unchanged copy."""
    package_at(COPY)
    return tuple(run([folder], every=True)[0])


def noticed_by(change: Change, folder: str) -> str:
    """Return the first test that fails with a change; "" if none does."""
    left_out = fail_anyway(folder)
    package_at(COPY)
    inside = COPY / "tsbench" / change.path.removeprefix("core/")
    if change.path.startswith(HOOK):
        inside = COPY / "pyvisa_tsbench" / Path(change.path).name
    assert inside.exists(), inside
    inside.write_text(change.text, "utf-8")
    found, _ = run(_tests_first(change, folder), left_out)
    return found[0] if found else ""


def results(count: int, seed: int, rooms: dict[str, str], kept: Path | None) -> Iterator[dict[str, object]]:
    """Yield what became of each change; those that ``kept`` has are not made again."""
    known = [json.loads(line) for line in kept.read_text("utf-8").splitlines()] if kept and kept.exists() else []
    for number in range(count):
        change = draw(random.Random(f"{seed} {number}"), rooms)
        if number < len(known):
            yield known[number]
            continue
        facts = {name: value for name, value in asdict(change).items() if name != "text"}
        result = {**facts, "noticed_by": noticed_by(change, rooms[change.room])}
        print(json.dumps(result), file=sys.stderr, flush=True)
        if kept:
            with kept.open("a", encoding="utf-8") as file:
                file.write(json.dumps(result) + "\n")
        yield result


def main() -> int:
    """Draw, run, print; return 1 where more than one change in ten survives."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--room", choices=sorted(ROOMS))
    parser.add_argument("--resume", type=Path)
    parser.add_argument("--quick", action="store_true", help="six changes")
    arguments = parser.parse_args()
    rooms = {arguments.room: ROOMS[arguments.room]} if arguments.room else ROOMS
    count = 6 if arguments.quick else arguments.count
    found = list(results(count, arguments.seed, rooms, arguments.resume))
    for one in found:
        print(f"{one['path']}:{one['line']}  {one['what']}  {one['noticed_by'] or 'SURVIVED'}")
    noticed = sum(bool(one["noticed_by"]) for one in found)
    return report("mutations", "changes of the code and the tests of its room", [Line(
        "changes that the tests of their room notice", f"{noticed} of {count}", f">= {LEAST_NOTICED:.0%}",
        noticed >= LEAST_NOTICED * count)])


if __name__ == "__main__":
    sys.exit(main())
