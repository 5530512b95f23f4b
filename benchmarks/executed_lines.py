"""Which tests of a room execute which lines of it: recorded by coverage, in build/executed.

What runs in compiled code or in another process has no test there. The record only decides what runs first, so an old
one does no harm.
"""

import functools
import os
import re
import subprocess
import sys
from pathlib import Path

from coverage import CoverageData

ROOT = Path(__file__).resolve().parent.parent
EXECUTED = ROOT / "build" / "executed"


def _record(room: str) -> Path:
    return EXECUTED / f"{room.replace('/', '.')}.coverage"


def learn(room: str, folder: str) -> None:
    """Run the tests of a room on the checkout and record which lines of the room each of them executes."""
    EXECUTED.mkdir(parents=True, exist_ok=True)
    settings = EXECUTED / "coverage.ini"
    settings.write_text(f"[run]\nsource = {room}\nrelative_files = true\n", "utf-8")
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider", "--cov",
         f"--cov-config={settings}", "--cov-context=test", "--cov-report=", folder],
        cwd=ROOT, env={**os.environ, "COVERAGE_FILE": str(_record(room))}, check=False)


@functools.cache
def _data(room: str) -> CoverageData | None:
    if not _record(room).exists():
        return None
    data = CoverageData(str(_record(room)))
    data.read()
    return data


def tests_of_line(room: str, path: str, line: int) -> list[str]:
    """Return the functions of the tests that execute a line of a file, as far as there is a record of the room."""
    data = _data(room)
    tests = data.contexts_by_lineno(path).get(line, []) if data else []
    return sorted({re.split(r"[\[|]", test)[0] for test in tests} - {""})
