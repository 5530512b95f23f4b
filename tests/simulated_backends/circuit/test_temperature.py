"""The temperature of the chuck: on a netlist, on the command line, in a world file; thresholds fall with it."""

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.fixtures.patience import PATIENCE
from tsbench.cli import main
from tsbench.errors import ConfigurationError
from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.circuit.engine import PiecewiseLinear
from tsbench.simulated_backends.devices.catalogue import catalogue, device_model
from tsbench.simulated_backends.devices.devices_lib import devices_lib
from tsbench.simulated_backends.devices.dispatch import evaluated, functions_of
from tsbench.simulated_backends.devices.mechanism import row_of
from tsbench.simulated_backends.devices.static import folds
from tsbench.simulated_backends.studies.simulate.simulate import SimulationResult, simulate
from tsbench.simulated_backends.world.world import close_world, open_world
from tsbench.station.bench.bench_file import BenchFile

RAMP = (
    "* ramp\nV1 in 0 PWL(0 0 100u 2)\nR1 in out 50\nC1 out 0 1p\nX1 out 0 {device}\n"
    ".tran 100n 100u uic\n.save v(out)\n")
OSCILLATOR = Path(__file__).resolve().parents[3] / "examples" / "oscillator.cir"
WORLD = Path(__file__).resolve().parents[3] / "examples" / "nbo2.world.toml"
WITH_TEMPERATURE = [
    name for name, entry in catalogue().items()
    if entry.mechanism in ("poole_frenkel", "poole_frenkel_1d", "moving_core", "ovonic")]


def period_of(times: np.ndarray, low: np.ndarray) -> float:
    """Return the mean period by the rises of v(low) through 20 mV (0.4 mA), the start left out."""
    k = np.flatnonzero((low[:-1] < 0.02) & (low[1:] >= 0.02))
    at = times[k] + (0.02 - low[k]) / (low[k + 1] - low[k]) * (times[k + 1] - times[k])
    return float(np.diff(at[3:]).mean())


def threshold(device: str, temperature: float | None = None) -> float:
    """Return the terminal voltage at which the device switches on a ramp: the first maximum that it falls from."""
    return first_maximum(simulate(RAMP.format(device=device), temperature=temperature))


def first_maximum(result: SimulationResult) -> float:
    """Return the first maximum from which the terminal voltage falls by 5 mV."""
    voltage = result.columns["v(out)"]
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


QUIET = {"hg": 0.0, "hn": 0.0, "sigma": 0.0}   # no hop is seen: the mean path
SILVER = [name for name, entry in catalogue().items() if entry.mechanism == "silver_filament"]


def rates_ratio(device: str, warm: float) -> float:
    """Return by how much hops are faster at ``warm`` [K] than at 300 K, by Arrhenius."""
    ea = {p.name: p.value for p in catalogue()[device].parameters}["ea"]
    return float(np.exp(ea / 8.617333262e-5 * (1.0 / 300.0 - 1.0 / warm)))


@pytest.mark.parametrize("device", SILVER)
def test_silver_left_alone_dissolves_faster_by_arrhenius(device: str) -> None:
    lives = []
    for temperature in (300.0, 320.0):
        model = device_model(device, QUIET).at_temperature(temperature)
        circuit = build_circuit(parse_netlist("X1 a 0 device\nR1 a 0 1k"), {"X1": model})
        circuit.set_device("X1", model, {}, {"extension": 1.0, "residue": 0.5})
        step, times, extensions = 2e-2 / model.rate, [0.0], [1.0]   # far below its life
        while extensions[-1] > -2.0:
            circuit.advance(circuit.time + step)
            times.append(circuit.time)
            extensions.append(circuit.device_state("X1")["extension"])
        lives.append(np.interp(2.0, -np.array(extensions[-2:]), times[-2:]))
    assert lives[0] / lives[1] == pytest.approx(rates_ratio(device, 320.0), rel=2e-3)


@pytest.mark.parametrize("device", SILVER)
def test_silver_switches_lower_when_it_is_warm(device: str) -> None:
    found = []
    for temperature in (300.0, 320.0):
        model = device_model(device, QUIET).at_temperature(temperature)
        circuit = build_circuit(parse_netlist("V1 in 0 0\nR1 in a 1k\nX1 a 0 device"), {"X1": model})
        top, length = 2.0 * model.vst, 200.0 * model.taug
        circuit.set_source("V1", PiecewiseLinear(np.array([0.0, length]), np.array([0.0, top])))
        while circuit.device_state("X1")["extension"] < 0.0:
            circuit.advance(circuit.time + length / 2000)
        found.append(circuit.voltage("in"))
    assert 0.5 * found[0] < found[1] < found[0] - 1e-3 * model.vst


@pytest.mark.thin(3)
@pytest.mark.parametrize("device", SILVER)
def test_every_rate_of_silver_is_faster_alike_where_voltages_are_as_many_kt(device: str) -> None:
    """With its voltages and the applied one T/300 K times as high the device is the one at 300 K, only faster."""
    cold = device_model(device)
    p, warmth = cold.parameters(), 340.0 / 300.0
    warm = cold.with_parameters({"t0": 340.0, "vst": p["vst"] * warmth, "vh": p["vh"] * warmth})
    faster = rates_ratio(device, 340.0)
    slopes = np.array([1.3, -0.7])   # of the noise, which go with the root of time
    interval = functions_of(type(cold)).interval
    stream, off = np.random.default_rng(1), []
    for _ in range(2000):
        states = np.array([stream.uniform(-p["span"], 3.0), stream.uniform(0.0, 1.0), stream.normal()])
        voltage = stream.uniform(-3.0, 3.0) * p["vst"]
        found = np.array([evaluated(cold, voltage, 0.0, states, slopes=tuple(slopes)),
                          evaluated(warm, voltage * warmth, 0.0, states, slopes=tuple(slopes * np.sqrt(faster)))])
        assert found[1, [12, 18]] == pytest.approx(faster * found[0, [12, 18]], rel=1e-9, abs=1e-9 * faster)
        pieces = [interval(row_of(model)[None], 0, v, 0.0, states, 0)
                  for model, v in ((cold, voltage), (warm, voltage * warmth))]
        assert pieces[1] * faster == pytest.approx(pieces[0], rel=0.01)
        off.append(abs(found[1, 6] / faster - found[0, 6]) / (abs(found[0, 6]) + 1e-2 * min(p["klim"], p["kn"])))
    assert max(off) < 0.03   # the supply has 1 mV added to its voltage, so that it is never zero


def test_a_silver_device_at_300_kelvin_is_the_catalogues() -> None:
    for device in SILVER:
        assert device_model(device).columns() == device_model(device).at_temperature(300.0).columns()
        assert device_model(device, {"ea": 0.0}).columns() == device_model(device).columns()


def test_what_has_no_temperature_is_told() -> None:
    result = simulate("V1 a 0 1\nX1 a 0 resistor\n.tran 1n 10n\n.save i(X1)", temperature=400.0)
    assert "the model of X1 does not depend on temperature" in result.messages
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
    assert "the unit must be K" in capsys.readouterr().err


@pytest.mark.parametrize("card", [".temp 67", ".options temp=67", ".param hot=67\n.temp {hot}"])
def test_a_card_is_the_temperature_of_all_devices(card: str) -> None:
    ramp = RAMP + card + "\n"
    warm = simulate(ramp.format(device="nbo2")) if "{hot}" not in card else simulate(
        RAMP.format(device="nbo2") + card + "\n")
    assert not [text for text in warm.messages if "temp" in text]
    assert first_maximum(warm) == pytest.approx(threshold("nbo2", 340.15), rel=1e-9)


def test_what_goes_before_a_card() -> None:
    """A t0 of the element, and a temperature that is asked for, which is told."""
    own = simulate(RAMP.format(device="nbo2 t0=300") + ".temp 67\n")
    assert first_maximum(own) == pytest.approx(threshold("nbo2 t0=300"), rel=1e-9)
    asked = simulate(RAMP.format(device="nbo2") + ".temp 67\n", temperature=310.0)
    assert first_maximum(asked) == pytest.approx(threshold("nbo2", 310.0), rel=1e-9)
    assert "the temperature 340.15 K of the netlist is not used. The simulation uses 310 K" in asked.messages
    cold = simulate("V1 a 0 1\nX1 a 0 resistor\n.temp 67\n.tran 1n 10n\n.save i(X1)")
    assert "the model of X1 does not depend on temperature" in cold.messages


@pytest.mark.ngspice
@pytest.mark.parametrize("celsius", [0.0, 60.0])
def test_ngspice_agrees_on_an_oscillator_with_a_card(celsius: float, tmp_path: Path) -> None:
    """The example with a card, run by ngspice with the library that the command line writes for this netlist."""
    netlist, table = tmp_path / "oscillator.cir", tmp_path / "out.csv"
    netlist.write_text(OSCILLATOR.read_text("utf-8").replace(".tran", f".temp {celsius}\n.tran", 1), "utf-8")
    assert main(["simulate", str(netlist), "--devices-lib", str(tmp_path / "devices.lib"), "--out", str(table)]) == 0
    names = table.read_text("utf-8").splitlines()[0].split(",")
    rows = np.loadtxt(table, delimiter=",", skiprows=1)
    mine = period_of(rows[:, 0], rows[:, names.index("v(low)")])
    done = subprocess.run(["ngspice", "-b", "-r", "out.raw", "oscillator.cir"], cwd=tmp_path, capture_output=True,
                          text=True, timeout=PATIENCE, check=False)
    assert (tmp_path / "out.raw").exists(), done.stdout + done.stderr
    head, _, data = (tmp_path / "out.raw").read_bytes().partition(b"Binary:\n")
    variables = int(re.search(r"No. Variables: *(\d+)", head.decode())[1])   # type: ignore[index]
    raw = np.frombuffer(data).reshape(-1, variables)
    theirs = period_of(raw[:, 0], raw[:, names.index("v(low)")])
    unheated = simulate(OSCILLATOR)
    usual = period_of(unheated.times, unheated.columns["v(low)"])
    print(f"{celsius:g} C: {mine * 1e9:.3f} ns, ngspice {theirs * 1e9:.3f} ns; without a card {usual * 1e9:.3f} ns")
    assert mine == pytest.approx(theirs, rel=2e-3)
    assert abs(mine / usual - 1) > 0.02


def test_library_for_a_temperature(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = devices_lib(350.0)
    assert "ambient temperature 350 K" in text
    assert "no subcircuit at 350 K, because of this error: device model moving_core: t0 = 350 K must be below" in text
    assert text.count("+ t0=350.0") == sum(
        "t0" in {p.name for p in entry.parameters} and not entry.model().stochastic
        for name, entry in catalogue().items() if name != "vo2")
    with pytest.raises(ConfigurationError, match="temperature = -1 K must be positive"):
        devices_lib(-1.0)
    library = tmp_path / "devices.lib"
    assert main(["simulate", "--devices-lib", str(library), "--temperature", "350 K"]) == 0
    assert library.read_text("utf-8") == text
    netlist = tmp_path / "bad.cir"
    netlist.write_text("V1 a 0 1\nX1 a 0 nbo2\n.temp -300\n.tran 1n 10n\n", "utf-8")
    capsys.readouterr()
    assert main(["simulate", str(netlist)]) == 2
    error = capsys.readouterr().err
    assert "netlist line 3: .temp: the temperature must be above absolute zero" in error and error.count("\n") == 1


def test_world_file(tmp_path: Path) -> None:
    path = tmp_path / "world.toml"
    text = WORLD.read_text("utf-8") + '[devices.D2]\nmodel = "nbo2"\nparameters = { t0 = 310.0 }\n'
    path.write_text(text + '[chuck]\ntemperature = "350 K"\n', "utf-8")
    world = open_world(path)
    try:
        found = [device.model.columns()["surroundings"] for device in world.devices.values()]
    finally:
        close_world(world)
    assert found == [350.0, 310.0]
    path.write_text(text + "[chuck]\ntemperature = -1\n", "utf-8")
    with pytest.raises(ConfigurationError, match=r"chuck\.temperature: -1(\.0)? should be greater than 0"):
        open_world(path)
    path.write_text(WORLD.read_text("utf-8").replace('netlist = """', 'netlist = """\n.temp 85'), "utf-8")
    with pytest.raises(ConfigurationError, match=r"a temperature card .* Write \[chuck\] temperature = 358.15"):
        open_world(path)


def test_bench_file_refuses_a_card(tmp_path: Path) -> None:
    """The fixture as believed says what is connected; a card there would warm nothing."""
    path = tmp_path / "bench.toml"
    text = (WORLD.parent / "nbo2.bench.toml").read_text("utf-8")
    path.write_text(text.replace('netlist = """', 'netlist = """\n.options temp=85'), "utf-8")
    with pytest.raises(ConfigurationError, match=r"a bench file must not have a temperature card"):
        BenchFile.load(path)
