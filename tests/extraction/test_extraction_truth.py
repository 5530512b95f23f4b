"""Extractors on waveforms of the circuit engine, whose exact switching instants and periods are known."""

import re
from pathlib import Path

import numpy as np
import pytest

from tsbench.analysis.oscillation.frequency import oscillation
from tsbench.analysis.oscillation.spikes import spike_times
from tsbench.analysis.pulse.delay_results import PulseFacts, delay_result
from tsbench.analysis.pulse.switching_delay import switching_delay
from tsbench.netlist import parse_netlist
from tsbench.protocols import protocol_named
from tsbench.records import Flag
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.circuit.engine import Constant, PulseWaveform, Repetition
from tsbench.simulated_backends.witness.log import read_sessions
from tsbench.simulated_backends.witness.slopes import slopes_between, steepest_instant
from tsbench.station.runner import run_protocol

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

PULSES = """
V_gen   gen  0    0
R_gen   gen  dut  52
C_probe dut  0    80p
XDUT    dut  low  nbo2
R_shunt low  0    50
"""
OSCILLATOR = PULSES.replace("52", "5k")
RESISTOR = PULSES.replace("XDUT    dut  low  nbo2", "R_dut   dut  low  1k")


class Recorder:
    """Keeps device voltage and current [V, A] every ``dt`` [s]."""

    def __init__(self, end: float, dt: float) -> None:
        self.times = dt * np.arange(int(end / dt))
        self.high = np.zeros(self.times.size)
        self.low = np.zeros(self.times.size)

    def observe(self, segment) -> None:
        assert not isinstance(segment, Repetition)
        here = (self.times >= segment.start) & (self.times < segment.end)
        self.high[here] = segment.voltage("dut", self.times[here])
        self.low[here] = segment.voltage("low", self.times[here])


def record(netlist: str, waveform, end: float, dt: float):
    circuit = build_circuit(parse_netlist(netlist))
    recorder = Recorder(end, dt)
    circuit.add_observer(recorder)
    circuit.set_source("V_gen", waveform)
    circuit.advance(end, skip=False)
    return recorder.times, recorder.high - recorder.low, recorder.low / 50


def digitised(values, full, random):
    """Eight bits over ``full``, 2 % gain, 1.25 % offset, 0.2 % noise: an InfiniiVision's channel."""
    wrong = values * (1 + random.uniform(-0.02, 0.02)) + random.uniform(-0.0125, 0.0125) * full
    code = full / 256
    return np.round((wrong + 0.002 * full * random.standard_normal(values.size)) / code) * code, code


def pulse(amplitude: float, rise: float = 12.5e-9) -> PulseWaveform:
    return PulseWaveform(0.0, amplitude, start=100e-9, rise=rise, fall=rise, width=600e-9, period=1e-3, count=1)


@pytest.mark.thin(9)
@pytest.mark.parametrize(("device", "amplitude"), [
    ("nbo2", 1.1), ("nbo2", 1.15), ("nbo2", 1.4), ("nbo2", 2.0), ("vo2", 1.3), ("vo2", 1.6), ("nb2o5", 2.0)])
def test_the_delay_of_a_pulse_is_covered(device, amplitude):
    times, voltage, current = record(PULSES.replace("nbo2", device), pulse(amplitude), 900e-9, 0.05e-9)
    peak = int(np.argmax(np.diff(current)))
    highest = voltage[: peak + 1].max()
    edge = np.flatnonzero((voltage[:peak] < highest / 2) & (voltage[1 : peak + 1] >= highest / 2))[-1]
    edge_time = np.interp(highest / 2, voltage[edge : edge + 2], times[edge : edge + 2])
    truth = steepest_instant(times, peak, slopes_between(times, current, 1.0)) - edge_time   # docs/definitions.md
    covered, errors, widths = 0, [], []
    for seed in range(40):
        random = np.random.default_rng(seed)
        first, skew = random.integers(0, 8), random.integers(-4, 5)  # 0.4 ns a sample, up to 0.2 ns of skew
        high, one = digitised((voltage + 50 * current)[first::8], 2.5, random)
        low, two = digitised(50 * np.roll(current, skew)[first::8], max(0.8, 60 * current.max()), random)
        facts = PulseFacts(float(np.hypot(one, two)), two / 50, 0.2e-9, 1.6e-6)
        result = delay_result(switching_delay(times[first::8], high - low, low / 50, facts), {})
        covered += result.low <= truth <= result.high
        errors.append(result.value / truth - 1)
        widths.append((result.high - result.low) / 2 / truth)
    assert covered >= 34
    assert np.median(widths) < 0.1
    assert abs(np.mean(errors)) < 0.02


def test_a_pulse_below_threshold_and_a_resistor_do_not_fire():
    for netlist, amplitude in ((PULSES, 0.5), (PULSES, 0.9), (PULSES, 1.02), (RESISTOR, 1.4)):
        found = switching_delay(*record(netlist, pulse(amplitude), 900e-9, 0.4e-9))
        assert found.value is None
        assert Flag.NO_EVENT in found.flags


@pytest.mark.thin(6)
@pytest.mark.parametrize("bias", [1.8, 2.2, 2.6])
@pytest.mark.parametrize("by", ["voltage", "current"])
def test_the_frequency_is_covered(bias, by):
    times, voltage, current = record(OSCILLATOR, Constant(bias), 18e-6, 0.5e-9)
    kept = times > 4e-6
    times, values = times[kept], (voltage if by == "voltage" else current)[kept]
    truth = oscillation(spike_times(times, values)).frequency  # no noise, 400 samples a period
    full = 1.3 * (values.max() - values.min())
    covered, widths = 0, []
    for seed in range(40):
        random = np.random.default_rng(seed)
        first = random.integers(0, 8)
        seen, code = digitised(values[first::8], full, random)
        found = oscillation(
            spike_times(times[first::8] * (1 + random.uniform(-1.6e-6, 1.6e-6)), seen, code), 1.6e-6)
        covered += found.low <= truth <= found.high
        widths.append((found.high - found.low) / 2 / truth)
        assert found.regime == "tonic"
    assert covered >= 34
    assert np.median(widths) < 0.0025


def test_a_bias_below_threshold_does_not_oscillate():
    times, voltage, _ = record(OSCILLATOR, Constant(1.0), 18e-6, 4e-9)
    seen, code = digitised(voltage, 1.3, np.random.default_rng(0))
    assert oscillation(spike_times(times, seen, code)).frequency is None


@pytest.mark.thorough
@pytest.mark.thin(2)
@pytest.mark.parametrize("seed", [1, 2])
def test_single_delays_of_a_silver_device_hold_the_truth(tmp_path: Path, seed: int) -> None:
    """The voltage collapses slowly and the current is restless: the edge is not looked for in the collapse.

    The base is not 0 V, so that half way up the edge is not half of the highest voltage.
    """
    for name in ("ag_sio2.bench.toml", "ag_sio2.world.toml"):
        text = (EXAMPLES / name).read_text("utf-8")
        (tmp_path / name).write_text(re.sub(r"^seed = .*$", f"seed = {seed}", text, flags=re.MULTILINE), "utf-8")
    protocol = protocol_named("pulse_train").parse(
        amplitude="1.5 V", base="0.1 V", width="1 ms", period="50 ms", rise_time="1 us", fall_time="1 us", count=20)
    outcome = run_protocol(tmp_path / "ag_sio2.bench.toml", "A1", protocol, tmp_path / "runs")
    truth = [event.delay for event in read_sessions(tmp_path / "ag_sio2.witness.jsonl")[-1].switching_on()][-20:]
    found = [result for result in outcome.results if result.quantity == "switching_delay"]
    assert len(found) == len(truth) == 20
    inside = sum(one.low <= true <= one.high for one, true in zip(found, truth, strict=True))
    assert inside >= 18
    # in one record of seed 1 the current is calm: the other 19 say that half of the current is the instant there too
    assert all(abs(one.value / true - 1) < 0.02 for one, true in zip(found, truth, strict=True))
    assert np.median([(one.high - one.low) / 2 / one.value for one in found]) < 0.01
