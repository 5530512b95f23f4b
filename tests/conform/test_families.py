"""Of every family of instruments, the twin agrees with itself, and no step of the dialogue fails.

The files ``test_planted_*.py`` compare the families of the main kinds with something planted in them.
"""

import re
from pathlib import Path

import pytest

from benchmarks.conform import BY_HAND, is_found
from benchmarks.pairs.cells import GENERATOR, SCOPE, SOURCE_METER, Model, models
from tests.fixtures.planting import Family, Plant
from tsbench.conform import conform
from tsbench.conform.conforming import converse
from tsbench.conform.twin import write_twin
from tsbench.station.bench.bench import Bench

FAMILIES = [family[0] for kind in (SOURCE_METER, GENERATOR, SCOPE) for family in models(kind)]
OTHERS = [Family("keithley_707b", "keithley_707b"), Family("keithley_3706a", "keithley_3706a"),
          Family("formfactor_velox", "formfactor_velox"), Family("mpi_sentio", "mpi_sentio"),
          Family("lakeshore_335", "lakeshore_33x"), Family("lakeshore_336", "lakeshore_33x"),
          Family("meatest_m632", "meatest_m632"), Family("meatest_m525", "meatest_m525"),
          Family("keithley_4200", "keithley_4200", "pmu1")]


@pytest.mark.thin(3)
@pytest.mark.parametrize("model", FAMILIES, ids=lambda model: model.name)
def test_no_step_of_a_family_fails(model: Model, tmp_path: Path) -> None:
    terminal = f"it.{model.channel}" if model.channel else "it"
    resistors = {} if model.kind == SCOPE else {terminal: 10e3}
    with Bench.open(write_twin(tmp_path, "it", model.driver, {}, model.name, resistors, seed=99)) as bench:
        transcript = converse(bench, "it", resistors)
    assert [(step.name, step.failure) for step in transcript.steps if step.failure] == []
    assert len(transcript.steps) > 10


@pytest.mark.thin(4)
@pytest.mark.parametrize("family", OTHERS, ids=lambda family: family.model)
def test_another_kind_agrees_with_itself(family: Family, tmp_path: Path) -> None:
    finding, = conform(write_twin(
        tmp_path, "it", family.driver, {}, family.model, family.resistors, seed=99), family.resistors)
    assert [difference.line for difference in finding.differences] == [] and not finding.problem
    assert [(step.name, step.failure) for step in finding.transcript.steps if step.failure] == []
    assert len(finding.transcript.steps) > 4


def test_no_relay_closes_no_chuck_moves_and_no_heater_goes_on(tmp_path: Path) -> None:
    sent = []
    for family in OTHERS[:6]:
        with Bench.open(write_twin(tmp_path, "it", family.driver, {}, family.model, {}, seed=99)) as bench:
            transcript = converse(bench, "it", {})
        sent += [exchange.message for step in transcript.steps for exchange in step.exchanges]
    assert "channel.open('allslots')" in sent and "RANGE 1,0" in sent
    assert not [one for one in sent if re.search(r"(?<!get)close\(|Move|Step|move|step|RANGE \d,[1-9]|SETP \d", one)]


@pytest.mark.thin(2)
@pytest.mark.parametrize("socket", [False, True])
def test_a_language_that_acknowledges_on_sockets_agrees_with_itself(socket: bool, tmp_path: Path) -> None:
    resistors = {"it.smu1": 10e3}
    bench = write_twin(tmp_path, "it", "keithley_4200", {}, "keithley_4200", resistors, seed=99, socket=socket)
    finding, = conform(bench, resistors)
    assert [difference.line for difference in finding.differences] == [] and not finding.problem


@pytest.mark.soak
@pytest.mark.parametrize("family", dict.fromkeys(family for family, _ in BY_HAND), ids=lambda family: (
    f"{family.model}-{family.terminal}"))
def test_untouched_ones_show_no_difference(family: Family) -> None:
    assert [seed for seed in range(200) if is_found(family, Plant(), 5000 + seed)] == []
