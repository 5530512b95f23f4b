"""A method of another author's protocol that fails before anything is sent: one line names it and its place."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.fake_runs import FakeBench, Sweep
from tests.fixtures.simulated_bench import EXAMPLES
from tsbench.cli import main
from tsbench.plugins import Offer, in_words
from tsbench.protocols.registry import PROTOCOLS
from tsbench.station.bench.bench import Bench


def fails(*arguments: object) -> Any:
    raise KeyError("a bug\nsecond line")


PLACE = f"test_faults_of_protocols.py, line {fails.__code__.co_firstlineno + 1}"


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> Callable[..., FakeBench]:
    """Return a function that installs a protocol ``z_ramp`` with other methods, and a bench that is not real."""
    def install(**methods: Any) -> FakeBench:
        bench = FakeBench()
        monkeypatch.setattr(Bench, "open", lambda path, device=None: bench)
        monkeypatch.setitem(PROTOCOLS.offers(), "z_ramp", Offer(  # type: ignore[arg-type]
            type("Ramp", (Sweep,), {"name": "z_ramp", "__module__": __name__, **methods}), "lab 1.2"))
        return bench

    return install


@pytest.mark.parametrize("method", ["plan", "table", "parameters"])
def test_a_method_that_fails_before_the_run_is_named_with_file_and_line(
    method: str, lab: Callable[..., FakeBench], tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    bench = lab(**{method: fails})
    measure = ["measure", "z_ramp", "--bench", str(EXAMPLES / "resistor.bench.toml"), "--device", "D1", "--out",
               str(tmp_path / "runs")]
    assert main(measure) == 1 and not bench.on
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"tsbench: z_ramp: the method {method} failed (KeyError: 'a bug second line' ({PLACE})) (run with --debug for "
        "the traceback)")
    with pytest.raises(KeyError, match="a bug") as caught:  # a script sees its own error
        main([*measure, "--debug"])
    assert in_words(caught.value).startswith(f"z_ramp: the method {method} failed (KeyError")


def test_a_plan_that_fails_in_a_list_is_named_in_one_line(
    lab: Callable[..., FakeBench], tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    lab(plan=fails)
    (tmp_path / "l.toml").write_text(
        f"bench = {json.dumps(str(EXAMPLES / 'resistor.bench.toml'))}\ndevice = 'R1'\n[[protocol]]\nname = 'z_ramp'\n",
        "utf-8")
    assert main(["run", str(tmp_path / "l.toml"), "--dry-run"]) == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith(
        f"tsbench: z_ramp: the method plan failed (KeyError: 'a bug second line' ({PLACE}))")


def test_a_plug_in_that_calls_exit_anywhere_else_is_reported(
    lab: Callable[..., FakeBench], capsys: pytest.CaptureFixture[str],
) -> None:
    def leaves(*arguments: object) -> Any:
        raise SystemExit(3)

    lab(parse=classmethod(leaves))
    assert main(["measure", "z_ramp", "--bench", "x.toml", "--device", "D1"]) == 1
    line = leaves.__code__.co_firstlineno + 1
    assert capsys.readouterr().err == (f"tsbench: unexpected SystemExit: 3 (test_faults_of_protocols.py, line {line}) "
                                       "(run with --debug for the traceback)\n")
