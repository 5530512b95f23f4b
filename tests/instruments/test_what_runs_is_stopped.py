"""A box stops what each of its channels plays, and what runs ends when its output goes off, in every way to do so."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.pairs.cells import PARTS, SOURCE_METER, Cell, lay
from tests.fixtures.kxci_bench import write_kxci_bench
from tests.fixtures.waveform_bench import write_waveform_bench
from tests.instruments.test_terminals_end_safe import FAMILIES
from tsbench.errors import TsbenchError
from tsbench.instruments import MeasureSettings, Pulse, SourceSettings
from tsbench.instruments.interfaces import Segment, SegmentTrain
from tsbench.station.bench.bench import Bench

Place = tuple[Callable[[Path], Path], str, str, str]


def laid(name: str) -> Callable[[Path], Path]:
    model = FAMILIES[name]
    part = next(part for part in PARTS if model.kind in part.kinds)
    return lambda folder: lay(Cell(part, model, None), folder, 1, imperfections=False)


#: the last channel that sources, of an instrument that has several
LAST = {"keithley_2600": "b", "keithley_4200": "smu4", "keysight_33500": "2", "keysight_81160a": "2",
        "keysight_b1500a": "4", "keysight_b2902a": "2", "rigol_dg800": "2", "siglent_sdg2000x": "2",
        "tektronix_afg": "2"}
#: bench, its instrument, device and terminal
PLACES: dict[str, Place] = {
    **{name: (laid(name), "source", "D1", "") for name in FAMILIES},
    **{f"{name}.{channel}": (laid(name), "source", "D1", channel) for name, channel in LAST.items()},
    "keithley_4225.2": (lambda folder: write_kxci_bench(folder, pulsed=True), "analyser", "D1", "pmu2"),
    "keysight_b1530a.2": (write_waveform_bench, "analyser", "R1", "502"),
    "keithley_4225": (lambda folder: write_kxci_bench(folder, pulsed=True), "analyser", "D1", "pmu1"),
    "keysight_b1530a": (write_waveform_bench, "analyser", "R1", "501"),
}


def begin(one: Any) -> Callable[[], bool]:
    """Begin a second of sweep, burst or train on a channel that goes on; return what tells whether it still runs."""
    if hasattr(one, "configure_train"):
        one.configure_ranges(3.0, 1e-3)
        one.configure_train(SegmentTrain(0.0, (Segment(0.5, 1e-3), Segment(0.0, 1e-3)), 1e-4, repeats=1000))
        one.set_output(True)
        one.start()
        return one.running   # type: ignore[no-any-return]
    if hasattr(one, "configure_source"):
        one.configure_source(SourceSettings("voltage", compliance_current=1e-3))
        one.configure_measure(MeasureSettings("current", nplc=0.1))
        one.set_output(True)
        one.start_sweep(np.full(20, 0.1), 0.05)
        return one.sweep_running   # type: ignore[no-any-return]
    one.configure_load(float("inf"))
    one.configure_pulse(Pulse(0.0, 0.5, 1e-3, 10e-3, 1e-6, 1e-6))
    one.configure_burst(100)
    one.set_output(True)
    one.trigger()
    return one.burst_running   # type: ignore[no-any-return]


def on(one: Any) -> list[str]:
    """Return the outputs that a driver or a terminal reports as on."""
    return [state.output for state in one.output_states() if state.enabled]


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, ...]]:
    """Yield the driver, the terminal, its name, and what tells the outputs that are on at the twin."""
    monkeypatch.setenv("TSBENCH_WITNESS", str(tmp_path / "witness.jsonl"))
    write, instrument, device, channel = PLACES[request.param]
    with Bench.open(write(tmp_path), device) as bench:
        driver: Any = bench.instruments.connections[instrument].driver
        world = next(iter(bench.instruments.managers.values())).visalib.world   # type: ignore[attr-defined]
        terminal: Any = driver.terminal(channel)
        yield driver, terminal, terminal.output_states()[0].output, world.witness.outputs_on, bench.clock.wait


@pytest.mark.thin(3)
@pytest.mark.sabotage("output")
@pytest.mark.parametrize("place", sorted(PLACES), indirect=True)
def test_what_a_channel_plays_ends(place: tuple[Any, ...]) -> None:
    driver, terminal, name, outputs_on, wait = place
    for end in (driver.abort, terminal.abort, lambda: terminal.set_output(False), terminal.safe_state,
                driver.safe_state):
        runs = begin(terminal)
        wait(0.1)
        assert runs() and outputs_on() == [name]
        assert on(driver) == on(terminal) == [name]
        end()
        if end not in (driver.abort, terminal.abort):
            assert on(driver) == on(terminal) == []   # the replies come when it has carried out what it was sent
            assert outputs_on() == []
        if end in (driver.abort, terminal.abort) or not hasattr(terminal, "configure_burst"):
            assert not runs()   # a burst goes on behind the relay that is open
    driver.reset()
    assert begin(terminal)()    # all of it is set anew


@pytest.mark.parametrize("place", [name for name, model in sorted(FAMILIES.items()) if model.kind == SOURCE_METER],
                         indirect=True)
def test_a_sweep_that_switches_the_output_on_is_reported_as_on(place: tuple[Any, ...]) -> None:
    driver, terminal, name, outputs_on, wait = place
    terminal.configure_source(SourceSettings("voltage", compliance_current=1e-3))
    terminal.configure_measure(MeasureSettings("current", nplc=0.1))
    terminal.start_sweep(np.full(20, 0.1), 0.05)
    wait(0.1)
    there = on(driver), on(terminal)
    assert there == (outputs_on(), outputs_on()) and set(outputs_on()) <= {name}
    while terminal.sweep_running():
        wait(0.1)
    there = on(driver), on(terminal)
    assert there == (outputs_on(), outputs_on())


@pytest.mark.parametrize("place", [
    name for name, model in sorted(FAMILIES.items()) if model.kind == SOURCE_METER and name != "keithley_2400"
], indirect=True)
def test_more_readings_than_levels_are_refused(place: tuple[Any, ...]) -> None:
    """A garbled reply may tell more. The 2400 is not asked how many there are: its readings come all at once."""
    _, terminal, _, _, wait = place
    runs = begin(terminal)
    while runs():
        wait(0.1)
    assert len(terminal.fetch_sweep(0, 20)) == 20
    with pytest.raises(TsbenchError):
        terminal.fetch_sweep(0, 21)
