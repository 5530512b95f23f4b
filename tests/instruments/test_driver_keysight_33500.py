"""The 33500/33600 driver on the simulated generator, seen by the simulated scope."""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tsbench.errors import LimitError
from tsbench.instruments import ArbitraryWaveform, EdgeTrigger, Pulse, Timebase, Vertical
from tsbench.records import FloatArray, Waveform
from tsbench.station.bench.bench import Bench

DIVIDER = 10e3 / 10.05e3  #: the resistor behind the generator's 50 Ohm
PULSE = Pulse(base=0.0, amplitude=1.5, width=2e-6, period=10e-6, rise_time=20e-9, fall_time=20e-9)


@pytest.fixture
def bench(driver_bench: Path) -> Iterator[Bench]:
    with Bench.open(driver_bench) as opened:
        opened.pulse_generator().configure_load(math.inf)
        yield opened


def seen(bench: Bench, span: float, position: float, full_scale: float = 4.0, level: float = 0.5) -> Waveform:
    """Trigger the generator once and return what the scope saw."""
    scope, generator = bench.oscilloscope(), bench.pulse_generator()
    scope.configure_channel(1, Vertical(full_scale))
    for number in (2, 3, 4):
        scope.disable_channel(number)
    scope.configure_timebase(Timebase(span, position))
    scope.configure_trigger(EdgeTrigger(1, level))
    generator.set_output(True)
    scope.arm()
    assert not scope.triggered()
    generator.trigger()
    for _ in range(10_000):
        if scope.complete():
            break
        bench.clock.wait(1e-5)
    assert scope.triggered()
    return scope.fetch([1])[1]


def crossings(times: FloatArray, values: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
    above = values > level
    return times[1:][above[1:] & ~above[:-1]], times[1:][~above[1:] & above[:-1]]


@pytest.mark.sabotage("units")
def test_a_pulse_has_its_levels_and_its_width(bench: Bench) -> None:
    generator = bench.pulse_generator()
    accepted = generator.configure_pulse(PULSE)
    assert accepted.amplitude == pytest.approx(1.5, rel=1e-3)
    generator.configure_burst(1)
    record = seen(bench, span=6e-6, position=2e-6)
    values, times = record.values()[0], record.times()
    top = np.median(values[(times > 0.5e-6) & (times < 1.5e-6)])
    assert top == pytest.approx(1.5 * DIVIDER, abs=0.02 * 4 + 0.0125 * 4 + 0.02 * 1.5)
    rises, falls = crossings(times, values, 0.75)
    assert falls[0] - rises[0] == pytest.approx(2e-6, abs=10e-9)


def test_a_burst_has_its_count_and_its_period(bench: Bench) -> None:
    generator = bench.pulse_generator()
    generator.configure_pulse(PULSE)
    assert generator.configure_burst(4) == 4
    record = seen(bench, span=100e-6, position=45e-6)
    rises, _ = crossings(record.times(), record.values()[0], 0.75)
    assert len(rises) == 4
    assert np.diff(rises) == pytest.approx([10e-6] * 3, abs=50e-9)
    assert not generator.burst_running()


def test_the_end_of_a_long_burst_is_polled(bench: Bench) -> None:
    generator = bench.pulse_generator()
    generator.configure_pulse(PULSE)
    generator.configure_burst(10_000)
    generator.trigger()
    before, polls = bench.clock.now(), 0
    while generator.burst_running():
        bench.clock.wait(1e-3)
        polls += 1
    assert bench.clock.now() - before == pytest.approx(0.1, rel=0.2)
    assert polls > 5
    generator.trigger()
    assert generator.burst_running()
    generator.abort()
    assert not generator.burst_running()


def test_a_downward_pulse_idles_at_its_base(bench: Bench) -> None:
    generator = bench.pulse_generator()
    generator.configure_pulse(Pulse(1.0, -0.8, 2e-6, 10e-6, 20e-9, 20e-9))
    generator.configure_burst(1)
    scope = bench.oscilloscope()
    record = seen(bench, span=6e-6, position=0.0, level=0.6)
    values, times = record.values()[0], record.times()
    assert np.median(values[times < -2.5e-6]) == pytest.approx(1.0, abs=0.2)
    assert values.min() == pytest.approx(0.2, abs=0.2)
    assert scope.complete()


@pytest.mark.sabotage("units")
@pytest.mark.parametrize("order", ["little", "big"])
def test_an_arbitrary_waveform_arrives_in_either_byte_order(driver_bench: Path, order: str) -> None:
    text = driver_bench.read_text("utf-8")
    driver_bench.write_text(
        text.replace(
            'driver = "keysight_33600"', f'driver = "keysight_33600"\noptions = {{ byte_order = "{order}" }}'
        ),
        "utf-8",
    )
    levels = np.repeat([0.0, 1.0, 0.25, 1.5, 0.0], 20)
    with Bench.open(driver_bench) as bench:
        generator = bench.pulse_generator()
        generator.configure_load(math.inf)
        generator.load_waveform(ArbitraryWaveform(levels, sample_rate=10e6))
        generator.configure_burst(1)
        record = seen(bench, span=12e-6, position=5e-6)
    values, times = record.values()[0], record.times()
    start = 2e-6  # the first step up is the trigger
    found = [np.median(values[np.abs(times + start - (2e-6 * k + 1e-6)) < 0.5e-6]) for k in range(5)]
    assert found == pytest.approx([0.0, 1.0, 0.25, 1.5, 0.0], abs=0.2)
    assert np.diff(found) == pytest.approx([1.0, -0.75, 1.25, -1.5], abs=0.08)


@pytest.mark.sabotage("units")
@pytest.mark.parametrize("load", [math.inf, 50.0, 1000.0])
def test_levels_are_meant_for_the_declared_load(bench: Bench, load: float) -> None:
    generator, scope = bench.pulse_generator("bias"), bench.oscilloscope()
    generator.configure_load(load)
    accepted = generator.configure_level(1.0)
    assert accepted == pytest.approx(1.0, abs=2e-3)
    generator.set_output(True)
    emf = 1.0 if math.isinf(load) else (load + 50) / load
    scope.configure_channel(2, Vertical(8.0))
    scope.configure_timebase(Timebase(1e-5))
    scope.configure_trigger(EdgeTrigger(2, 0.0))
    scope.arm()
    scope.force_trigger()
    while not scope.complete():
        bench.clock.wait(1e-5)
    assert np.median(scope.fetch([2])[2].values()) == pytest.approx(emf, abs=0.25)


def test_level_limits_and_direct_levels(bench: Bench) -> None:
    generator = bench.pulse_generator("bias")
    generator.configure_load(math.inf)
    assert generator.configure_level_limits(0.0, 3.0) == (0.0, 3.0)
    for level in (0.0, 1.7, 3.0, 0.5):
        assert generator.configure_level(level) == pytest.approx(level, abs=2e-3)
    with pytest.raises(LimitError, match="level limits 0 V to 3 V"):
        generator.configure_level(3.1)
    generator.configure_level_limits(-2.0, 0.5)
    generator.configure_level(-1.0)
    generator.configure_level_limits(2.0, 3.0)
    generator.configure_level(2.5)
    generator.configure_pulse(Pulse(2.0, 1.0, 1e-6, 1e-3, 1e-8, 1e-8))


def test_pulses_reconfigure_in_any_order(bench: Bench) -> None:
    generator = bench.pulse_generator()
    for width, period, edge in (
        (1e-6, 2e-6, 10e-9),
        (1e-3, 1.0, 1e-6),
        (10e-9, 100e-9, 3e-9),
        (0.4, 1.0, 50e-9),
    ):
        accepted = generator.configure_pulse(Pulse(0.0, 0.5, width, period, edge, edge))
        assert accepted.width == pytest.approx(width, rel=1e-3, abs=1e-10)
        assert accepted.period == pytest.approx(period, rel=1e-3)


def test_large_pulses_reconfigure(bench: Bench) -> None:
    """Above 4 Vpp the least edge is longer: that of small pulses was an error for the pulse that was still set."""
    generator = bench.pulse_generator()
    for amplitude, edge in ((4.5, 10e-9), (4.5, 3.3e-9), (1.0, 2.9e-9), (4.5, 5e-9)):
        accepted = generator.configure_pulse(Pulse(0.0, amplitude, 1e-6, 1e-3, edge, edge))
        assert accepted.amplitude == pytest.approx(amplitude, rel=1e-3) and accepted.rise_time == pytest.approx(edge)


def test_a_new_function_switches_off_a_new_level_does_not(bench: Bench) -> None:
    generator = bench.pulse_generator()
    generator.configure_level(0.5)
    generator.set_output(True)
    generator.configure_level(0.7)
    assert [state.enabled for state in generator.output_states()] == [True]
    generator.configure_pulse(PULSE)
    assert [state.enabled for state in generator.output_states()] == [False]


def test_both_outputs_are_read_back_by_name(bench: Bench) -> None:
    first, second = bench.pulse_generator("pulser"), bench.pulse_generator("bias")
    second.configure_level(0.1)
    second.set_output(True)
    assert [(state.output, state.enabled) for state in first.output_states()] == [("generator.1", False)]
    assert [(state.output, state.enabled) for state in second.output_states()] == [("generator.2", True)]


def test_the_driver_drives_a_33522b_too(driver_bench: Path) -> None:
    world = driver_bench.with_name("driver.world.toml")
    world.write_text(world.read_text("utf-8").replace("keysight_33622a", "keysight_33522b"), "utf-8")
    with Bench.open(driver_bench) as bench:
        generator = bench.pulse_generator()
        assert generator.identity.model == "33522B"
        generator.configure_load(math.inf)
        generator.configure_pulse(PULSE)
        with pytest.raises(LimitError, match=r"outside the instrument's range 8\.4 ns"):
            generator.configure_pulse(Pulse(0.0, 1.0, 1e-6, 1e-3, 5e-9, 5e-9))
