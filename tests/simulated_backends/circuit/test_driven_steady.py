"""A generator left on: periodic steady states are found, gone on in without computing, and right in every number."""

import itertools
import math
from dataclasses import dataclass, field

import numpy as np
import pytest

from tsbench.errors import TsbenchError
from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.circuit.circuit import Circuit
from tsbench.simulated_backends.circuit.engine import (
    Constant,
    Gap,
    PiecewiseLinear,
    PulseWaveform,
    Repetition,
    Segment,
    Sine,
    SourceWaveform,
)
from tsbench.simulated_backends.circuit.steady.rhythm import rhythm_of

LOADS = {
    "resistors": "VG emf 0 0\nRG emf a 50\nR1 a 0 10k",
    "scope input": "VG emf 0 0\nRG emf a 50\nR1 a 0 10k\nC1 a 0 14p",
    "rc": "VG emf 0 0\nRG emf b 50\nR1 b a 1k\nC1 a 0 1n\nR2 a 0 10k",
    "slow rc": "VG emf 0 0\nRG emf b 50\nR1 b a 10k\nC1 a 0 1u\nR2 a 0 10k",
    "nbo2": "VG emf 0 0\nRG emf a 5k\nX1 a 0 nbo2\nC1 a 0 14p",
}
ENOUGH = 150_000  #: steps for 100 s: without steady states it would be 10^6 to 10^10


def shapes(period: float) -> dict[str, SourceWaveform]:
    values = np.random.default_rng(3).uniform(0.0, 0.4, 65)
    values[-1] = values[0]
    return {
        "sine": Sine(0.2, 0.2, 1 / period, 0.3 * period),
        "square": PulseWaveform(-0.1, 0.4, 0.0, 3e-9, 3e-9, 0.5 * period, period, 0),
        "pulse": PulseWaveform(0.0, 0.4, 0.1 * period, 2.9e-9, 2.9e-9, max(0.01 * period, 5e-9), period, 0),
        "arbitrary": PiecewiseLinear(np.linspace(0.0, period, 65), values, period),
    }


@dataclass
class Sums:
    """Integrals over all it sees."""

    volt_seconds: float = 0.0
    coulombs: float = 0.0
    joules: float = 0.0
    seconds: float = 0.0
    gaps: list[Gap] = field(default_factory=list)

    def observe(self, segment: Segment) -> None:
        if isinstance(segment, Gap):
            self.gaps.append(segment)
            return
        count, part = (segment.count, segment.period) if isinstance(segment, Repetition) else (1, segment)
        span = part.start, part.end
        self.volt_seconds += count * part.integral("voltage", "a", *span)
        self.coulombs += count * part.integral("current", "VG", *span)
        self.joules += count * part.energy("a", "0", "RG", *span)  # type: ignore[attr-defined]
        self.seconds += count * (part.end - part.start)


def driven(load: str, waveform: SourceWaveform, until: float, skip: bool = True) -> tuple[Circuit, Sums]:
    circuit = build_circuit(parse_netlist(LOADS.get(load, load), ["a"]))
    circuit.set_source("VG", waveform)
    sums = Sums()
    circuit.add_observer(sums)
    circuit.advance(until, skip=skip)
    return circuit, sums


@pytest.mark.parametrize(("load", "period", "shape"), [
    *itertools.product(["resistors", "rc", "nbo2"], [1e-6], ["sine", "square", "pulse", "arbitrary"]),
    ("scope input", 1e-3, "sine"), ("scope input", 1e-7, "pulse"), ("nbo2", 1e-7, "sine"), ("nbo2", 1e-3, "pulse"),
    ("slow rc", 1e-6, "square"), ("slow rc", 1e-3, "sine")])
def test_a_hundred_seconds_cost_a_moment_and_averages_are_those_of_every_period(
    load: str, period: float, shape: str
) -> None:
    waveform = shapes(period)[shape]
    circuit, sums = driven(load, waveform, 40.3 * period)
    _, brute = driven(load, waveform, 40.3 * period, skip=False)
    for quick, full in ((sums.volt_seconds, brute.volt_seconds), (sums.coulombs, brute.coulombs),
                        (sums.joules, brute.joules), (sums.seconds, brute.seconds)):
        assert quick == pytest.approx(full, rel=1e-6)
    circuit.advance(100.0)
    assert circuit.work < ENOUGH
    assert circuit.steady
    assert sums.seconds == pytest.approx(100.0, rel=1e-9)
    # and whoever looks then sees the right instant of the period, wherever it lies
    for later in (0.0, 0.23, 0.77):
        circuit.advance(100.0 + (1 + later) * period)
        phase = math.fmod(circuit.time, period)
        if load != "slow rc":
            fresh, _ = driven(load, waveform, 30 * period + phase, skip=False)
            assert circuit.voltage("a") == pytest.approx(fresh.voltage("a"), rel=1e-5, abs=1e-6)
    assert circuit.work < ENOUGH


def test_a_slow_capacitor_is_not_taken_for_settled() -> None:
    """10 ms of time constant at 1 MHz: no period differs visibly from the one before, yet it charges exponentially."""
    circuit, sums = driven("slow rc", shapes(1e-6)["square"], 5e-3)
    series, load = 10_050.0, 10e3
    time_constant = series * load / (series + load) * 1e-6
    end = 0.15 * load / (series + load)   # the square wave's mean, divided
    assert circuit.voltage("a") == pytest.approx(end * (1 - math.exp(-5e-3 / time_constant)), rel=1e-3)
    exact = end * (5e-3 - time_constant * (1 - math.exp(-5e-3 / time_constant)))
    assert sums.volt_seconds == pytest.approx(exact, rel=2e-4)
    assert circuit.work < ENOUGH


def test_a_change_in_the_middle_of_a_period_goes_on_from_there() -> None:
    waveform = shapes(1e-6)["sine"]
    circuit, _ = driven("rc", waveform, 7.0 + 0.4e-6)
    before = circuit.voltage("a")
    circuit.set_source("VG", Constant(0.1))
    assert circuit.voltage("a") == pytest.approx(before, abs=1e-9)
    circuit.advance(circuit.time + 1e-3)
    assert circuit.voltage("a") == pytest.approx(0.1 * 10_000 / 11_050, rel=1e-6)


def test_two_channels_repeat_together_or_are_bounded() -> None:
    both = [Sine(0.0, 1.0, 400e3), PulseWaveform(0, 1, 0, 3e-9, 3e-9, 1e-7, 1e-6, 0), Constant(2.0)]
    rhythm = rhythm_of(both, 0.0)
    assert rhythm is not None
    assert rhythm.period == pytest.approx(5e-6)
    assert rhythm_of([Sine(0, 1, 1e6), Sine(0, 1, 1e6 * (1 + 1e-6))], 0.0) is None
    assert rhythm_of([Constant(1.0)], 0.0) is None
    burst = rhythm_of([PulseWaveform(0, 1, 1e-3, 3e-9, 3e-9, 1e-7, 1e-6, 1000)], 0.0)
    assert burst is not None
    assert (burst.begin, burst.end) == pytest.approx((1e-3, 2e-3))
    assert rhythm_of([PulseWaveform(0, 1, 1e-3, 3e-9, 3e-9, 1e-7, 1e-6, 1000)], 2.1e-3) is None


def test_a_long_burst_ends_where_it_should() -> None:
    circuit, sums = driven("rc", PulseWaveform(0.0, 1.0, 1e-6, 3e-9, 3e-9, 3e-7, 1e-6, 3_000_000), 5.0)
    assert circuit.voltage("a") == pytest.approx(0.0, abs=1e-6)
    assert sums.coulombs == pytest.approx(-0.9 / 11_050, rel=1e-6)
    assert circuit.work < ENOUGH


def test_what_takes_too_long_is_refused_and_may_be_left_out() -> None:
    text = "VG emf 0 SIN(0 1 1meg)\nVH emh 0 SIN(0 1 1.0000001meg)\nRG emf a 50\nRH emh a 50\nC1 a 0 1n"
    circuit = build_circuit(parse_netlist(text, ["a"]))
    sums = Sums()
    circuit.add_observer(sums)
    with pytest.raises(TsbenchError, match="more than 1e\\+04 steps"):
        circuit.advance(1.0, most_work=1e4)
    reached = circuit.time
    assert 0.0 < reached < 1.0
    circuit.leave_out(1.0, "too long")
    assert [(gap.start, gap.end) for gap in sums.gaps] == [(reached, 1.0)]
    circuit.advance(1.0 + 3e-6)
    assert circuit.time == 1.0 + 3e-6


def test_a_response_of_two_periods_of_the_drive_is_one_period() -> None:
    """The common period of two commensurate generators, each on its own part of the circuit."""
    text = "VG emf 0 0\nVH emh 0 SIN(0 0.1 1500k)\nRG emf a 1k\nC1 a 0 100p\nRH emh h 1k\nC2 h 0 100p"
    circuit, sums = driven(text, Sine(0.2, 0.1, 1e6), 100.0)
    assert circuit.steady
    assert circuit.work < ENOUGH
    assert sums.volt_seconds == pytest.approx(20.0, rel=1e-6)


def test_runs_of_steps_do_not_end_with_each_period_where_noise_repeats_nothing() -> None:
    netlist = parse_netlist("VG emf 0 0\nRG emf a 1meg\nX1 a 0 ag_sio2\nC1 a 0 1p")
    circuit, seen = build_circuit(netlist, seed=1), []
    circuit.set_source("VG", shapes(10e-6)["square"])
    circuit.add_observer(Segments(seen))
    circuit.advance(1e-3)
    assert circuit.steps > 1000
    assert len(seen) < 10   # of 100 periods


@dataclass
class Segments:
    """Collects what it sees."""

    seen: list[Segment]

    def observe(self, segment: Segment) -> None:
        self.seen.append(segment)


def test_a_resistive_circuit_is_looked_at_within_each_sine() -> None:
    """What has no state has no error of integration; its averages must be right all the same."""
    _, sums = driven("resistors", Sine(0.0, 1.0, 1e3), 0.1, skip=False)
    assert sums.volt_seconds == pytest.approx(0.0, abs=1e-9)
    current = 1.0 / 10_050
    assert sums.joules == pytest.approx(0.1 * 0.5 * current**2 * 10e3, rel=1e-6)
