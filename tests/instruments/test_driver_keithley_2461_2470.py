"""The drivers of the 2461 and the 2470 on their twins through VISA: readings, a sweep, and what they refuse."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tsbench.errors import LimitError
from tsbench.instruments import MeasureSettings, SourceMeter, SourceSettings
from tsbench.instruments.driver import Identity
from tsbench.instruments.registry import driver_of
from tsbench.records import Flag
from tsbench.station.bench.bench import Bench

RESISTANCE = {"2461": 2.0, "2470": 1e6}
WORLD = """
seed = 3
[instruments.meter]
model = "keithley_{model}"
resource = "USB0::0x05E6::0x{model}::SIM1::INSTR"
[fixture]
netlist = "R1 smu 0 {resistance}"
terminals = {{ meter = "smu" }}
"""
BENCH = """
visa_library = "sister.world.toml@tsbench"
[instruments.meter]
driver = "keithley_{model}"
resource = "USB0::0x05E6::0x{model}::SIM1::INSTR"
[fixture.high_voltage]
rating = "1100 V"
interlock = "the lid of the box"
[roles]
drive = "meter"
"""


@pytest.fixture
def bench(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setenv("TSBENCH_WITNESS", str(tmp_path / "witness.jsonl"))
    model = request.param
    world = WORLD.format(model=model, resistance=RESISTANCE[model])
    (tmp_path / "sister.world.toml").write_text(world, "utf-8")
    path = tmp_path / "sister.bench.toml"
    path.write_text(BENCH.format(model=model), "utf-8")
    with Bench.open(path) as opened:
        yield opened


@pytest.mark.parametrize("model", RESISTANCE)
def test_the_identity_names_the_driver(model: str) -> None:
    assert driver_of(Identity("KEITHLEY INSTRUMENTS", f"MODEL {model}", "1", "1")) == f"keithley_{model}"


@pytest.mark.sabotage("units")
@pytest.mark.parametrize("bench", ["2470"], indirect=True)
def test_a_thousand_volts(bench: Bench) -> None:
    meter = bench.source_meter()
    meter.configure_source(SourceSettings("voltage", compliance_current=2e-3, range=1000.0))
    meter.configure_measure(MeasureSettings("current", range=1e-3))
    meter.set_level(900.0)
    meter.set_output(True)
    reading = meter.measure()
    assert reading.voltage == pytest.approx(900.0, abs=0.15e-3 * 900 + 0.12 + 0.05)
    assert reading.current == pytest.approx(900e-6, rel=2e-3) and reading.flags == Flag.NONE


@pytest.mark.parametrize(("bench", "limit", "level"), [
    ("2470", 0.05, 300.0), ("2470", 1e-3, 1060.0), ("2461", 5.0, 15.0), ("2461", 1.0, 110.0)], indirect=["bench"])
def test_what_is_beyond_the_boundaries_is_refused(bench: Bench, limit: float, level: float) -> None:
    meter = bench.source_meter()
    meter.configure_source(SourceSettings("voltage", compliance_current=limit))
    with pytest.raises(LimitError):
        meter.set_level(level)


@pytest.mark.sabotage("units")
@pytest.mark.parametrize("bench", ["2461"], indirect=True)
def test_a_sweep_of_amperes(bench: Bench) -> None:
    meter: SourceMeter = bench.source_meter()
    meter.configure_source(SourceSettings("voltage", compliance_current=5.0, range=10.0))
    meter.configure_measure(MeasureSettings("current", range=7.0, nplc=0.1))
    meter.set_output(True)
    levels = np.linspace(-8.0, 8.0, 33)
    meter.start_sweep(levels, 1e-3)
    while meter.sweep_running():
        bench.clock.wait(0.01)
    readings = meter.fetch_sweep(0, meter.poll_sweep())
    assert [reading.current for reading in readings] == pytest.approx(list(levels / 2.0), abs=0.02)
    assert not meter.output_states()[0].enabled   # the instrument switches its output off at the end of a sweep
