"""Whatever happens in a run, the witness sees every output off in the end, and the data are kept.

A sample of what ``python -m benchmarks.faults`` does at every message and step.
"""

import os
from pathlib import Path
from typing import Any

import pytest

from tsbench.storage import read_run

PROTOCOLS = ("iv_sweep", "pulse_train", "oscillation")
pytestmark = pytest.mark.sabotage("output")


_messages: dict[str, tuple[int, int]] = {}


def length(faults: Any, name: str, folder: Path) -> tuple[int, int]:
    """Return how many messages and steps an undisturbed run has; which must be safe as well."""
    if name not in _messages:
        case = faults.run_case(folder / "clean", name)
        assert case.good and case.outcome.status == "success", (case.problems, case.left_on)
        _messages[name] = case.messages, case.steps
    return _messages[name]


@pytest.mark.thin(12)
@pytest.mark.parametrize("where", [0.35, 0.6, 0.85, 0.97])
@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_lost_connection(faults: Any, tmp_path: Path, name: str, where: float) -> None:
    messages, _ = length(faults, name, tmp_path)
    how = list(faults.LOSSES.values())[round(100 * where) % 3]
    case = faults.run_case(tmp_path / "case", name, fault={"message": round(where * messages), **how})
    assert case.left_on == [] and case.problems == []
    assert case.outcome.safe


@pytest.mark.thin(9)
@pytest.mark.parametrize("what", ["exception", "stop", "ctrl-c"])
@pytest.mark.parametrize("name", PROTOCOLS)
def test_something_at_a_step(faults: Any, tmp_path: Path, name: str, what: str) -> None:
    if what == "ctrl-c" and os.name == "nt":
        pytest.skip("Windows sends no signals to itself")
    _, steps = length(faults, name, tmp_path)
    act, status = faults.AT_STEPS[what]
    case = faults.run_case(tmp_path / "case", name, at=steps // 2, disturb=act)
    assert case.left_on == [] and case.problems == []
    assert case.outcome.status == status and read_run(case.outcome.path).status == status
    (output,) = {event.message for event in read_run(case.outcome.path).events if event.kind == "output"}
    assert output.startswith("these outputs were read back as off: source_meter, generator.1, generator.2")
