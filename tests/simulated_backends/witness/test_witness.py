"""What the witness writes is what happened: made-up waveforms, the circuit, a SIGKILL."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tsbench.errors import UnreadableFile
from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.circuit.engine import Constant, PulseWaveform
from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.devices.static import folds
from tsbench.simulated_backends.devices.switching_levels import SwitchingLevels
from tsbench.simulated_backends.services.regulation import Regulation
from tsbench.simulated_backends.witness.events import SwitchingDetector
from tsbench.simulated_backends.witness.log import outputs_left_on, read_sessions, read_witness
from tsbench.simulated_backends.witness.overshoot import OvershootDetector
from tsbench.simulated_backends.witness.spans import WhileOn
from tsbench.simulated_backends.witness.witness import Witness

LEVELS = SwitchingLevels(fold=1e-4, on=3e-4, off=2e-4, hold=6e-4)


def cycle(threshold: float, hold: float, start: float, count: int = 2001, rise: float = 2e-9) -> Any:
    """Return one made-up triangle: current 50 uS before, 1 mS after switching; switching takes ``rise`` s."""
    t = np.linspace(start, start + 2.0, count)
    v = 1.5 * (1.0 - np.abs(t - start - 1.0))
    on, off = start + threshold / 1.5, start + 2.0 - hold / 1.5
    t = np.unique(
        np.concatenate([t, on + rise * np.linspace(-3, 3, 61), off + rise * np.linspace(-3, 3, 61)])
    )
    v = 1.5 * (1.0 - np.abs(t - start - 1.0))
    g = 5e-5 + 9.5e-4 * (
        1 / (1 + np.exp(-np.clip(8 * (t - on) / rise, -60, 60)))
        - 1 / (1 + np.exp(-np.clip(8 * (t - off) / rise, -60, 60)))
    )
    return t, v, g * v, on, off


@pytest.mark.parametrize("size", [17, 100, 5000])
def test_thresholds_holds_and_instants_of_a_made_up_sweep(size: int) -> None:
    """However the samples are cut into segments."""
    events: list[dict[str, Any]] = []
    detector = SwitchingDetector(LEVELS, events.append)
    truth = []
    for k, (threshold, hold, sign) in enumerate([(1.0, 0.3, 1), (1.1, 0.5, 1), (0.9, 0.2, -1)]):
        t, v, i, on, off = cycle(threshold, hold, 3.0 * k)
        truth.append((threshold, hold, on, off, sign))
        for first in range(0, t.size, size):
            part = slice(first, first + size + 1)
            detector.see(t[part], sign * v[part], sign * i[part])
    detector.finish()
    assert [e["kind"] for e in events] == ["on", "off"] * 3
    for (threshold, hold, on, off, sign), rise, fall in zip(truth, events[::2], events[1::2], strict=True):
        assert rise["threshold"] == pytest.approx(threshold, abs=1e-6)
        assert fall["hold"] == pytest.approx(hold, abs=1e-6)
        assert rise["t"] == pytest.approx(on, abs=3e-10)
        assert fall["t"] == pytest.approx(off, abs=3e-10)
        # the third rise goes on from the cycle before, which has the other sign: ten quarters before, it was at -0.3 V
        stood = -0.3 if sign < 0 else 0.0
        assert rise["t_half"] == pytest.approx(on - (threshold - stood) / 3.0, abs=1e-3)
        assert rise["polarity"] == sign
        assert fall["duration"] == pytest.approx(off - on, abs=1e-6)
        assert fall["max_current"] == pytest.approx(1.5e-3, rel=1e-2)


def test_a_resistor_has_no_events() -> None:
    events: list[dict[str, Any]] = []
    detector = SwitchingDetector(None, events.append)
    t = np.linspace(0, 1, 1000)
    detector.see(t, t, t / 1e3)
    detector.finish()
    assert events == []


def test_overshoot_is_timed_and_measured() -> None:
    events: list[dict[str, Any]] = []
    detector = OvershootDetector(events.append)
    detector.set_limit("smu", 1e-3, 0.0)
    t = np.linspace(0, 1e-6, 1001)
    current = 1e-3 * (0.5 + 2.0 * np.exp(-t / 2e-7))
    for first in range(0, 1000, 90):
        detector.see(t[first : first + 91], current[first : first + 91])
    (event,) = events
    assert event["peak"] == pytest.approx(2.5e-3)
    assert event["duration"] == pytest.approx(2e-7 * np.log(2.0 / 0.52), rel=1e-2)
    assert event["charge"] == pytest.approx(float(np.sum(np.clip(current - 1e-3, 0, None)) * 1e-9), rel=2e-2)


def witnessed(path: Path, drive: Any, until: float, resistance: str = "5k", skip: bool = True) -> Any:
    circuit = build_circuit(
        parse_netlist(f"V1 s 0 0\nR1 s d {resistance}\nC1 d 0 80p\nXD d low device\nRS low 0 50"),
        {"device": device_model("nbo2")},
    )
    witness = Witness(path, {"XD": ("d", "low")})
    model = device_model("nbo2")
    witness.start("test", 0, {"D": model}, {})
    witness.connected("XD", "D", model, 0.0)
    circuit.add_observer(witness)
    circuit.set_source("V1", drive)
    circuit.advance(until, skip)
    witness.end(circuit.time)
    return circuit, read_witness(path)


def test_frequency_counts_skipped_periods(tmp_path: Path) -> None:
    """The same bias looked at for 30 us (no skipping) and for 20 ms (nearly all of it skipped)."""
    _, short = witnessed(tmp_path / "short.jsonl", Constant(2.0), 30e-6, skip=False)
    assert not short.of_kind("repeat")
    _, long = witnessed(tmp_path / "long.jsonl", Constant(2.0), 20e-3)
    repeats = long.of_kind("repeat")
    assert sum(r["count"] for r in repeats) > 10_000
    exact = short.frequency(10e-6, 30e-6)
    assert exact is not None
    assert long.frequency(1e-3, 20e-3) == pytest.approx(exact, rel=1e-4)
    assert long.frequency(5e-3, 6e-3) == pytest.approx(exact, rel=1e-4)
    spikes = long.spike_times(1e-3, 20e-3)
    assert np.ptp(np.diff(spikes)) < 1e-3 / exact
    assert len(long.switching_off(5e-3, 5.01e-3)) == pytest.approx(1e-5 * exact, abs=2)
    assert len(repeats) < 50  # the file does not grow with what was skipped


def test_switching_delay_of_a_pulse(tmp_path: Path) -> None:
    """From the half-way point of the edge at the device to the steepest rise of its current."""
    pulse = PulseWaveform(
        base=0.0, top=1.15, start=1e-6, rise=10e-9, fall=10e-9, width=1e-6, period=5e-6, count=3
    )
    _, log = witnessed(tmp_path / "w.jsonl", pulse, 15e-6, "100")
    on = log.switching_on()
    assert len(on) == len(log.switching_off()) == 3
    for k, event in enumerate(on):
        assert event.delay is not None
        assert event.time_half == pytest.approx(1.0e-6 + 5e-6 * k + 5e-9 + 8e-9, abs=8e-9)
        assert 20e-9 < event.delay < 200e-9
        assert event.delay == pytest.approx(on[0].delay, rel=1e-3)
        assert event.threshold <= 1.15
    fold = folds(device_model("nbo2")).threshold
    assert fold is not None
    assert (
        on[0].threshold > fold.voltage
    )  # a fast pulse gets beyond the static fold before the device follows


def test_the_log_survives_a_cut_line_but_not_damage(tmp_path: Path) -> None:
    path = tmp_path / "w.jsonl"
    record = {"w": "a", "kind": "output", "t": 0.0, "instrument": "smu", "channel": "", "on": True}
    text = json.dumps(record) + "\n" + json.dumps({**record, "w": "b", "on": False}) + "\n"
    path.write_text(text + '{"w": "b", "kind"', "utf-8")
    first, second = read_sessions(path)
    assert (first.outputs(), second.outputs()) == ({"smu": True}, {"smu": False})
    assert not second.ended
    assert outputs_left_on(path) == ["smu"]
    path.write_text("garbage\n" + text, "utf-8")
    with pytest.raises(UnreadableFile, match="line 1"):
        read_sessions(path)


PROGRAM = """
import pyvisa, sys
manager = pyvisa.ResourceManager(sys.argv[1])
meter = manager.open_resource(
    "USB0::0x05E6::0x2450::SIM00001::INSTR", read_termination="\\n", write_termination="\\n")
meter.write(":SOUR:VOLT:RANG 2;:SOUR:VOLT:ILIM 1e-3;:SENS:CURR:RANG 1e-3;NPLC 0.01;AZER OFF;:OUTP ON")
print("on", flush=True)
while True:
    for level in (0.0, 1.1):
        meter.write(f":SOUR:VOLT {level}")
        meter.query(":READ?")
        print("read", flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_every_output_state_and_event_survives_sigkill(nbo2_bench: Path) -> None:
    world = nbo2_bench.with_name("nbo2.world.toml")
    witness = world.with_name("killed.jsonl")
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, f"{world}@tsbench"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TSBENCH_WITNESS": str(witness)},
    )
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(12)]
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert lines[0] == "on\n"
    log = read_witness(witness)
    assert not log.ended
    assert log.outputs()["source_meter"] is True
    assert len(log.switching_on()) >= 5  # 11 readings were acknowledged, every second of them at 1.1 V


@pytest.mark.parametrize(("peak", "seen"), [(1.01, False), (1.019, False), (1.021, True), (1.5, True)])
def test_only_a_current_clearly_above_the_compliance_is_an_overshoot(peak: float, seen: bool) -> None:
    """A loop that regulates stays within 2 % of its limit: calibration and noise are no overshoot."""
    events: list[dict[str, Any]] = []
    detector = OvershootDetector(events.append)
    detector.set_limit("meter", 1e-3, 0.0)
    detector.see(np.array([0.0, 1e-6, 2e-6, 3e-6]), 1e-3 * np.array([0.5, peak, peak, 0.5]))
    detector.set_limit("meter", None, 4e-6)
    assert bool(events) is seen


def test_what_has_not_been_looked_at_is_kept_however_many_steps_it_takes() -> None:
    """A filament that forms in many thousand steps: on, and all of its charge is counted."""
    events: list[dict[str, Any]] = []
    detector = SwitchingDetector(SwitchingLevels(1e-8, 3e-6, 3e-7, 1e-5), events.append)
    t = np.concatenate([np.linspace(0, 1e-3, 100), 1e-3 + np.linspace(0, 45e-6, 30_001)[1:], [2e-3, 3e-3]])
    g = np.where(t < 1e-3 + 1e-9, 1e-9, 1e-5)
    g[-1] = 1e-9
    for first in range(0, t.size, 100):
        part = slice(first, first + 101)
        detector.see(t[part], np.ones(t[part].shape), g[part], g=g[part])
    detector.finish()
    assert [event["kind"] for event in events] == ["on", "off"]
    assert events[1]["charge"] == pytest.approx(1e-5 * 1e-3, rel=0.01)


def test_a_small_oscillation_counts_each_switching_once() -> None:
    """Its conductance stays between those of fold and hold point, so nothing there says where a rise begins."""
    events: list[dict[str, Any]] = []
    detector = SwitchingDetector(LEVELS, events.append)
    t = np.linspace(0.0, 50.0, 20_001)
    amplitude = np.exp(-t / 200.0)   # the first rise is the steepest
    g = np.exp(np.log(2.45e-4) + 0.4 * amplitude * np.sin(2 * np.pi * t))
    for first in range(0, t.size, 700):
        part = slice(first, first + 701)
        detector.see(t[part], np.ones(t[part].shape), g[part])
    detector.finish()
    rises = np.array([event["t"] for event in events if event["kind"] == "on"])
    assert rises.size == 50
    assert np.diff(rises) == pytest.approx(1.0, abs=0.02)


def down_again(t: np.ndarray, g_on: float) -> tuple[np.ndarray, np.ndarray]:
    """Return voltage and current of a made-up sweep over its current, with a fold at 1 V and a hold point at 0.8 V.

    Behind the hold point the voltage rises once more before the device is off, up to 0.95 V.
    """
    s = np.interp(t, [0, 1, 1.01, 2, 3, 3.5, 3.51, 4.5], [0, 1, 3, 4, 3, 2, 1, 0])   # along the static curve
    v = np.interp(s, [0, 1, 2, 3, 4], [0.0, 1.0, 0.95, 0.8, 0.9])
    g = np.interp(s, [0, 1, 2, 3, 4], [1e-5, 1e-5, 0.4 * g_on, g_on, 1.5 * g_on])
    return v, g * v


def test_the_hold_voltage_is_the_lowest_before_the_device_rises_along_its_own_curve() -> None:
    """A device whose negative resistance a small load follows: after its hold point the voltage rises again."""
    g_on = 6e-4
    events: list[dict[str, Any]] = []
    detector = SwitchingDetector(SwitchingLevels(fold=1e-5, on=1e-4, off=6e-5, hold=g_on), events.append)
    t = np.linspace(0, 4.5, 4501)
    v, i = down_again(t, g_on)
    detector.see(t, v, i)
    detector.finish()
    assert [event["kind"] for event in events] == ["on", "off"]
    assert events[1]["hold"] == pytest.approx(0.8, abs=1e-3)


def test_what_a_compliance_left_of_the_voltage_is_no_hold_voltage() -> None:
    """The limit lets go at 0.4 V of a set-point of 0.5 V; from the set-point on the device holds down to 0.2 V."""
    t = np.linspace(0, 1, 2001)
    level = 0.5
    output = np.interp(t, [0, 0.1, 0.4, 0.45, 1.0], [0.1, 0.1, 0.1, 0.4, 0.5])
    current = np.where(t < 0.4, 1e-6, 0.7e-6)   # below nine tenths of the limit while the output comes back
    limited, _ = Regulation("smu", level, 1e-6).limiting(output, current, near=False)
    assert limited[t < 0.96].all()
    assert not limited[t > 0.98].any()
    assert not Regulation("smu", level, 1e-6).limiting(output, 0.5 * current, near=False)[0].any()
    at_set_point, near = Regulation("smu", level, 1e-6).limiting(np.full(3, level), np.full(3, 0.95e-6), near=False)
    assert near
    assert not at_set_point.any()
    whole = WhileOn(0.0, top=1.0, off=1e-7)
    v = np.interp(t, [0, 0.4, 0.5, 1.0], [0.05, 0.05, 0.5, 0.2])
    whole.add(t, v, 1e-5 * v, np.full(t.shape, 1e-5), 0, t < 0.45, np.ones(t.shape, bool))
    assert whole.lowest[0] == pytest.approx(0.2)


def test_a_filament_that_dissolves_by_degrees_holds_until_it_is_half_way_on_a_logarithmic_scale() -> None:
    t = np.linspace(0, 1, 10_001)
    v = 0.3 - 0.2 * t
    g = 1e-5 * 10.0 ** (-2.0 * t)   # from 1e-5 S to 1e-7 S; half way, 1e-6 S, at 0.5 s: 0.2 V
    on = WhileOn(0.0, top=1.0, off=1e-7)
    for first in range(0, t.size - 1, 50):
        part = slice(max(first - 1, 0), first + 50)
        on.add(t[part], v[part], (g * v)[part], g[part], min(first, 1), np.zeros(t[part].shape, bool),
               np.ones(t[part].shape, bool))
    assert on.lowest[0] == pytest.approx(0.2, abs=1e-3)
