"""A real bench, outputs off all the time: ``pytest --bench bench.toml tests/hardware``."""

import math
from collections.abc import Iterator

import pytest

from tsbench.instruments import EdgeTrigger, MeasureSettings, Pulse, SourceSettings, Timebase, Vertical
from tsbench.station.bench.bench import Bench

pytestmark = pytest.mark.hardware


@pytest.fixture
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    with Bench.open(request.config.getoption("--bench")) as opened:
        yield opened
        assert not any(state.enabled for state in opened.make_safe())


def test_everything_is_off_after_opening(bench: Bench) -> None:
    assert not any(state.enabled for state in bench.make_safe())
    assert bench.problems == []
    assert all(row["serial"] for row in bench.describe().values())


def test_source_meter_accepts_its_settings(bench: Bench) -> None:
    if not bench.has("drive"):
        pytest.skip("hardware: no source meter on this bench")
    meter = bench.source_meter()
    meter.configure_source(SourceSettings("voltage", compliance_current=1e-6, range=2.0))
    accepted = meter.configure_measure(MeasureSettings("current", range=1e-6, nplc=0.1))
    assert accepted.range == pytest.approx(1e-6)
    meter.set_level(0.0)
    meter.check_errors()


def test_generator_accepts_pulses_and_bursts(bench: Bench) -> None:
    if not bench.has("pulser"):
        pytest.skip("hardware: no generator on this bench")
    generator = bench.pulse_generator()
    generator.configure_load(math.inf)
    accepted = generator.configure_pulse(Pulse(0.0, 0.1, 1e-6, 1e-3, 20e-9, 20e-9))
    assert accepted.width == pytest.approx(1e-6, rel=1e-3)
    assert generator.configure_burst(3) == 3


def test_scope_arms_and_is_forced(bench: Bench) -> None:
    if not bench.has("scope"):
        pytest.skip("hardware: no scope on this bench")
    scope = bench.oscilloscope()
    scope.configure_channel(1, Vertical(1.0))
    scope.configure_timebase(Timebase(1e-5))
    scope.configure_trigger(EdgeTrigger(1, 0.4))
    scope.arm()
    scope.force_trigger()
    for _ in range(1000):
        if scope.complete():
            break
        bench.clock.wait(1e-3)
    assert scope.fetch([1])[1].codes.size > 100
