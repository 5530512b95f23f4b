"""``tsbench demo`` tells a script by its exit code whether every number is right."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tsbench.cli import main
from tsbench.demo import DemoOutcome, DemoRow

FACTS = {"device": "D1", "protocol": "iv_sweep", "run": "r", "quantity": "threshold_voltage", "unit": "V",
         "conditions": {}, "low": 0.9, "high": 1.2, "method": "", "flags": []}


@pytest.mark.parametrize(("value", "code", "told"), [(1.0, 0, ""), (1.5, 1, "outside its tolerance")])
def test_a_wrong_number_ends_with_1(
    value: float, code: int, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    outcome = DemoOutcome((), (DemoRow({**FACTS, "value": value}, 1.0, 0.1),), {}, (tmp_path / "r.nxs",), (), tmp_path)
    seeds: list[int] = []
    monkeypatch.setattr(
        "tsbench.demo.run_demo", lambda out, seed, follow: seeds.append(seed) or replace(outcome, folder=out))
    assert main(["demo", "--out", str(tmp_path), "--seed", "7", "--json"]) == code
    printed = capsys.readouterr()
    (row,) = json.loads(printed.out)
    assert (row["value"], row["true"], row["within"]) == (value, 1.0, code == 0)
    assert told in printed.err and bool(told) == bool(printed.err)
    assert main(["demo", "--out", str(tmp_path)]) == code
    assert str(tmp_path / "r.nxs") in capsys.readouterr().out.splitlines()
    assert seeds[0] == 7
