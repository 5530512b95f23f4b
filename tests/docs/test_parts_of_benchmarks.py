"""A part of a benchmark: where nothing is chosen, or nothing is injected, it does not pass."""

import sys
from collections.abc import Callable, Sequence

import pytest

from benchmarks import conform, faults
from benchmarks.acceptance import __main__ as acceptance
from benchmarks.adaptive.bench_part import asked_of, bench_jobs
from benchmarks.fault_kinds import drawn
from benchmarks.kills import __main__ as kills
from benchmarks.pairs import __main__ as pairs
from benchmarks.report import INFORMATION
from benchmarks.truth import __main__ as truth
from tsbench.protocols import protocol_named

NO_NAME = "no-thing-has-this-name"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs with faults set these; the tests that follow must not see them."""
    for name in ("TSBENCH_WITNESS", "TSBENCH_FAULTS"):
        monkeypatch.setenv(name, "")


@pytest.mark.parametrize("main", [conform.main, faults.main, kills.main])
def test_only_of_nothing_is_an_error(
    main: Callable[[Sequence[str]], int], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(faults, "on_the_demo_bench", lambda: faults.runs_with(["keithley_4200"])[:1])
    with pytest.raises(SystemExit):
        main(["--only", NO_NAME])
    assert NO_NAME in capsys.readouterr().err


@pytest.mark.parametrize("main", [acceptance.main, pairs.main, truth.main])
def test_only_of_nothing_is_an_error_of_the_command(
    main: Callable[[], int], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmark", "--only", NO_NAME])
    with pytest.raises(SystemExit):
        main()
    assert NO_NAME in capsys.readouterr().err


def injected(
    arguments: Sequence[str], told: dict[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> tuple[int, dict[str, str]]:
    """Return the exit code and the rows of the table. ``told`` has the line of a kind of case, others have "a line"."""

    def run(waiting: Sequence[tuple[str, str, object]], done: dict[str, tuple[list[str], str]], _: object) -> None:
        done.update((key, ([], told.get(key.split("/")[1], "a line"))) for _, key, _ in waiting)

    monkeypatch.setattr(faults, "_run", run)
    code = faults.main(arguments)
    rows = (line.split(" | ", 1) for line in capsys.readouterr().out.splitlines() if line.startswith("| "))
    return code, {figure[2:]: rest for figure, rest in rows}


@pytest.mark.thorough
def test_a_short_run_with_one_driver_passes_although_no_trigger_comes_any_more(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:
    call = ["--drivers", "keithley_4200", "--quick"]
    code, rows = injected(call, {"trigger missed": faults.NOT_INJECTED}, capsys, monkeypatch)
    assert code == 0 and "0 of 0" in rows["trigger missed"] and rows["trigger missed"].endswith(f"{INFORMATION} | - |")
    assert "safe and complete" in rows["connection lost before delivery"] and "FAIL" not in str(rows)


def test_faults_of_which_none_is_injected_do_not_pass(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:
    call = ["--drivers", "keithley_4200", "--quick", "--only", "trigger missed"]
    code, rows = injected(call, {"trigger missed": faults.NOT_INJECTED}, capsys, monkeypatch)
    assert code == 1 and rows["faults injected"] == "0 | >= 1 | FAIL |"


def test_a_kind_of_fault_that_never_happens_does_not_pass_in_a_whole_run() -> None:
    done = {"a": ([], faults.NOT_INJECTED)}
    assert not faults._line("trigger missed", ["a"], done, part=False).passed
    assert faults._line("trigger missed", ["a"], done, part=True).passed
    assert not faults._line("trigger missed", ["a", "b"], done, part=True).passed   # one is to come


@pytest.mark.parametrize(("count", "every"), [(443, 720), (443, 60), (7, 30), (1, 1), (0, 60), (443, 1)])
def test_calls_with_all_offsets_disturb_each_message(count: int, every: int) -> None:
    found = [set(drawn("a run, a fault", count, every, offset)) for offset in range(every)]
    assert set().union(*found) == set(range(count))
    assert max(map(len, found)) <= count // every + 1


def test_rare_faults_come_in_all_parts_of_a_run() -> None:
    """The first messages only open the bench: no output is on."""
    places = [place for k in range(200) for place in drawn(f"run {k}", 400, 720, 0)]
    assert len(places) == 200 and min(places) < 20 and max(places) > 380 and 150 < sum(places) / 200 < 250
    assert [*drawn("run 3", 400, 720, 0)] == [places[3]]


def test_every_search_on_the_bench_has_parameters_that_its_protocol_takes() -> None:
    for job in bench_jobs(1):
        asked = asked_of(job)
        protocol_named(asked.protocol).parse(dict(asked.values))
