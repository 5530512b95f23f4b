"""Temperature series: slopes and activation energy on a heated simulated bench beside the witness and the model."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.fixtures.switching_meter import Switch, put, ran
from tsbench.analysis.series.slopes import BOLTZMANN
from tsbench.errors import ConfigurationError
from tsbench.instruments import Range
from tsbench.protocols import protocol_named
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.records import Flag
from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.witness.conductance import true_conductance
from tsbench.simulated_backends.witness.log import outputs_left_on, read_witness
from tsbench.station.runner import run_protocol
from tsbench.storage import read_run

ROOT = Path(__file__).parents[3]
RESOURCE = 'resource = "TCPIP0::10.0.0.3::7777::SOCKET"'
HEATED = f'''
[instruments.lakeshore]
model = "lakeshore_336"
{RESOURCE}
[chuck]
temperature = 296
heater = "lakeshore.1"
sensor = "lakeshore.A"
'''
CONTROLLED = f'''
[instruments.lakeshore]
driver = "lakeshore_33x"
{RESOURCE}
[temperature]
instrument = "lakeshore"
settling = "10 s"
'''


class FakeChuck:
    """A chuck that reaches each temperature at the second look, but for an error."""

    bounds = Range(250.0, 400.0, "K")

    def __init__(self) -> None:
        self.now, self.error = 296.0, 0.05

    def temperature(self) -> float:
        return self.now

    def approach(self, temperature: float) -> Iterator[float]:
        yield self.now
        self.now = temperature + self.error
        yield self.now


@pytest.mark.sabotage("resistor")
def test_slopes_and_activation_energy_are_those_of_the_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TSBENCH_WITNESS", str(tmp_path / "w.jsonl"))
    for kind, more in (("bench", CONTROLLED), ("world", HEATED)):
        text = (ROOT / "examples" / f"nbo2.{kind}.toml").read_text("utf-8")
        (tmp_path / f"nbo2.{kind}.toml").write_text(text + more, "utf-8")
    protocol = protocol_named("temperature_series").parse(
        {"step": "10 mV", "temperature": "300 K, 315 K, 330 K", "nplc": 0.1, "check_oscillation": False})
    outcome = run_protocol(tmp_path / "nbo2.bench.toml", "D1", protocol, tmp_path / "runs")
    assert outcome.status == "success" and outcome.safe and outputs_left_on(tmp_path / "w.jsonl") == []
    at = np.array([300.0, 315.0, 330.0])
    log, found = read_witness(tmp_path / "w.jsonl"), {row.quantity: row for row in outcome.results}
    for quantity, true in (("threshold", [on.threshold for on in log.switching_on()]),
                           ("hold", [off.hold for off in log.switching_off()])):
        rows = [row for row in outcome.results if row.quantity == f"{quantity}_voltage"]
        assert [row.conditions["temperature"] for row in rows] == pytest.approx(at, abs=0.3) and len(true) == 3
        assert all(row.low <= one <= row.high for row, one in zip(rows, true, strict=True))
        slope = found[f"{quantity}_voltage_slope"]
        assert slope.low <= np.polyfit(at, true, 1)[0] <= slope.high < 0
    model = device_model("nbo2")
    ohms = [1 / true_conductance(model.at_temperature(one), 0.1) for one in at]
    true_energy = np.polyfit(1 / (BOLTZMANN * at), np.log(ohms), 1)[0]
    energy = found["activation_energy"]
    assert energy.low <= true_energy <= energy.high and energy.value == pytest.approx(true_energy, rel=0.1)
    names = [name for name, _ in protocol_named("temperature_series").figures(
        read_run(outcome.path), ExtractionOptions())]
    assert names == ["iv", "temperature"]


def series(station: Any, recorder: Any, **values: Any) -> Any:
    put(station, Switch(threshold=1.0, hold=0.4))
    station.temperature = FakeChuck()
    return ran(protocol_named("temperature_series").parse(
        {"temperature": "300 K, 320 K", "step": "50 mV", "check_oscillation": False, **values}), station, recorder)


def test_each_row_has_the_temperature_that_was_measured(station: Any, recorder: Any) -> None:
    run = series(station, recorder, cycles=2)
    assert sorted(set(run.column("temperature"))) == pytest.approx([300.05, 320.05])
    assert run.column("index").tolist() == list(range(len(run.points))) and set(run.column("cycle")) == {1, 2, 3, 4}
    assert sum("K before the sweep" in text for text in recorder.texts("log")) == 2
    rows = {row.quantity: row for row in protocol_named("temperature_series").extract(run, ExtractionOptions())}
    slope = rows["threshold_voltage_slope"]
    assert slope.low < 0 < slope.high and Flag.TOO_FEW in slope.flags   # this device does not depend on temperature
    energy = rows["activation_energy"]
    assert energy.low < 0 < energy.high
    for _, draw in protocol_named("temperature_series").figures(run, ExtractionOptions()):
        assert draw().axes


def test_the_plan_needs_a_chuck_that_reaches_the_temperatures(new_station: Any) -> None:
    protocol, station = protocol_named("temperature_series"), new_station()
    assert any("[temperature]" in line for line in protocol().plan(station).refusals)
    station.temperature = FakeChuck()
    plan = protocol().plan(station)
    items = {item.quantity: item.value for item in plan.worst_case}
    assert not plan.refusals and items["ramps"] == 3 and items["total charge"] > 0
    assert any("450" in line for line in protocol.parse({"temperature": "450 K"}).plan(station).refusals)
    with pytest.raises(ConfigurationError):
        protocol.parse({"temperature": "-5 K"})
