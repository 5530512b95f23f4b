"""All outputs of an instrument are on, also those without a role: making safe switches each of them off."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.pairs.cells import GENERATOR, PARTS, SOURCE_METER, Cell, Model, lay, models
from tsbench.instruments import MeasureSettings, SourceSettings
from tsbench.simulated_backends.virtual_instruments.registry import VIRTUAL_INSTRUMENTS
from tsbench.simulated_backends.world.faults import Fault
from tsbench.station.bench.bench import Bench

LATEST = 6  #: message of making safe that is lost


def with_most_terminals(family: list[Model]) -> Model:
    offers = VIRTUAL_INSTRUMENTS.offers()
    return max(family, key=lambda model: len(offers[model.name].thing.load().terminals))


FAMILIES = {model.driver: model for kind in (SOURCE_METER, GENERATOR)
            for model in map(with_most_terminals, models(kind))}


@pytest.fixture
def bench(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setenv("TSBENCH_WITNESS", str(tmp_path / "witness.jsonl"))
    model = FAMILIES[request.param]
    part = next(part for part in PARTS if model.kind in part.kinds)
    with Bench.open(lay(Cell(part, model, None), tmp_path, 1, imperfections=False), "D1") as opened:
        yield opened


def switch_all_on(bench: Bench) -> list[str]:
    """Switch every output on at a level that is not zero; returns their names."""
    driver: Any = bench.instruments.connections["source"].driver
    switched = []
    for name in driver.output_names:
        terminal = driver.terminal(name.partition(".")[2])
        if hasattr(terminal, "configure_source"):
            terminal.configure_source(SourceSettings("voltage", compliance_current=1e-3))
            terminal.configure_measure(MeasureSettings("current"))
            terminal.set_level(0.5)
        elif hasattr(terminal, "configure_level"):
            terminal.configure_level(0.1)
        else:
            continue   # a pulse card, which switches its output on when a train starts
        terminal.set_output(True)
        switched.append(name)
    return switched


@pytest.mark.thin(2)
@pytest.mark.sabotage("output")
@pytest.mark.parametrize("bench", FAMILIES, indirect=True)
def test_all_outputs_go_off(bench: Bench) -> None:
    names = switch_all_on(bench)
    world = next(iter(bench.instruments.managers.values())).visalib.world   # type: ignore[attr-defined]
    on = world.witness.outputs_on()
    assert len(on) == len(names)
    for number in range(LATEST):
        world.faults.add(Fault(kind="timeout", message=world.faults.total + number))
        states = bench.make_safe()
        assert world.witness.outputs_on() == [] and not any(state.enabled for state in states)
        assert set(names) <= {state.output for state in states}
        if number < LATEST - 1:
            assert switch_all_on(bench) == names


@pytest.mark.sabotage("output")
@pytest.mark.parametrize("bench", ["keysight_81160a"], indirect=True)
def test_a_complement_that_somebody_switched_on_goes_off(bench: Bench) -> None:
    driver: Any = bench.instruments.connections["source"].driver
    world = next(iter(bench.instruments.managers.values())).visalib.world   # type: ignore[attr-defined]
    for number in range(LATEST):
        driver.send(":OUTP2:COMP ON")
        driver.check_errors()
        assert world.witness.outputs_on() == ["source.2_complement"]
        world.faults.add(Fault(kind="timeout", message=world.faults.total + number))
        states = bench.make_safe()
        assert world.witness.outputs_on() == [] and not any(state.enabled for state in states)
