"""Each output of each source goes off by its own ``safe_state``, also where its box has one for all outputs."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks.pairs.cells import GENERATOR, PARTS, SOURCE_METER, Cell, Model, lay, models
from tsbench.instruments import MeasureSettings, SourceSettings
from tsbench.simulated_backends.virtual_instruments.registry import VIRTUAL_INSTRUMENTS
from tsbench.station.bench.bench import Bench


def with_most_terminals(family: list[Model]) -> Model:
    offers = VIRTUAL_INSTRUMENTS.offers()
    return max(family, key=lambda model: len(offers[model.name].thing.load().terminals))


FAMILIES = {model.driver: model for kind in (SOURCE_METER, GENERATOR)
            for model in map(with_most_terminals, models(kind))}


def switch_on(terminal: Any) -> bool:
    """Switch one output on at a level that is not zero; False for a pulse card, whose train switches it on."""
    if hasattr(terminal, "configure_source"):
        terminal.configure_source(SourceSettings("voltage", compliance_current=1e-3))
        terminal.configure_measure(MeasureSettings("current"))
        terminal.set_level(0.5)
    elif hasattr(terminal, "configure_level"):
        terminal.configure_level(0.1)
    else:
        return False
    terminal.set_output(True)
    return True


def goes_on_at_zero(driver: Any, names: list[str]) -> None:
    """Switch each source meter on again: it sources nothing until it gets a new level."""
    for one in names:
        terminal = driver.terminal(one.partition(".")[2])
        if hasattr(terminal, "configure_source"):
            terminal.set_output(True)
            reading = terminal.measure()
            assert (reading.source, reading.voltage) == (0.0, pytest.approx(0.0, abs=1e-3)), one
            terminal.set_output(False)


@pytest.mark.sabotage("output")
@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_safe_state_of_one_output(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TSBENCH_WITNESS", str(tmp_path / "witness.jsonl"))
    model = FAMILIES[name]
    part = next(part for part in PARTS if model.kind in part.kinds)
    with Bench.open(lay(Cell(part, model, None), tmp_path, 1, imperfections=False), "D1") as bench:
        driver: Any = bench.instruments.connections["source"].driver
        world = next(iter(bench.instruments.managers.values())).visalib.world   # type: ignore[attr-defined]
        names = [one for one in driver.output_names if switch_on(driver.terminal(one.partition(".")[2]))]
        assert len(world.witness.outputs_on()) == len(names) > 0
        driver.check_errors()
        on = [state.output for one in (driver, *(driver.terminal(name.partition(".")[2]) for name in names))
              for state in one.output_states() if state.enabled]
        assert on == 2 * names == 2 * sorted(world.witness.outputs_on())
        for count, one in enumerate(names, 1):
            driver.terminal(one.partition(".")[2]).safe_state()
            driver.check_errors()
            states = {state.output: state.enabled for state in driver.output_states()}
            assert not states[one] and one not in world.witness.outputs_on()
            # a B1500A switches all of its modules off
            assert len(world.witness.outputs_on()) == (0 if name == "keysight_b1500a" else len(names) - count)
        goes_on_at_zero(driver, names)
        for one in names:
            switch_on(driver.terminal(one.partition(".")[2]))
        assert len(world.witness.outputs_on()) == len(names)
        driver.safe_state()
        assert not any(state.enabled for state in driver.output_states())
        assert world.witness.outputs_on() == []
        goes_on_at_zero(driver, names)
