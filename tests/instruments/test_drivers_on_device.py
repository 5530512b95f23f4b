"""Each driver on the NbO2 device through the bench: what it sets, what it reads, what it leaves behind."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tsbench.instruments import EdgeTrigger, MeasureSettings, Pulse, SourceSettings, Timebase, Vertical
from tsbench.simulated_backends.witness.log import outputs_left_on
from tsbench.station.bench.bench import Bench

SHUNT = 50.0  #: [Ohm] below the device


@pytest.fixture
def bench(nbo2_bench: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setenv("TSBENCH_WITNESS", str(nbo2_bench.parent / "witness.jsonl"))
    with Bench.open(nbo2_bench, "D1") as opened:
        yield opened


def drive(bench: Bench, level: float) -> float:
    """Return the current [A] at a voltage [V] under 1 mA compliance; the output stays on."""
    meter = bench.source_meter()
    meter.configure_source(SourceSettings("voltage", compliance_current=1e-3))
    meter.configure_measure(MeasureSettings("current", range=1e-3, nplc=0.1))
    meter.set_level(level)
    meter.set_output(True)
    return meter.measure().current


def watch(bench: Bench, span: float, level: float) -> None:
    """Set the scope up for the device voltage and current, triggered at ``level`` [V] on the device voltage."""
    scope = bench.oscilloscope()
    scope.configure_channel(1, Vertical(range=4.0))
    scope.configure_channel(2, Vertical(range=0.4))
    scope.configure_timebase(Timebase(span=span, position=span * 0.3))
    scope.configure_trigger(EdgeTrigger(source=1, level=level))


def acquired(bench: Bench) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return time after the trigger [s], device voltage [V] and current [A] of the acquisition that is armed."""
    scope = bench.oscilloscope()
    for _ in range(200):
        if scope.complete():
            break
        bench.clock.wait(1e-3)
    else:
        scope.force_trigger()
    waves = scope.fetch([1, 2])
    high, low = waves[1].values()[0], waves[2].values()[0]
    return waves[1].times(), high - low, low / SHUNT


def pulse(bench: Bench, amplitude: float) -> None:
    generator = bench.pulse_generator()
    generator.configure_load(np.inf)
    generator.configure_pulse(Pulse(0.0, amplitude, 1e-6, 1e-4, 4e-9, 4e-9))
    generator.configure_burst(1)
    generator.set_output(True)
    generator.trigger()


@pytest.mark.sabotage("resistor", "units")
def test_the_source_meter_reads_the_off_state(bench: Bench) -> None:
    # 18 uA at 0.8 V: the static curve of the catalogue device; the scope's 1 MOhm adds 0.8 uA
    assert drive(bench, 0.8) == pytest.approx(18.7e-6, rel=0.05)


@pytest.mark.sabotage("resistor", "units")
def test_the_source_meter_reads_the_compliance_above_threshold(bench: Bench) -> None:
    assert drive(bench, 1.1) == pytest.approx(1e-3, rel=0.01)


@pytest.mark.sabotage("resistor", "units")
def test_a_pulse_above_threshold_switches_and_one_below_does_not(bench: Bench) -> None:
    peaks = []
    for amplitude in (0.9, 1.2):
        watch(bench, 2e-6, amplitude / 2)
        bench.oscilloscope().arm()
        pulse(bench, amplitude)
        time, _, current = acquired(bench)
        idle = current[time < -50e-9].mean()  # the scope's own offset
        peaks.append(float(np.mean(current[(time > 0.5e-6) & (time < 0.9e-6)]) - idle))
    assert peaks[0] == pytest.approx(28e-6, abs=10e-6)
    assert peaks[1] > 1e-3


@pytest.mark.sabotage("resistor", "units")
def test_the_scope_sees_the_voltage_break_down_at_switching(bench: Bench) -> None:
    watch(bench, 2e-6, 0.6)
    bench.oscilloscope().arm()
    pulse(bench, 1.2)
    time, voltage, _ = acquired(bench)
    before, after = voltage[(time > 10e-9) & (time < 100e-9)].max(), voltage[(time > 0.5e-6) & (time < 0.9e-6)].mean()
    assert before > 1.1
    assert 0.95 < after < 1.08


@pytest.mark.sabotage("output")
def test_the_source_meter_switches_off(bench: Bench, tmp_path: Path) -> None:
    drive(bench, 0.5)
    assert outputs_left_on(tmp_path / "witness.jsonl") == ["source_meter"]
    bench.source_meter().set_output(False)
    assert outputs_left_on(tmp_path / "witness.jsonl") == []


@pytest.mark.sabotage("output")
@pytest.mark.parametrize("role", ["pulser", "bias"])
def test_the_generator_switches_off(bench: Bench, tmp_path: Path, role: str) -> None:
    generator = bench.pulse_generator(role)
    generator.configure_load(np.inf)
    generator.configure_level(0.5)
    generator.set_output(True)
    assert outputs_left_on(tmp_path / "witness.jsonl") == [f"generator.{generator.channel}"]
    generator.set_output(False)
    assert outputs_left_on(tmp_path / "witness.jsonl") == []


@pytest.mark.sabotage("output")
def test_the_scope_sees_nothing_on_the_device_after_make_safe(bench: Bench) -> None:
    drive(bench, 0.5)
    bench.make_safe()
    watch(bench, 2e-6, 0.25)
    bench.oscilloscope().arm()
    bench.oscilloscope().force_trigger()
    _, voltage, _ = acquired(bench)
    assert abs(voltage.mean()) < 0.1
