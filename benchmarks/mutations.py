"""Do the tests of a room notice changes of its code? ``python -m benchmarks.mutations [--count 60] [--seed 1]``.

Draws changes over all rooms, each in one place of one file: a comparison, a sum, a number, a condition, a returned
value. :mod:`benchmarks.mutation_places` says which places are left out. Each change is made in a copy of the package,
on which the tests of its room run until one fails. A change that no test of its room notices has survived.

Tests that execute the changed line run first, where ``--learn`` has recorded them (build/executed, a run of each
room's tests under coverage); then those that name the changed module; then the rest. A test that fails with a change
must pass without it, else it is left out.

Tests run in a copy of this process (fork), which has imported the libraries already: most changes are noticed by a
test that takes less time than these imports. The copies of the package (build/mutated, build/unchanged) stand before
the installed package by PYTHONPATH; nothing in the checkout changes. ``--resume FILE`` goes on with the rows of FILE
that are of this commit; ``--room NAME`` draws in one room only.
"""

import argparse
import ast
import functools
import importlib
import json
import os
import random
import re
import runpy
import signal
import sys
import tempfile
import time
import tomllib
import traceback
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NoReturn

import pytest

from benchmarks.executed_lines import learn, tests_of_line
from benchmarks.kept_rows import add_rows, rows_of_commit
from benchmarks.mutation_places import Places, changed
from benchmarks.report import Line, commit, report
from tests.fixtures.quick import slow_tests

ROOT = Path(__file__).resolve().parent.parent
COPY = ROOT / "build" / "mutated"
COMPILED_COPY = ROOT / "build" / "mutated_compiled"  #: a change there compiles all again: the other copy keeps its code
UNCHANGED = ROOT / "build" / "unchanged"
HOOK = "simulated_backends/access/pyvisa_hook/"
ROOMS = {
    **{name: f"tests/{name}" for name in (
        "analysis", "cli", "core", "demo", "extraction", "gui", "instruments", "protocols", "pytest_plugin",
        "storage")},
    **{f"station/{name}": f"tests/station/{name}" for name in ("bench", "runner", "campaign", "watchdog", "preflight")},
    **{f"simulated_backends/{name}": f"tests/simulated_backends/{name}" for name in (
        "access", "circuit", "devices", "life", "numerics", "scpi", "services", "studies", "virtual_instruments",
        "witness", "world")},
}
LIBRARIES = ("h5py", "matplotlib.figure", "msgpack", "numba", "pydantic", "pymeasure.instruments", "pyvisa",
             "rich.console", "scipy.optimize", "scipy.signal", "scipy.stats")
LONGEST = 1500  #: [s] of a room's tests: a change that never ends counts as noticed
NOT_RUN = 99  #: exit code where pytest itself fails
LEAST_NOTICED = 0.9


@dataclass(frozen=True)
class Change:
    """One change: where, what, and the text of the file with it."""

    room: str
    path: str
    line: int
    what: str
    text: str


@dataclass(frozen=True)
class Failure:
    """What ended a run of tests."""

    words: str
    test: str = ""  #: that failed; "": no test is named


def draw(rng: random.Random, rooms: dict[str, str]) -> Change:
    """Draw a room, a file of it by its length, and a place in it."""
    while True:
        room = rng.choice(sorted(rooms))
        files = [f for f in sorted((ROOT / room).rglob("*.py")) if f.name != "__init__.py"]
        file = rng.choices(files, [f.stat().st_size for f in files])[0]
        tree = ast.parse(file.read_text("utf-8"))
        places = Places(tree).found
        if not places:
            continue
        node = rng.choice(places)
        line = getattr(node, "lineno", 0)
        what = changed(node)
        return Change(room, file.relative_to(ROOT).as_posix(), line, what, ast.unparse(ast.fix_missing_locations(tree)))


def _files_first(change: Change, folder: str) -> list[str]:
    """Return the room's test files: those that name the changed module or its package first."""
    module = Path(change.path).stem
    package = Path(change.path).parent.name
    files = sorted((ROOT / folder).rglob("test_*.py"))

    def rank(file: Path) -> int:
        text = file.read_text("utf-8")
        return 0 if re.search(rf"\b{package}\.{module}\b", text) else 1 if re.search(rf"\b{module}\b", text) else 2

    return [f.relative_to(ROOT).as_posix() for f in sorted(files, key=rank)]


def _tests_first(change: Change, folder: str) -> list[list[str]]:
    """Return what to run, part by part: the tests that execute the changed line, then the files of the room."""
    files = _files_first(change, folder)
    order = {file: rank for rank, file in enumerate(files)}
    known = [test for test in tests_of_line(change.room, change.path, change.line) if test.partition("::")[0] in order]
    slow = slow_tests()
    known.sort(key=lambda test: (order[test.partition("::")[0]], slow.get(test, 0.0)))
    return [known, files] if known else [files]


def package_at(target: Path) -> None:
    """Lay the package out at ``target`` as it is imported; what is there already stays where it is the same."""
    data = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["package-data"]["*"]
    for name, folder in runpy.run_path(str(ROOT / "setup.py"))["packages"]().items():
        destination = target / name.replace(".", "/")
        destination.mkdir(parents=True, exist_ok=True)
        for source in (ROOT / folder).iterdir():
            if source.is_file() and any(source.match(pattern) for pattern in ("*.py", *data)):
                place, content = destination / source.name, source.read_bytes()
                if not place.exists() or place.read_bytes() != content:
                    place.write_bytes(content)


def first_failure(tests: list[str], package: Path, left_out: list[str]) -> Failure | None:
    """Run tests on the package in a folder until one fails; return what failed, None if all pass."""
    options = ["-x", "-q", "--no-header", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    options += ["-o", "timeout=300"]   # [s] a change that makes a test wait for ever is noticed
    options += [f"--deselect={name}" if "::" in name else f"--ignore={name}" for name in left_out]
    tests = [name for name in tests if name not in left_out]
    if not tests:
        return None
    with tempfile.TemporaryFile("w+") as output:
        child = os.fork()
        if child == 0:
            _run_tests([*options, *tests], package, output.fileno())
        code, deadline = None, time.monotonic() + LONGEST
        while code is None:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                code = os.waitstatus_to_exitcode(status)
            elif time.monotonic() > deadline:
                os.killpg(child, signal.SIGKILL)
                os.waitpid(child, 0)
                return Failure("it never ends")
            else:
                time.sleep(0.05)
        output.seek(0)
        failed = re.search(r"^(?:FAILED|ERROR) ([^\s\[]+)", output.read(), re.M)   # without the case in brackets
    if failed:
        return Failure(failed[1], failed[1])
    return None if code in {0, 5} else Failure(f"pytest ended with {code}")   # 5: no test is left


def _run_tests(arguments: list[str], package: Path, output: int) -> NoReturn:
    """Be the child: nothing of the package is imported yet, all libraries are."""
    os.setsid()
    for stream in (1, 2):
        os.dup2(output, stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ["PYTHONPATH"] = str(package)   # for the processes that tests start
    sys.path.insert(0, str(package))
    for name in [name for name in sys.modules if name.partition(".")[0] in {"benchmarks", "tests", "tsbench"}]:
        del sys.modules[name]
    try:
        code = int(pytest.main(arguments))
    except BaseException:  # noqa: BLE001  the child must not go on as its parent
        traceback.print_exc()
        sys.stderr.flush()
        code = NOT_RUN
    sys.stdout.flush()
    os._exit(code)


@functools.cache
def _passes_unchanged(test: str) -> bool:
    package_at(UNCHANGED)
    return not (ROOT / test.partition("::")[0]).exists() or not first_failure([test], UNCHANGED, [])


def noticed_by(change: Change, folder: str) -> str:
    """Return the first test that fails with a change and passes without it, or how else the tests fail; "": they pass.

    Raises
    ------
    RuntimeError
        Without the change, the tests do not run to their end either.
    """
    copy = COMPILED_COPY if change.room.endswith(("/circuit", "/devices", "/numerics", "/studies")) else COPY
    package_at(copy)
    inside = copy / "tsbench" / change.path.removeprefix("core/")
    if change.path.startswith(HOOK):
        inside = copy / "pyvisa_tsbench" / Path(change.path).name
    assert inside.exists(), inside
    inside.write_text(change.text, "utf-8")
    left_out: list[str] = []
    for tests in _tests_first(change, folder):
        while failed := first_failure(tests, copy, left_out):
            if not failed.test:   # so all of them must pass without the change
                package_at(UNCHANGED)
                if reason := first_failure(tests, UNCHANGED, left_out):
                    raise RuntimeError(
                        f"{change.path}:{change.line} ({change.what}): {failed.words}. Without this change, {folder} "
                        f"fails too: {reason.words}. Run `pytest {folder}` and mend what fails. If all pass, a "
                        f"recorded test is gone: run `python -m benchmarks.mutations --learn --room {change.room}`")
                return failed.words
            if _passes_unchanged(failed.test):
                return failed.test
            left_out.append(failed.test)
        left_out += tests if tests and "::" in tests[0] else []
    return ""


def results(count: int, seed: int, rooms: dict[str, str], kept: Path | None) -> Iterator[dict[str, object]]:
    """Yield what became of each change; those that ``kept`` has are not made again."""
    of_commit = commit()
    known = {(r["path"], r["line"], r["what"]): r for r in rows_of_commit(kept, of_commit)} if kept else {}
    for number in range(count):
        change = draw(random.Random(f"{seed} {number}"), rooms)
        if (result := known.get((change.path, change.line, change.what))) is None:
            facts = {name: value for name, value in asdict(change).items() if name != "text"}
            result = {**facts, "noticed_by": noticed_by(change, rooms[change.room]), "commit": of_commit}
            print(json.dumps(result), file=sys.stderr, flush=True)
            if kept:
                add_rows(kept, [result])
        yield result


def main() -> int:
    """Draw, run, print; return 1 where more than one change in ten survives."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--room", choices=sorted(ROOMS))
    parser.add_argument("--resume", type=Path)
    parser.add_argument("--quick", action="store_true", help="six changes")
    parser.add_argument("--learn", action="store_true", help="record which tests execute which lines, then end")
    arguments = parser.parse_args()
    rooms = {arguments.room: ROOMS[arguments.room]} if arguments.room else ROOMS
    os.chdir(ROOT)
    for name in LIBRARIES:
        importlib.import_module(name)
    if arguments.learn:
        for room, folder in rooms.items():
            learn(room, folder)
        return 0
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
