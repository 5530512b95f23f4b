"""The neuron protocol on the simulated benches, against the witness: what fired, how often, how soon again."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.fixtures.simulated_bench import EXAMPLES, STRAIGHT
from tsbench.analysis.figures import Figure
from tsbench.protocols import protocol_named
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.neuron.extraction import neuron_records, step_responses
from tsbench.records import Flag
from tsbench.simulated_backends.witness.log import WitnessLog, outputs_left_on, read_witness
from tsbench.station.runner import run_protocol

RESISTOR = (('model = "nbo2"', 'model = "resistor"\nparameters = { r = 10e3 }'),)

#: the first channel behind the load; its sync output is on the external trigger of the scope
LOADED = (('"generator.1" = "gen1"', '"generator.1" = "gen2"'), ('"generator.2" = "gen2"', '"generator.2" = "gen1"'))
SYNC = (("[fixture.terminals]", '[wires]\n"scope.external" = "generator.sync"\n[fixture.terminals]'), *LOADED)
BIAS = (
    ('pulser = "generator.1" ', 'pulser = "generator.2" '), ('bias = "generator.2" ', 'bias = "generator.1" '), *LOADED)


@pytest.mark.sabotage("resistor", "units", "output")
def test_niobium_oxide_behind_its_load(measure):
    """Threshold-driven and faster with a stronger stimulus; its spikes grow with the stimulus, as the witness sees."""
    done = measure("nbo2", "neuron", {
        "amplitude": "0.8 V, 1.2 V, 1.6 V, 1.8 V, 2 V, 2.2 V, 2.4 V", "width": "3 us", "repeats": 4, "pairs": 0,
        "rest": "50 us"})
    assert done.outcome.status == "success" and done.outcome.safe and done.left_on == []
    assert not (done.run.point_flags & Flag.TRIGGER_MISSED).any()
    verdicts = {name: done.values(name)[0] for name in (
        "all_or_nothing", "threshold_driven", "refractory", "strength_modulated_frequency")}
    assert {name: found.value for name, found in verdicts.items()} == {
        "all_or_nothing": 0.0, "threshold_driven": 1.0, "refractory": None, "strength_modulated_frequency": 1.0}
    log = WitnessLog(done.witness)
    sizes: dict[float, list[float]] = {}
    times = done.run.column("time")
    for amplitude, start, end in zip(done.run.column("amplitude"), times, [*times[1:], np.inf], strict=True):
        events = log.switching_off(start, end)
        if events:
            sizes.setdefault(float(amplitude), []).append(events[0].max_current)
    assert sorted(sizes) == [1.6, 1.8, 2.0, 2.2, 2.4]
    (bracket,), (power,) = done.values("firing_threshold"), done.values("spike_amplitude_exponent")
    assert (bracket.low, bracket.high) == (1.2, 1.6)
    true = np.polyfit(np.log(sorted(sizes)), [np.log(np.mean(sizes[v])) for v in sorted(sizes)], 1)[0]
    assert power.low < true < power.high
    for found in done.values("spike_amplitude"):
        # the sensor smooths a spike that lasts some 30 ns: it shows up to a few per cent less
        assert found.value == pytest.approx(np.mean(sizes[found.conditions["amplitude"]]), rel=0.04)
    drawn = dict(protocol_named("neuron").figures(done.run, ExtractionOptions()))
    assert set(drawn) == {"functions", "responses"} and isinstance(drawn["functions"](), Figure)


def test_steps_on_a_base_that_are_too_small_to_be_seen_are_quiet(measure):
    """Their voltage is within the noise, and the current does not rise by a tenth of a spike."""
    done = measure("nbo2", "neuron", {
        "base": "1.4 V", "amplitude": "10 mV, 20 mV, 0.3 V, 0.5 V, 0.8 V", "width": "5 us", "repeats": 4, "pairs": 0,
        "rest": "100 us", "trigger": "external", "external_level": "1 V"}, replace=SYNC, roles=BIAS)
    share = {row.conditions["amplitude"]: (row.value, row.flags) for row in done.values("firing_probability")}
    assert share == dict.fromkeys((0.01, 0.02), (0.0, Flag.NONE)) | dict.fromkeys((0.3, 0.5, 0.8), (1.0, Flag.NONE))
    (bracket,), (driven,) = done.values("firing_threshold"), done.values("threshold_driven")
    assert (bracket.low, bracket.high, driven.value) == (0.02, 0.3, 1.0)


@pytest.mark.thorough
@pytest.mark.sabotage("units", "output")
def test_a_resistor_is_no_neuron(measure):
    done = measure("nbo2", "neuron", {
        "amplitude": "0.8 V, 1.4 V, 2 V", "width": "4 us", "repeats": 4, "pairs": 1, "points": 2, "rest": "50 us"},
        replace=RESISTOR)
    for name in ("all_or_nothing", "threshold_driven", "refractory", "strength_modulated_frequency"):
        assert done.values(name)[0].value is None and Flag.AMBIGUOUS in done.values(name)[0].flags
    assert all(not shot.fired for one in step_responses(done.run) for shot in one.shots)
    quiet = {row.conditions["amplitude"]: row for row in done.values("quiet_response")}
    assert quiet[2.0].value == pytest.approx(2.0 / 15.1e3, rel=0.06)
    assert done.outcome.safe and done.left_on == []


#: straight to the device, which then switches on the edge and stays on until the pulse ends
AT_ONCE = {"amplitude": "0.8 V, 1.4 V, 1.6 V", "width": "20 us", "repeats": 4, "pairs": 2, "gaps": "5 us, 20 us",
           "pair_width": "5 us", "rest": "100 us", "rise_time": "100 ns", "fall_time": "100 ns"}


@pytest.mark.thin(2)
@pytest.mark.parametrize("samples", [2000, 20_000])
def test_steps_that_switch_the_device_on_their_edges_are_not_quiet(measure, samples):
    """The voltage does not fall at a stiff source, and the current rises before the stimulus has settled."""
    done = measure("nbo2", "neuron", {**AT_ONCE, "samples": samples}, roles=STRAIGHT)
    assert len(WitnessLog(done.witness).switching_on()) >= 8 + 8   # steps and pairs
    of_steps = [row for row in done.values("firing_probability") if "of" not in row.conditions]
    steps = {row.conditions["amplitude"]: row for row in of_steps}
    assert (steps[0.8].value, steps[0.8].flags) == (0.0, Flag.NONE)
    for amplitude in (1.4, 1.6):
        assert (steps[amplitude].value, steps[amplitude].low, steps[amplitude].high) == (None, None, None)
        assert steps[amplitude].flags == Flag.AMBIGUOUS and "4 of 4 steps fired is not known" in steps[amplitude].method
    assert {row.conditions["amplitude"] for row in done.values("quiet_response")} == {0.8}
    (bracket,) = done.values("firing_threshold")
    assert (bracket.value, bracket.low, bracket.high) == (None, 0.8, None)
    assert bracket.flags == Flag.AMBIGUOUS | Flag.CENSORED
    (driven,), (silent,) = done.values("threshold_driven"), done.values("refractory")
    assert driven.value is silent.value is None and "8 of 12 steps" in driven.method and "4 of 4 pairs" in silent.method
    (first,) = (row for row in done.values("firing_probability") if "of" in row.conditions)
    assert first.value is None and Flag.AMBIGUOUS in first.flags
    assert all(draw() for _, draw in protocol_named("neuron").figures(done.run, ExtractionOptions()))


def test_a_resistor_straight_at_the_source_is_quiet(measure):
    done = measure("nbo2", "neuron", {**AT_ONCE, "samples": 2000}, roles=STRAIGHT, replace=(
        ('model = "nbo2"', 'model = "resistor"\nparameters = { r = 1e3 }'),))
    assert all(row.value == 0.0 and row.flags == Flag.NONE for row in done.values("firing_probability"))
    assert len(done.values("quiet_response")) == 3 and done.values("firing_threshold")[0].low == 1.6


@pytest.mark.thorough
@pytest.mark.sabotage("resistor", "output")
def test_silver_has_a_refractory_period(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its generator stands for the source before the load. Each pulse fires if the witness saw it fire."""
    monkeypatch.setenv("TSBENCH_WITNESS", str(tmp_path / "w.jsonl"))
    for kind in ("bench", "world"):
        shutil.copy(EXAMPLES / f"ag_sio2.{kind}.toml", tmp_path)
    bench = tmp_path / "ag_sio2.bench.toml"
    bench.write_text(bench.read_text("utf-8").replace('pulser = "generator.1"', 'bias = "generator.1"'), "utf-8")
    outcome = run_protocol(bench, "A1", protocol_named("neuron").parse({
        "amplitude": "0.5 V, 1.6 V", "base": "0.1 V", "width": "1 ms", "pair_amplitude": "1.4 V", "pair_width": "1 ms",
        "gaps": "0.5 ms, 2 ms, 4 ms, 8 ms, 20 ms", "rest": "50 ms", "rise_time": "1 us", "fall_time": "1 us",
        "repeats": 4, "pairs": 6, "samples": 5000}), tmp_path / "runs")
    assert outcome.safe and outputs_left_on(tmp_path / "w.jsonl") == []
    found = {result.quantity: result for result in outcome.results}
    assert found["refractory"].value == 1.0 and found["threshold_driven"].value == 1.0
    period = found["refractory_period"]
    assert period.low < 3.904e-3 < period.high   # of 10,008 simulated pairs, by each switching on
    from tsbench.storage import read_run

    log, run = read_witness(tmp_path / "w.jsonl"), read_run(outcome.path)
    for record, time in zip(neuron_records(run), run.column("time"), strict=True):
        if "shot" in record.conditions:
            fired = bool(log.switching_on(time, time + 2e-3))
            assert fired == (record.conditions["amplitude"] > 1.0)
