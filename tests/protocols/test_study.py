"""The study of a material (``benchmarks.study``): its benches are benches, and its verdicts follow from its numbers."""

from pathlib import Path

import pytest

from benchmarks.study.benches import lay
from benchmarks.study.materials import MATERIALS
from benchmarks.study.measuring import perform
from benchmarks.study.noise_free import Pulses, bisected, share_fired
from benchmarks.study.page import judged, tables
from benchmarks.study.rows import Count, Row, is_doubted
from tsbench.protocols import protocol_named
from tsbench.protocols.acquiring.device_view import VOLTAGE_HIGH
from tsbench.records import Flag
from tsbench.station.bench.bench import Bench


@pytest.mark.parametrize("name", sorted(MATERIALS))
def test_each_protocol_of_a_study_can_be_planned(name: str, tmp_path: Path) -> None:
    material = MATERIALS[name]
    of_device = {"iv_sweep": material.sweep, "pulse_train": material.delays, "paired_pulse": material.pairs,
                 "relaxation": material.recovery,
                 "temperature_series": {**material.sweep, "temperature": list(material.temperatures)}}
    of_map = {"oscillation_map": {**material.map, "load": list(material.loads)}}
    wanted = [(None, of_device), (material.oscillator, of_map),
              *((circuit, {"neuron": parameters}) for circuit, parameters in material.neurons)]
    for number, (circuit, protocols) in enumerate(wanted):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = lay(material, folder, 7, 1, circuit, "oscillation_map" in protocols)
        with Bench.open(path, "D7") as bench:
            for protocol, parameters in protocols.items():
                assert protocol_named(protocol).parse(dict(parameters)).plan(bench).duration > 0


@pytest.mark.thorough
def test_the_refractory_period_of_a_device_that_cools_down_is_that_of_the_circuit(tmp_path: Path) -> None:
    """With gaps so close to each other that a second definition of "off" would show: 3 % instead of 10 % is 12 ns."""
    material = MATERIALS["nbo2"]
    gaps = [*(gap * 1e-9 for gap in range(33, 45, 2)), 300e-9]
    asked = {**material.pairs, "amplitude": [0.4], "gaps": gaps, "repeats": 3}
    one = perform(material, "paired_pulse", asked, tmp_path)
    given = {name: float(one.run.header.parameters[name]["value"]) for name in ("base", "width", "rest", "rise_time")}

    def fires(gap: float) -> bool:
        pulses = Pulses(given["base"], 0.4, given["rise_time"], given["width"], gap, 2)
        return share_fired(material, None, pulses, given["rest"])[1] > 0

    truth = bisected(fires, gaps[0], gaps[-2])
    (period,) = one.of("refractory_period")
    assert truth is not None and period.low < truth < period.high
    assert period.value == pytest.approx(truth, rel=0.05)
    scales = [abs(wave.scale) for wave in one.run.waveforms if wave.channel != VOLTAGE_HIGH]
    assert scales[-1] < 0.3 * scales[0]   # the first pair shows what range the current needs


def test_a_truth_outside_most_intervals_fails_the_study() -> None:
    def rows(inside: int) -> list[Row]:
        return [Row("delay", "switching_delay_mean", {}, "s", 1e-6, 0.9e-6, 1.1e-6, 1e-6 if k < inside else 2e-6)
                for k in range(10)]

    assert judged(rows(9))[0].passed and not judged(rows(8))[0].passed
    assert judged([Row("neuron", "refractory", {}, "", 1.0, 1.0, 1.0, 1.0)])[0].passed
    assert not judged([Row("neuron", "refractory", {}, "", 1.0, 1.0, 1.0, 0.0)])[0].passed
    assert sum(line.startswith("| switching delay") for line in tables(rows(9))) == 10


def test_single_numbers_with_a_flag_of_doubt_are_counted_apart() -> None:
    few, none = (judged([Count("I-V sweeps", "single holds", inside, known, 3, 5, 10)]) for inside, known in
                 ((8, 10), (0, 0)))
    assert [line.passed for line in few] == [False, False, True] and "5 of 10" in few[2].measured
    assert not none[0].passed   # none of the numbers is without doubt


def test_a_coarse_step_is_no_doubt_and_few_samples_are_one() -> None:
    """The interval of a threshold contains the step; nothing tells what a spike is between its samples."""
    coarse = Flag.UNDER_SAMPLED | Flag.COMPLIANCE
    assert not is_doubted("threshold_voltage", coarse) and not is_doubted("hold_voltage", coarse)
    assert is_doubted("spike_amplitude", coarse) and is_doubted("switching_delay_mean", coarse)
    assert is_doubted("threshold_voltage", coarse | Flag.AMBIGUOUS) and not is_doubted("spike_amplitude", Flag.NONE)
    rows = [Row("sweeps", name, {}, "V", 1.0, 0.9, 1.1, 2.0, coarse)
            for name in ("threshold_voltage", "spike_amplitude")]
    judging, enough, doubted = judged(rows)
    assert not judging.passed and not enough.passed   # one of two has no doubt
    assert doubted.passed and doubted.measured == "1 of 1: spike amplitude"
