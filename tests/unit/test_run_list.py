"""Lists of protocols: one bench per device, dry runs, resuming, and one clear line for a wrong list."""

from pathlib import Path

import pytest

import tsbench.bench
import tsbench.extraction
import tsbench.protocols
from tests.unit.runner_fakes import FakeBench, Sweep, hooked
from tsbench.errors import ConfigurationError, LimitError
from tsbench.instruments import OutputState
from tsbench.records import DeviceDescription, RunEvent
from tsbench.runner import Control, run_list
from tsbench.storage import read_run


@pytest.fixture(autouse=True)
def no_extraction(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tsbench.extraction, "extract", lambda run: ())


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[FakeBench]:
    """Benches opened by ``run_list``, which knows the protocol "sweep" here."""
    benches: list[FakeBench] = []

    def open_bench(path: Path, device: str) -> FakeBench:
        bench = FakeBench()
        bench.device = DeviceDescription(device)
        benches.append(bench)
        return bench

    monkeypatch.setattr(tsbench.bench.Bench, "open", open_bench)
    monkeypatch.setitem(tsbench.protocols.PROTOCOLS, "sweep", Sweep)
    return benches


def listed(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "list.toml"
    path.write_text('bench = "b.toml"\ndevice = "D1"\n' + text)
    return path


ONE = '[[protocol]]\nname = "sweep"\n'
SWEEPS = f'{ONE}{ONE}points = 3\n{ONE}device = "D2"\n'


def test_a_list_keeps_the_bench_open_for_one_device(tmp_path: Path, opened: list[FakeBench]) -> None:
    outcomes = run_list(listed(tmp_path, SWEEPS), tmp_path / "out")
    assert [outcome.status for outcome in outcomes] == ["success"] * 3
    assert [bench.device.identifier for bench in opened] == ["D1", "D2"] and opened[0].calls[-1] == "close"
    assert [len(read_run(outcome.path).points) for outcome in outcomes if outcome.path] == [5, 3, 5]
    assert read_run(outcomes[1].path or "").reason == "the protocol ended with 3 of 5 points"


def test_a_dry_run_only_tells_the_plans(tmp_path: Path, opened: list[FakeBench]) -> None:
    told: list[RunEvent] = []
    assert run_list(listed(tmp_path, SWEEPS), tmp_path / "out", events=told.append, dry_run=True) == []
    assert len(told) == 3 and "sweep on D2: 5 points" in told[2].message
    assert not (tmp_path / "out").exists() and not any(bench.on for bench in opened)


def test_resume_leaves_out_what_is_done(
    tmp_path: Path, opened: list[FakeBench], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, control = listed(tmp_path, SWEEPS), Control()
    calls: list[int] = []

    def stop_in_the_second(_: int) -> None:
        calls.append(1)
        if len(calls) == 2:
            control.stop()

    hooked(monkeypatch, stop_in_the_second)
    text = SWEEPS.replace('name = "sweep"', 'name = "sweep"\nat = 0')
    path.write_text('bench = "b.toml"\ndevice = "D1"\n' + text)
    first = run_list(path, tmp_path / "out", control=control)
    assert [outcome.status for outcome in first] == ["success", "abort"]  # a stop ends the list
    second = run_list(path, tmp_path / "out", resume=True)
    assert [(outcome.device, outcome.status) for outcome in second] == [("D1", "success"), ("D2", "success")]
    assert run_list(path, tmp_path / "out", resume=True) == []


def test_outputs_that_are_not_off_end_the_list(
    tmp_path: Path, opened: list[FakeBench], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeBench, "_off", lambda self, call: [OutputState("source_meter", True)])
    outcomes = run_list(listed(tmp_path, SWEEPS), tmp_path / "out")
    assert len(outcomes) == 1 and not outcomes[0].safe


def test_a_refusal_in_a_list_sends_nothing(tmp_path: Path, opened: list[FakeBench]) -> None:
    text = '[[protocol]]\nname = "sweep"\n[[protocol]]\nname = "sweep"\nrefusal = "too much"\n'
    with pytest.raises(LimitError, match="too much"):
        run_list(listed(tmp_path, text), tmp_path / "out")
    assert not (tmp_path / "out").exists() and opened[0].calls == ["close"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", r"no \[\[protocol\]\]"),
        ("x = 1", "unknown key 'x'"),
        ("devise = 1", "did you mean 'device'"),
        ("[[protocol]]", "protocol 1: no name"),
        ("[[protocol]]\nname = 'sweeep'", "did you mean 'sweep'"),
        ("[[protocol]]\nname = 'sweep'\npoints = 'x'", "protocol 1: sweep: points"),
        ("[[protocol]]\nname = 'sweep'\npionts = 1", "did you mean 'points'"),
        ("protocol = [1]", "protocol 1: not a table"),
        ("[[protocol", "not TOML"),
    ],
)
def test_a_wrong_list_gets_one_clear_line(
    tmp_path: Path, opened: list[FakeBench], text: str, expected: str
) -> None:
    path = listed(tmp_path, text)
    with pytest.raises(ConfigurationError, match=expected) as caught:
        run_list(path, tmp_path / "out")
    assert "\n" not in str(caught.value) and str(path) in str(caught.value) and opened == []


def test_what_is_no_list_gets_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "random.toml").write_bytes(bytes(range(256)))
    for path in (tmp_path / "none.toml", tmp_path, tmp_path / "random.toml"):
        with pytest.raises(ConfigurationError):
            run_list(path, tmp_path / "out")
