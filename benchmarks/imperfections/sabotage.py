"""Does the test of each imperfection notice a wrong number? ``python -m benchmarks.imperfections.sabotage [--all]``.

First the tests run as they are: each must pass. Then each number that makes an imperfection is made wrong in the
simulation in five ways (:mod:`.sabotages`), and its test runs on it. ``--all`` takes each model, else the first of each
family. ``--only WORD`` takes tests with WORD in their names, and judges only these. The table is that of
docs/evidence/imperfections.md. ``known.toml`` lists what is not noticed, with the reasons: the benchmark fails if
anything differs from this list.
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from benchmarks.imperfections.known import (
    BLIND,
    LIST,
    NOTHING,
    SEEN,
    Case,
    differences,
    fewest_cases,
    load,
    not_noticed,
)
from benchmarks.imperfections.sabotages import FACTORS, WORDS
from benchmarks.imperfections.table import rows
from benchmarks.report import heading

ROOT = Path(__file__).parents[2]


def _pytest(arguments: Sequence[str], environment: Mapping[str, str], allowed: Collection[int]) -> None:
    """Run pytest; RuntimeError with its last line where it ends with an exit code that is not allowed."""
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "--tb=no", *arguments], cwd=ROOT, env=environment,
                          capture_output=True, text=True, check=False)
    if done.returncode not in allowed:
        said = (done.stdout + done.stderr).strip().splitlines()
        raise RuntimeError(f"pytest ended with exit code {done.returncode}: {said[-1] if said else 'nothing said'}")


def run(everything: bool, only: str) -> list[dict[str, object]]:
    """Run the tests of the page as they are, then on sabotaged instruments; return what became of each.

    Raises
    ------
    RuntimeError
        A test fails on the instruments as they are, or pytest did not run: then the others would show nothing.
    """
    files = sorted({test.partition("::")[0] for row in rows() for test in row.tests})
    chosen = ["-k", only] if only else []
    _pytest([*chosen, *files], os.environ, {0})
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "seen.jsonl"
        found.touch()
        environment = os.environ | {"IMPERFECTIONS_SEEN": str(found)}
        if everything:
            environment["IMPERFECTIONS_ALL"] = "1"
        _pytest(["-p", "benchmarks.imperfections.spoilt", *chosen, *files], environment, {0, 1})   # 1: tests failed
        return [json.loads(line) for line in found.read_text("utf-8").splitlines()]


def results_of(found: Iterable[Mapping[str, object]]) -> dict[Case, str]:
    """Return what became of each case."""
    results = {}
    for one in found:
        wrong = next(word for word in WORDS.values() if str(one["sabotage"]).endswith(f" {word}"))
        number = str(one["sabotage"]).removesuffix(f" {wrong}")
        kind = str(one["of"]).partition("::")[0].rpartition("test_imperfections_of_")[2].removesuffix(".py")
        test = f"{one['test']} ({kind})" if str(one["test"]).startswith("test_levels_are") else str(one["test"])
        results[Case(test, number, wrong, ", ".join(map(str, one["on"])))] = str(one["found"])   # type: ignore[call-overload]
    return results


def table(results: Mapping[Case, str]) -> tuple[str, list[str]]:
    """Return the table of what the tests have seen, and a line for each number that was not spoilt anywhere."""
    counts: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    unspoilt = []
    for case, result in results.items():
        counts[case.test, case.number, case.wrong][result if result in (SEEN, NOTHING) else BLIND] += 1
    columns = ["test", "number", *(WORDS[factor] for factor in FACTORS)]
    lines = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for test, numbers in dict.fromkeys(key[:2] for key in counts):
        cells: list[str] = []
        for factor in FACTORS:
            count = counts[test, numbers, WORDS[factor]]
            cases = count[SEEN] + count[BLIND]
            cells.append(f"{count[SEEN]} of {cases}" if cases else "-")
        if set(cells) == {"-"}:
            unspoilt.append(f"`{test}`, {numbers}: nothing was spoilt on any instrument")
        lines.append(f"| `{test.removeprefix('test_')}` | {numbers} | {' | '.join(cells)} |")
    return "\n".join(lines), unspoilt


def main() -> int:
    """Print the table; return 0 if what the tests have not seen is what the list says."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--all", action="store_true", help="each model, not the first of each family")
    parser.add_argument("--only", default="", help="part of the name of a test, as of pytest -k; judges only these")
    options = parser.parse_args()
    try:
        results = results_of(run(options.all, options.only))
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    entries = load()
    text, unspoilt = table(results)
    wrong = unspoilt + differences(results, entries, not options.only, options.all, fewest_cases())
    if not results:
        wrong.append("no test ran on a sabotaged instrument")
    print(heading(shlex.join(["imperfections.sabotage", *sys.argv[1:]]),
                  "Wrong numbers that the tests of imperfections notice"))
    print(text)
    for title, lines in (("Not noticed, as the list says", not_noticed(results, entries)),
                         (f"Not as {LIST.relative_to(ROOT)} says", wrong)):
        if lines:
            print(f"\n{title}:\n\n" + "\n".join(f"* {line}" for line in lines))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
