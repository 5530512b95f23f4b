"""A second process on a served bench is refused before it sends anything; the first is never disturbed.

A sample of what ``python -m benchmarks.owners`` does at twenty random moments of each pair.
"""

import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals that Windows does not have")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    import benchmarks.owners
    from benchmarks.watchdog import ServedBench

    with ServedBench(tmp_path_factory.mktemp("served"), fast=True) as bench:
        bench.write_bench(bench.bench, deadline=benchmarks.owners.PATIENT)
        yield bench


def test_whoever_comes_second_is_told_the_owner_who_goes_on_undisturbed(
    served: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import benchmarks.owners
    from tsbench.cli import main
    from tsbench.errors import InstrumentInUse
    from tsbench.station.bench.bench import Bench
    from tsbench.station.bench.discovery import discover

    monkeypatch.setattr(benchmarks.owners, "SECONDS", ("check", "measure", "run"))  # windows: tests/gui
    monkeypatch.setattr(benchmarks.owners, "_LATEST", 0.1)
    meet = benchmarks.owners.meet

    def look_in_this_process_too(first: Any, second: str, bench: Path, out: Path, file: str) -> Any:
        with pytest.raises(InstrumentInUse, match=f"process {first.process} "):
            Bench.open(bench, "D1")
        assert main(["check", str(bench), "--json"]) == 3
        assert json.loads(capsys.readouterr().out)["in_use"]["process"] == first.process
        monkeypatch.setattr("tsbench.instruments.links.visa_library.list_resources", lambda _: resources)
        found = list(discover("@py"))
        assert len(found) == 3 and all(one.identity is None and "is in use by" in one.in_use for one in found)
        return meet(first, second, bench, out, file)

    resources = [served._served[index]["socket" if index % 2 else "hislip"] for index in range(3)]
    monkeypatch.setattr(benchmarks.owners, "meet", look_in_this_process_too)
    owned = benchmarks.owners.own(served, "measure", random.Random(1), 0)
    assert owned.problems == [] and owned.points > 0
    assert [(met.second, met.lines) for met in owned.meetings if not met.good(owned.process)] == []
    assert {met.file for met in owned.meetings} == {"same", "other"}


def test_after_a_sigkill_of_the_owner_the_next_one_gets_the_bench(served: Any) -> None:
    import benchmarks.owners

    assert benchmarks.owners.kill(served, "measure", 0.3, 0) == ""


@pytest.mark.thorough
def test_readings_of_a_bench_that_was_switched_off_are_found() -> None:
    import numpy as np

    import benchmarks.owners

    levels = np.tile([0.0, 0.4, 0.8], 20)
    currents = levels * 1e-4
    assert benchmarks.owners.false_points(levels, currents) == []
    currents[31] = 1e-12
    currents[32] = np.nan
    assert len(benchmarks.owners.false_points(levels, currents)) == 2
