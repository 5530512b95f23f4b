"""The temperature of the chuck: on a netlist, on the command line, in a world file; thresholds fall with it."""

from pathlib import Path

import numpy as np
import pytest

from tsbench.cli import main
from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.circuit.simulate import simulate
from tsbench.simulated_backends.devices.catalogue import catalogue, device_model
from tsbench.simulated_backends.devices.static import folds
from tsbench.simulated_backends.world import close_world, open_world

RAMP = (
    "* ramp\nV1 in 0 PWL(0 0 100u 2)\nR1 in out 50\nC1 out 0 1p\nX1 out 0 {device}\n"
    ".tran 100n 100u uic\n.save v(out)\n")
WORLD = Path(__file__).resolve().parents[2] / "examples" / "nbo2.world.toml"
WITH_TEMPERATURE = [
    name for name, entry in catalogue().items()
    if entry.mechanism in ("poole_frenkel", "poole_frenkel_1d", "moving_core", "ovonic")]


def threshold(device: str, temperature: float | None = None) -> float:
    """Return the terminal voltage at which the device switches on a ramp: the first maximum that it falls from."""
    voltage = simulate(RAMP.format(device=device), temperature=temperature).columns["v(out)"]
    falling = np.flatnonzero(voltage < np.maximum.accumulate(voltage) - 5e-3)
    return float(voltage[: falling[0]].max())


@pytest.mark.parametrize("device", ["nbo2", "vo2", "nb2o5"])
def test_threshold_on_a_ramp_falls_as_the_fold_does(device: str) -> None:
    model = device_model(device)
    t0 = {p.name: p.value for p in catalogue()[device].parameters}["t0"]
    cold, hot = threshold(device), threshold(device, t0 + 20.0)
    fold_cold, fold_hot = folds(model).threshold, folds(model.at_temperature(t0 + 20.0)).threshold
    assert fold_cold is not None and fold_hot is not None
    assert hot < cold
    assert hot - cold == pytest.approx(fold_hot.voltage - fold_cold.voltage, rel=0.02)


def test_a_temperature_in_the_netlist_goes_before_that_of_the_chuck() -> None:
    at_chuck = threshold("nbo2", 340.0)
    assert at_chuck == pytest.approx(threshold("nbo2 t0=340"), rel=1e-9)
    assert threshold("nbo2 t0=300", 340.0) == pytest.approx(threshold("nbo2 t0=300"), rel=1e-9)


@pytest.mark.parametrize("device", WITH_TEMPERATURE)
def test_every_device_with_a_temperature_switches_lower_when_it_is_warm(device: str) -> None:
    model = device_model(device)
    t0 = {p.name: p.value for p in catalogue()[device].parameters}["t0"]
    cold, warm = folds(model.at_temperature(t0 - 5)).threshold, folds(model.at_temperature(t0 + 5)).threshold
    assert cold is not None and warm is not None
    assert warm.voltage < cold.voltage


def test_what_has_no_temperature_is_told() -> None:
    result = simulate("V1 a 0 1\nX1 a 0 resistor\n.tran 1n 10n\n.save i(X1)", temperature=400.0)
    assert "X1: its model has no temperature" in result.messages
    assert result.columns["i(x1)"][-1] == pytest.approx(1e-4)


@pytest.mark.parametrize(("device", "temperature", "says"), [
    ("nbo2", -3.0, "temperature = -3 K must be positive"),
    ("nbo2", float("nan"), "temperature = nan K must be positive"),
    ("vo2", 345.0, "t0 = 345 K must be below the transition at t_mit = 340 K"),
])
def test_impossible_temperatures(device: str, temperature: float, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        threshold(device, temperature)


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    netlist, table = tmp_path / "ramp.cir", tmp_path / "ramp.csv"
    netlist.write_text(RAMP.format(device="nbo2"), "utf-8")
    peaks = []
    for extra in ([], ["--temperature", "340 K"]):
        assert main(["simulate", str(netlist), "--out", str(table), *extra]) == 0
        voltage = np.loadtxt(table, delimiter=",", skiprows=1)[:, 1]
        peaks.append(voltage[: np.flatnonzero(voltage < np.maximum.accumulate(voltage) - 5e-3)[0]].max())
    assert peaks[1] == pytest.approx(threshold("nbo2", 340.0), abs=1e-6) and peaks[1] < peaks[0] - 0.1
    assert main(["simulate", str(netlist), "--temperature", "340 V"]) == 2
    assert "expected K" in capsys.readouterr().err


def test_world_file(tmp_path: Path) -> None:
    path = tmp_path / "world.toml"
    text = WORLD.read_text("utf-8") + '[devices.D2]\nmodel = "nbo2"\nparameters = { t0 = 310.0 }\n'
    path.write_text(text + '[chuck]\ntemperature = "350 K"\n', "utf-8")
    world = open_world(path)
    try:
        found = [device.model.vector()[-1] for device in world.devices.values()]
    finally:
        close_world(world)
    assert found == [350.0, 310.0]
    path.write_text(text + "[chuck]\ntemperature = -1\n", "utf-8")
    with pytest.raises(ConfigurationError, match=r"chuck\.temperature: Input should be greater than 0"):
        open_world(path)
