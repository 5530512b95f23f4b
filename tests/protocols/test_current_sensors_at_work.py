"""Protocols on an NbO2 device whose current flows into the 50 Ohm input of the scope, or into an amplifier."""

from pathlib import Path

import pytest

from tsbench.demo.truth import true_value
from tsbench.protocols import protocol_named
from tsbench.records import Flag
from tsbench.simulated_backends.witness.log import read_witness
from tsbench.station.runner import run_protocol
from tsbench.storage import read_run

#: (in the bench file, in the world file) of examples/nbo2
CHANGES = {
    "scope_input": (
        (("R_shunt  low   0    50\n", ""),
         ('current_resistance = "50 Ohm"     # R_shunt; both scope inputs at 1 MOhm',
          'current_sensor = "scope_input"')),
        (("R_shunt  low   0    50\n", ""),)),
    "amplifier": (
        (("R_shunt  low   0    50\n", ""), ('voltage_low = "scope.2"\n', ""), ('"scope.2" = "low"\n', ""),
         ('current_resistance = "50 Ohm"     # R_shunt; both scope inputs at 1 MOhm',
          'current_sensor = "amplifier"\ncurrent_tolerance = 0.01\n[fixture.sensing.amplifier]\ninput = "low"\n'
          'gain = "100 V/A"\ninput_resistance = "50 Ohm"\nbandwidth = "200 MHz"\nmaximum_output = "2 V"')),
        (("R_shunt  low   0    50\n", ""), ('"scope.2" = "low"', '"scope.2" = "out"'),
         ("[devices.D1]", '[amplifiers.A]\ninput = "low"\noutput = "out"\ngain = "100 V/A"\n'
          'input_resistance = "50 Ohm"\nbandwidth = "200 MHz"\nmaximum_output = "2 V"\nnoise = 1e-11\n[devices.D1]'))),
}


def changed(bench: Path, sensor: str) -> Path:
    """Change the copy of an example bench, and its world."""
    for file, changes in zip((bench, bench.with_name("nbo2.world.toml")), CHANGES[sensor], strict=True):
        text = file.read_text("utf-8")
        for before, after in changes:
            assert before in text
            text = text.replace(before, after)
        file.write_text(text, "utf-8")
    return bench


@pytest.mark.thorough
@pytest.mark.sabotage("resistor", "units", "output")
@pytest.mark.parametrize("sensor", list(CHANGES))
def test_delays_and_thresholds_hold_the_truth(nbo2_bench: Path, tmp_path: Path, sensor: str) -> None:
    """The source meter's sweep finds its way back through the sensor too."""
    file = changed(nbo2_bench, sensor)
    for protocol, quantity, row in (
            ("pulse_train", "switching_delay", "switching_delay_mean"),
            ("iv_sweep", "threshold_voltage", "threshold_voltage")):
        outcome = run_protocol(file, "D1", protocol_named(protocol).parse({}), tmp_path / "runs")
        assert outcome.status == "success" and outcome.path is not None, outcome.reason
        run, witness = read_run(outcome.path), read_witness(tmp_path / "nbo2.witness.jsonl")
        assert run.header.fixture.sensing.current_sensor == sensor
        results = [result for result in run.results if result.quantity == row]
        assert results and all(Flag.CLIPPED not in result.flags for result in results)
        true = true_value(quantity, results[0], run, witness)
        found = results[0]
        assert true is not None and found.low is not None and found.high is not None and found.value is not None
        assert found.low <= true <= found.high and found.value == pytest.approx(true, rel=0.05)


@pytest.mark.thin(2)
@pytest.mark.sabotage("resistor")
@pytest.mark.parametrize(("bandwidth", "amplitude"), [("3 MHz", 2.5), ("1 MHz", 1.6)])
def test_a_delay_behind_a_slow_amplifier_is_not_negative(
    nbo2_bench: Path, tmp_path: Path, bandwidth: str, amplitude: float,
) -> None:
    """The time constant of the amplifier is six times the delay. How late it is, is not known; the interval says so."""
    file = changed(nbo2_bench, "amplifier")
    for each in (file, file.with_name("nbo2.world.toml")):
        each.write_text(each.read_text("utf-8").replace("200 MHz", bandwidth).replace("20 mA", "60 mA"), "utf-8")
    train = protocol_named("pulse_train").parse({"amplitude": [amplitude], "count": 5})
    outcome = run_protocol(file, "D1", train, tmp_path / "runs")
    assert outcome.path is not None, outcome.reason
    run, witness = read_run(outcome.path), read_witness(tmp_path / "nbo2.witness.jsonl")
    found = [result for result in run.results if result.quantity.startswith("switching_delay")]
    assert len(found) == 6
    for result in found:
        true = true_value("switching_delay", result, run, witness)
        assert true is not None and result.value is not None and result.low is not None and result.high is not None
        assert 0.0 <= result.low <= true <= result.high and Flag.AMBIGUOUS in result.flags
        assert 0.0 < result.value < 3.0 * true


@pytest.mark.thorough
@pytest.mark.thin(2)
@pytest.mark.parametrize("sensor", list(CHANGES))
def test_an_oscillation_is_seen_through_each_sensor(nbo2_bench: Path, tmp_path: Path, sensor: str) -> None:
    file = changed(nbo2_bench, sensor)
    parameters = {"bias": [2.0]}
    outcome = run_protocol(file, "D1", protocol_named("oscillation").parse(parameters), tmp_path / "runs")
    assert outcome.status == "success" and outcome.path is not None, outcome.reason
    run = read_run(outcome.path)
    found = next(result for result in run.results if result.quantity == "frequency")
    true = true_value("frequency", found, run, read_witness(tmp_path / "nbo2.witness.jsonl"))
    assert true is not None and found.value == pytest.approx(true, rel=0.005)


def test_an_amplifier_that_saturates_gives_bounds_of_the_delay(nbo2_bench: Path, tmp_path: Path) -> None:
    """The current rises most steeply after the amplifier has reached its end."""
    file = changed(nbo2_bench, "amplifier")
    for each in (file, file.with_name("nbo2.world.toml")):
        each.write_text(each.read_text("utf-8").replace('maximum_output = "2 V"', 'maximum_output = "20 mV"'), "utf-8")
    outcome = run_protocol(file, "D1", protocol_named("pulse_train").parse({}), tmp_path / "runs")
    assert outcome.path is not None, outcome.reason
    run, witness = read_run(outcome.path), read_witness(tmp_path / "nbo2.witness.jsonl")
    found = [result for result in run.results if result.quantity.startswith("switching_delay")]
    assert len(found) > 10
    for result in found:
        true = true_value("switching_delay", result, run, witness)
        assert true is not None and result.value is None and result.high is None
        assert result.low is not None and 0.3 * true < result.low <= true
        assert {Flag.CLIPPED, Flag.CENSORED} <= set(result.flags)
    assert next(result for result in run.results if result.quantity == "switching_probability").value == 1.0


@pytest.mark.thin(2)
@pytest.mark.parametrize(("amplitude", "width"), [(3.0, 2e-6), (2.0, 1e-5)])
def test_an_amplifier_that_is_slower_than_the_edge_tells_no_firing(
    nbo2_bench: Path, tmp_path: Path, amplitude: float, width: float,
) -> None:
    """The device switches in every pulse, but many records look like those of a device that was on before."""
    file = changed(nbo2_bench, "amplifier")
    for one in (file, file.with_name("nbo2.world.toml")):
        one.write_text(one.read_text("utf-8").replace("200 MHz", "200 kHz").replace("20 mA", "60 mA"), "utf-8")
    done = run_protocol(file, "D1", protocol_named("firing_probability").parse(
        {"amplitude": amplitude, "width": width}), tmp_path / "runs")
    assert done.path is not None
    for found in read_run(done.path).results:
        assert found.value is None or (Flag.AMBIGUOUS in found.flags and found.high is not None and found.high > 0.97)


@pytest.mark.thorough
def test_a_resistor_behind_a_slow_amplifier_does_not_fire(nbo2_bench: Path, tmp_path: Path) -> None:
    """The samples share their noise, so differences between them show less than there is."""
    file = changed(nbo2_bench, "amplifier")
    for one in (file, file.with_name("nbo2.world.toml")):
        text = one.read_text("utf-8").replace("200 MHz", "1 MHz")
        one.write_text(text.replace('model = "nbo2"', 'model = "resistor"\nparameters = { r = "10k" }'), "utf-8")
    done = run_protocol(file, "D1", protocol_named("pulse_train").parse(
        {"amplitude": 1.5, "count": 20}), tmp_path / "runs")
    (found,) = [one for one in done.results if one.quantity == "switching_probability"]
    assert found.value is None and found.flags == Flag.AMBIGUOUS
