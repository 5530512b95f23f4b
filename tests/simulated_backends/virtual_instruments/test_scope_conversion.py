"""What an input sees, and its codes: the pieces and blocks of the fast way against sums written down one by one."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.engine import Constant, PulseWaveform
from tsbench.simulated_backends.circuit.system import Row
from tsbench.simulated_backends.circuit.trajectory import RecordedTrajectory, Steps
from tsbench.simulated_backends.circuit.waveforms import encode_sources
from tsbench.simulated_backends.virtual_instruments.oscilloscope import conversion
from tsbench.simulated_backends.virtual_instruments.oscilloscope.conversion import Scale, codes_of, levels_of
from tsbench.simulated_backends.virtual_instruments.oscilloscope.history import (
    InputHistory,
    Repeated,
    Samples,
    Shifted,
)
from tsbench.simulated_backends.virtual_instruments.oscilloscope.noise import input_noise
from tsbench.simulated_backends.virtual_instruments.oscilloscope.response import filtered, gaussian_sigma
from tsbench.simulated_backends.virtual_instruments.oscilloscope.seen_signal import (
    SeenSignal,
    constant_signal,
    given_signal,
    seen_signal,
)

SIGMA = gaussian_sigma(100e6)


def values(signal: SeenSignal) -> FloatArray:
    found = np.empty(signal.count)
    ends = [*signal.firsts[1:], signal.count]
    for first, end, origin, place, row in zip(
            signal.firsts, ends, signal.origins, signal.places, signal.coefficients, strict=True):
        x = np.arange(first, end) - origin
        found[first:end] = signal.values[place + x] if place >= 0 else np.polyval(row[::-1], x)
    return found


def recorded(start: float, edges: list[float], end: float, level: float = 0.0) -> RecordedTrajectory:
    """A ramp from ``level`` [V] with a bump in each long step; 1 V in ten steps of 1 ns from each edge [s] on."""
    starts = np.unique(np.concatenate([[start], *(edge + 1e-9 * np.arange(11) for edge in edges)]))
    lengths = np.diff(np.append(starts, end))
    rise = np.where(lengths < 2e-9, 0.1, 0.0) + 1e5 * lengths
    after = level + np.cumsum(rise)
    steps = Steps(starts, lengths, (after - rise)[:, None], after[:, None],
                  np.where(lengths > 2e-9, 0.5, 0.0)[:, None], np.zeros((len(starts), 1)))
    system: Any = SimpleNamespace(voltages={"n": Row(np.ones(1), np.array([0.5, 1.0]), np.zeros(1), np.zeros(2))})
    sources = encode_sources([Constant(0.2), PulseWaveform(0.0, 0.3, 2e-6, 1e-7, 1e-7, 1e-6, 1e9, 1)])
    return RecordedTrajectory(start, end, steps, system, sources)


class Trace:
    """A ramp from 3 V that is no recorded trajectory, with a solver step each microsecond."""

    def __init__(self, start: float, end: float) -> None:
        self.start, self.end = start, end
        self.times = np.append(np.arange(start, end - 5e-7, 1e-6), end)

    def voltage(self, node: str, times: Any) -> Any:
        return 3.0 + 1e5 * (np.asarray(times) - self.start)


FEW = [recorded(0.0, [1e-6], 5e-6), Shifted(recorded(0.0, [2e-6], 4e-6, 1.5), 5e-6), Trace(9e-6, 11e-6)]
MANY = [recorded(0.0, [k * 2e-7 for k in range(1, 45)], 1e-5)]
REPEATED = [recorded(0.0, [], 1e-6), Repeated(recorded(0.0, [5e-7], 1e-6), 1e-6, 1e-6, 8), Trace(9e-6, 11e-6)]


@pytest.mark.thin(3)
@pytest.mark.parametrize("traces", [FEW, MANY, REPEATED], ids=["few edges", "many edges", "repeated"])
@pytest.mark.parametrize(("interval", "count"), [(1e-9, 9000), (5e-11, 180_000), (1e-7, 90), (1e-6, 9)])
def test_a_signal_in_pieces_is_the_filtered_voltage(traces: Any, interval: float, count: int) -> None:
    history, samples = InputHistory(traces), Samples(0.31e-6, interval, count)
    signal = seen_signal(history, "n", samples, SIGMA)
    expected = filtered(history, "n", samples.times(), SIGMA)
    assert signal.count == count == len(expected) and signal.firsts[0] == 0
    assert values(signal) == pytest.approx(expected, abs=2e-3)
    assert signal.mean() == pytest.approx(float(np.mean(expected)), abs=1e-4)


def test_a_record_of_slow_steps_has_no_sample_of_its_own() -> None:
    signal = seen_signal(InputHistory(FEW[:2]), "n", Samples(1.2e-6, 1e-11, 500_000), SIGMA)
    assert len(signal.firsts) < 50 and 0 < len(signal.values) < 6000   # only those near the edge at 7 us


def test_beyond_the_ends_of_the_history_are_its_end_values() -> None:
    history = InputHistory([recorded(1e-6, [], 3e-6)])
    found = values(seen_signal(history, "n", Samples(-1e-6, 1e-7, 60), SIGMA))
    inside = history.voltage("n", np.array([1e-6, 3e-6]))
    assert found[:20] == pytest.approx(np.full(20, inside[0])) and found[41:] == pytest.approx(np.full(19, inside[1]))
    for start in (-9e-6, 9e-6):
        outside = values(seen_signal(history, "n", Samples(start, 1e-7, 30), SIGMA))
        assert outside == pytest.approx(np.full(30, inside[0 if start < 0 else 1]))
    assert values(constant_signal(0.5, 3)).tolist() == [0.5] * 3
    assert values(given_signal(np.array([1.0, 2.0]))).tolist() == [1.0, 2.0]


@pytest.mark.parametrize("bandwidth", [100e6, 1e6, 1e9, None], ids=["filtered", "narrow", "white", "quiet"])
@pytest.mark.parametrize("stride", [1, 3, 5000])
def test_codes_are_signal_and_noise_rounded(bandwidth: float | None, stride: int) -> None:
    count = 20_001
    noise = input_noise((4,), 0.02 if bandwidth else 0.0, 1e-9, bandwidth or 1e8, 1e9)
    kept = len(range(0, count, stride))
    signal = seen_signal(InputHistory(MANY), "n", Samples(-1e-6, 1e-9 * stride, kept), SIGMA)
    scale = Scale(0.9, 2.0, -0.4).levels(1.507, 0.02, 128.0)
    exact = 128.0 + (0.9 * values(signal) + 2.0 * noise.samples(count, stride) - 0.4 - 1.507) / 0.02
    codes = codes_of(signal, [noise], stride, scale, 1)
    sure = np.abs(exact - np.floor(exact) - 0.5) > 1e-3   # away from where a code changes
    expected = np.where(exact < 1.5, 1, np.where(exact > 254.5, 0xFFFF, np.floor(exact + 0.5) * 256))
    assert np.array_equal(codes[sure], expected[sure]) and np.count_nonzero(sure) > 0.95 * kept
    levels = levels_of(signal, [noise], stride, scale, 60, 200, 64)
    assert np.array_equal(levels[sure], (np.clip(np.rint(exact), 60, 200) * 64)[sure])
    assert levels.min() >= 60 * 64 and levels.max() <= 200 * 64
    other = input_noise((5,), 0.03, 1e-9, 5e7, 5e7)   # an amplifier's, say
    both = levels_of(signal, [noise, other], stride, scale, -99999, 99999, 1)
    assert both == pytest.approx(exact + 2.0 / 0.02 * other.samples(count, stride), abs=0.502)


def test_finer_codes_and_the_ends() -> None:
    levels = np.array([0.0, 1.49, 1.51, 128.4, 254.49, 254.51, 1e6, -1e6], dtype=np.float32)
    codes = np.zeros(8, np.uint16)
    conversion.to_codes(levels, 16, codes)
    assert codes.tolist() == [1, 1, 24 * 16, (128 * 16 + 6) * 16, 4072 * 16, 0xFFFF, 0xFFFF, 1]


def test_a_second_thread_makes_the_same_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[object] = []
    submit = conversion._second_thread().submit
    monkeypatch.setattr(conversion._second_thread(), "submit", lambda act: (started.append(act), submit(act)))
    noise, scale = input_noise((6,), 0.02, 1e-9, 2e8, 1e9), Scale(1.0, 1.0, 0.0).levels(0.0, 0.02, 128.0)
    signal = seen_signal(InputHistory(MANY), "n", Samples(0.0, 1e-11, 900_001), SIGMA)
    found = []
    for processors, running in ((1, 1), (2, 1), (4, 3), (1, 2), (2, 2)):
        monkeypatch.setattr(conversion, "_PROCESSORS", processors)
        monkeypatch.setattr(conversion, "_running", lambda n=running: n)
        found.append((codes_of(signal, [noise], 1, scale, 1), levels_of(signal, [noise], 1, scale, -500, 500, 2)))
    assert len(started) == 4   # with a processor to spare, for codes and for levels
    for codes, levels in found[1:]:
        assert np.array_equal(codes, found[0][0]) and np.array_equal(levels, found[0][1])


def test_who_runs_now_is_counted_and_a_mean_stands_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    count = tmp_path / "loadavg"
    count.write_text("9.14 8.02 5.71 3/914 22005\n")
    monkeypatch.setattr(conversion, "_LOAD", count)
    assert conversion._running() == 3
    monkeypatch.setattr(conversion.os, "getloadavg", lambda: (1.0, 0.0, 0.0), raising=False)
    for unknown in ("", "1.0", "a b c d/e"):
        count.write_text(unknown)
        assert conversion._running() == 1.5
    count.unlink()
    monkeypatch.delattr(conversion.os, "getloadavg")
    assert conversion._running() == 1.0
