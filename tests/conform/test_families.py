"""Of every family of instruments, the twin agrees with itself, and no step of the dialogue fails."""

from pathlib import Path

import pytest

from benchmarks.pairs.cells import GENERATOR, SCOPE, SOURCE_METER, Model, models
from tsbench.conform import conform
from tsbench.conform.twin import write_twin

FAMILIES = [family[0] for kind in (SOURCE_METER, GENERATOR, SCOPE) for family in models(kind)]


@pytest.mark.parametrize("model", FAMILIES, ids=lambda model: model.name)
def test_a_family_agrees_with_itself(model: Model, tmp_path: Path) -> None:
    terminal = f"it.{model.channel}" if model.channel else "it"
    resistors = {} if model.kind == SCOPE else {terminal: 10e3}
    bench = write_twin(tmp_path, "it", model.driver, {}, model.name, resistors, seed=99)
    finding, = conform(bench, resistors)
    assert [difference.line for difference in finding.differences] == [] and not finding.problem
    assert [(step.name, step.failure) for step in finding.transcript.steps if step.failure] == []
    assert len(finding.transcript.steps) > 10


@pytest.mark.parametrize("socket", [False, True])
def test_a_language_that_acknowledges_on_sockets_agrees_with_itself(socket: bool, tmp_path: Path) -> None:
    resistors = {"it.smu1": 10e3}
    bench = write_twin(tmp_path, "it", "keithley_4200", {}, "keithley_4200", resistors, seed=99, socket=socket)
    finding, = conform(bench, resistors)
    assert [difference.line for difference in finding.differences] == [] and not finding.problem
