"""The 81160A driver on the simulated generator, seen by the simulated scope."""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.instruments.test_driver_keysight_33500 import DIVIDER, crossings, seen
from tsbench.errors import LimitError
from tsbench.instruments import ArbitraryWaveform, Pulse
from tsbench.station.bench.bench import Bench

PULSE = Pulse(base=0.0, amplitude=1.5, width=200e-9, period=2e-6, rise_time=5e-9, fall_time=5e-9)


@pytest.fixture
def bench(driver_bench: Path) -> Iterator[Bench]:
    for path, old, new in (
        (driver_bench.with_name("driver.world.toml"), "keysight_33622a", "keysight_81160a"),
        (driver_bench, "keysight_33600", "keysight_81160a"),
    ):
        path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
    with Bench.open(driver_bench) as opened:
        opened.pulse_generator().configure_load(math.inf)
        yield opened


@pytest.mark.sabotage("units")
def test_a_pulse_has_its_levels_and_its_width(bench: Bench) -> None:
    generator = bench.pulse_generator()
    accepted = generator.configure_pulse(PULSE)
    assert accepted.amplitude == pytest.approx(1.5, rel=1e-3)
    generator.configure_burst(1)
    record = seen(bench, span=1e-6, position=0.3e-6)
    values, times = record.values()[0], record.times()
    top = np.median(values[(times > 50e-9) & (times < 150e-9)])
    assert top == pytest.approx(1.5 * DIVIDER, abs=0.02 * 4 + 0.0125 * 4 + 0.03 * 1.5)
    rises, falls = crossings(times, values, 0.75)
    assert falls[0] - rises[0] == pytest.approx(200e-9, abs=2e-9)


def test_a_burst_has_its_count_and_is_polled_to_its_end(bench: Bench) -> None:
    generator = bench.pulse_generator()
    generator.configure_pulse(PULSE)
    assert generator.configure_burst(4) == 4
    record = seen(bench, span=20e-6, position=9e-6)
    rises, _ = crossings(record.times(), record.values()[0], 0.75)
    assert np.diff(rises) == pytest.approx([2e-6] * 3, abs=20e-9)
    assert not generator.burst_running()
    generator.configure_burst(1_000_000)
    generator.trigger()
    assert generator.burst_running()
    generator.abort()
    generator.set_output(False)


@pytest.mark.sabotage("units")
def test_a_waveform_has_its_levels(bench: Bench) -> None:
    generator = bench.pulse_generator()
    levels = np.repeat([0.0, 1.0, 0.25, 0.5], 10)
    generator.load_waveform(ArbitraryWaveform(levels, 10e6, "step"))
    generator.configure_burst(1)
    record = seen(bench, span=8e-6, position=3.5e-6)
    values, times = record.values()[0], record.times()
    begin = crossings(times, values, 0.5)[0][0]
    for number, level in ((0.5, 1.0), (1.5, 0.25), (2.5, 0.5)):
        assert np.median(values[np.abs(times - begin - number * 1e-6) < 0.2e-6]) == pytest.approx(level, abs=0.15)


@pytest.mark.parametrize(("load", "most"), [(math.inf, 10.0), (50.0, 5.0)])
def test_more_than_the_largest_amplitude_is_refused(bench: Bench, load: float, most: float) -> None:
    """It has 5 Vpp into 50 Ohm and levels of 5 V, so a pulse or a waveform cannot use all levels."""
    generator = bench.pulse_generator()
    generator.configure_load(load)
    for part, refused in ((0.99, False), (1.2, True)):
        low, high = -0.5 * part * most, 0.5 * part * most
        waveform = ArbitraryWaveform(np.repeat([low, high], 10), 10e6, "step")
        wide = Pulse(low, high - low, 200e-9, 2e-6, 5e-9, 5e-9)
        if not refused:
            assert generator.configure_pulse(wide).amplitude == pytest.approx(high - low, rel=2e-3)
            generator.load_waveform(waveform)
            continue
        with pytest.raises(LimitError, match=rf"magnitude of the pulse amplitude.*{most:g}"):
            generator.configure_pulse(wide)
        with pytest.raises(LimitError, match=rf"difference between the levels of a waveform.*{most:g}"):
            generator.load_waveform(waveform)


@pytest.mark.sabotage("output")
def test_made_safe_all_outputs_are_off_and_have_no_level(bench: Bench) -> None:
    generator = bench.pulse_generator()
    generator.configure_pulse(PULSE)
    generator.set_output(True)
    transport = bench.instruments.connections["generator"].transport
    transport.write(":OUTP1:COMP ON")
    assert not any(state.enabled for state in bench.make_safe())
    assert [transport.query(f":OUTP{name}?") for name in ("1", "2", "1:COMP", "2:COMP")] == ["0"] * 4
    assert transport.query(":FUNC1?") == "DC" and float(transport.query(":VOLT1:OFFS?")) == 0.0
