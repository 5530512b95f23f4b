"""Drivers of generators, each on its virtual instrument, seen by the scope."""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.instruments.test_driver_keysight_33500 import DIVIDER, crossings, seen
from tsbench.errors import LimitError
from tsbench.instruments import ArbitraryWaveform, EdgeTrigger, Pulse, Timebase, Vertical
from tsbench.instruments.driver import Driver
from tsbench.station.bench.bench import Bench

PULSE = Pulse(base=0.0, amplitude=1.5, width=400e-9, period=2e-6, rise_time=20e-9, fall_time=20e-9)
#: virtual instrument, driver, and what asks whether output 1 is on, and the reply where it is off
FAMILIES = {
    "tektronix": ("tektronix_afg31252", "tektronix_afg", ":OUTP1?", "0"),
    "rigol": ("rigol_dg992", "rigol_dg800", ":OUTP1?", "OFF"),
    "siglent": ("siglent_sdg2122x", "siglent_sdg2000x", "C1:OUTP?", "C1:OUTP OFF,LOAD,HZ,PLRT,NOR"),
    "keysight_33250a": ("keysight_33250a", "keysight_33250a", ":OUTP?", "0"),
}
ONE_CHANNEL = ("keysight_33250a",)
#: what a restart leaves of the mark that a reset sets, by language
MARKS = {"SCPI": "*ESE 0", "Siglent": "C1:SYNC OFF"}


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def bench(driver_bench: Path, family: str) -> Iterator[Bench]:
    twin, driver, *_ = FAMILIES[family]
    for path, old, new in (
        (driver_bench.with_name("driver.world.toml"), "keysight_33622a", twin),
        (driver_bench, "keysight_33600", driver),
    ):
        lines = path.read_text("utf-8").replace(old, new).splitlines(keepends=True)
        kept = [line for line in lines if not (family in ONE_CHANNEL and "generator.2" in line)]
        path.write_text("".join(kept), "utf-8")
    with Bench.open(driver_bench) as opened:
        opened.pulse_generator().configure_load(math.inf)
        yield opened


@pytest.mark.sabotage("units")
def test_a_pulse_has_its_levels_and_its_width(bench: Bench) -> None:
    generator = bench.pulse_generator()
    accepted = generator.configure_pulse(PULSE)
    assert accepted.amplitude == pytest.approx(1.5, rel=1e-3)
    assert (accepted.width, accepted.period) == pytest.approx((400e-9, 2e-6), rel=1e-3)
    generator.configure_burst(1)
    record = seen(bench, span=2e-6, position=0.6e-6)
    values, times = record.values()[0], record.times()
    top = np.median(values[(times > 100e-9) & (times < 300e-9)])
    assert top == pytest.approx(1.5 * DIVIDER, abs=0.02 * 4 + 0.0125 * 4 + 0.02 * 1.5)
    rises, falls = crossings(times, values, 0.75)
    assert falls[0] - rises[0] == pytest.approx(400e-9, abs=4e-9)


def test_a_pulse_downwards_idles_at_its_base(bench: Bench) -> None:
    generator = bench.pulse_generator()
    accepted = generator.configure_pulse(Pulse(1.0, -0.8, 1e-6, 10e-6, 50e-9, 50e-9))
    assert (accepted.base, accepted.amplitude) == pytest.approx((1.0, -0.8), abs=2e-3)
    generator.configure_burst(1)
    record = seen(bench, span=4e-6, position=1e-6, level=0.6)
    values, times = record.values()[0], record.times()
    assert np.median(values[times < -0.5e-6]) == pytest.approx(1.0, abs=0.15) or (
        np.median(values[times > 1.5e-6]) == pytest.approx(1.0, abs=0.15))
    assert np.min(values) == pytest.approx(0.2, abs=0.25)


def test_a_burst_has_its_count_and_is_polled_to_its_end(bench: Bench) -> None:
    generator = bench.pulse_generator()
    generator.configure_pulse(PULSE)
    assert generator.configure_burst(4) == 4
    record = seen(bench, span=20e-6, position=9e-6)
    rises, _ = crossings(record.times(), record.values()[0], 0.75)
    assert np.diff(rises) == pytest.approx([2e-6] * 3, abs=20e-9)
    while generator.burst_running():
        pass
    generator.configure_burst(500_000)   # 1 s
    generator.trigger()
    polls = [bench.clock.now()]
    while generator.burst_running():
        polls.append(bench.clock.now())
    assert bench.clock.now() - polls[0] >= 1.0 and np.diff(polls).max() <= 0.11
    generator.trigger()
    generator.abort()
    assert not generator.burst_running()
    generator.set_output(False)


@pytest.mark.sabotage("units")
def test_a_waveform_has_its_levels(bench: Bench) -> None:
    generator = bench.pulse_generator()
    levels = np.repeat([0.0, 1.0, 0.25, 0.5], 10)
    generator.load_waveform(ArbitraryWaveform(levels, 10e6, "step"))
    generator.configure_burst(1)
    record = seen(bench, span=8e-6, position=3.5e-6, level=0.3)
    values, times = record.values()[0], record.times()
    begin = crossings(times, values, 0.5)[0][0]
    for number, level in ((0.5, 1.0), (1.5, 0.25), (2.5, 0.5)):
        assert np.median(values[np.abs(times - begin - number * 1e-6) < 0.2e-6]) == pytest.approx(level, abs=0.15)


@pytest.mark.sabotage("units")
@pytest.mark.parametrize(("declared", "level"), [(True, 1.2), (False, 0.6)])
def test_a_level_is_at_the_load(bench: Bench, declared: bool, level: float) -> None:
    """Without a load that is declared, levels are meant for 50 Ohm: at an open output they are twice as high."""
    generator, scope = bench.pulse_generator(), bench.oscilloscope()
    if not declared:
        bench.instruments.connections["generator"].driver.reset()
    assert generator.configure_level(level) == pytest.approx(level, abs=1e-3)
    generator.set_output(True)
    scope.configure_channel(1, Vertical(4.0))
    for number in (2, 3, 4):
        scope.disable_channel(number)
    scope.configure_timebase(Timebase(10e-6, 0.0))
    scope.configure_trigger(EdgeTrigger(1, 0.3))
    scope.arm()
    scope.force_trigger()
    for _ in range(1000):
        if scope.complete():
            break
        bench.clock.wait(1e-3)
    assert np.median(scope.fetch([1])[1].values()) == pytest.approx(1.2 * DIVIDER, abs=0.02 * 4 + 0.0125 * 4 + 0.024)


def test_a_level_beyond_the_limits_is_refused(bench: Bench) -> None:
    generator = bench.pulse_generator()
    assert generator.configure_level_limits(-0.5, 1.0) == pytest.approx((-0.5, 1.0), abs=1e-3)
    generator.configure_level(0.9)
    with pytest.raises(Exception, match=r"\d"):
        generator.configure_level(1.5)
    with pytest.raises(LimitError):
        generator.configure_level(30.0)


@pytest.mark.sabotage("output")
def test_made_safe_all_outputs_are_off_and_have_no_level(bench: Bench, family: str) -> None:
    generator = bench.pulse_generator()
    generator.configure_pulse(PULSE)
    generator.set_output(True)
    *_, question, off = FAMILIES[family]
    transport = bench.instruments.connections["generator"].transport
    assert transport.query(question) != off
    assert not any(state.enabled for state in bench.make_safe())
    assert transport.query(question) == off


def test_what_a_bench_asks_of_every_driver(bench: Bench, family: str) -> None:
    connection = bench.instruments.connections["generator"]
    driver = connection.driver
    assert isinstance(driver, Driver)
    outputs = ["generator.1"] if family in ONE_CHANNEL else ["generator.1", "generator.2"]
    assert driver.title in driver.label and [state.output for state in driver.output_states()] == outputs
    assert driver.accuracy()["level"]["gain"] == 0.01
    driver.reset()
    assert not driver.lost_power()
    connection.transport.write(MARKS[driver.language.name])
    assert driver.lost_power()
