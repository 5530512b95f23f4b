"""Parts of the instruments by themselves: shapes and units of a generator, filters and pictures of a scope, buffers."""

import math
import struct
import zlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tsbench.simulated_backends.circuit.engine import PulseWaveform
from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.virtual_instruments.generator import levels as levels_of
from tsbench.simulated_backends.virtual_instruments.generator.levels import OutputLevels
from tsbench.simulated_backends.virtual_instruments.generator.synthesis import (
    OutputErrors,
    Shape,
    idle_level,
    real_levels,
    synthesise,
)
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.buffers import NO_READING, ReadingBuffer
from tsbench.simulated_backends.virtual_instruments.oscilloscope.digitiser import Digitiser
from tsbench.simulated_backends.virtual_instruments.oscilloscope.history import InputHistory
from tsbench.simulated_backends.virtual_instruments.oscilloscope.response import filtered, gaussian_sigma
from tsbench.simulated_backends.virtual_instruments.oscilloscope.screen import HEIGHT, WIDTH, draw_screen

LEVELS = OutputLevels(2.0, 0.5, 50.0)   # Vpp, V into 50 Ohm: an EMF from -1 V to 3 V
IDEAL = OutputErrors()


@pytest.mark.parametrize(("function", "factor"), [
    ("SIN", 2 * math.sqrt(2)), ("RAMP", 2 * math.sqrt(3)), ("TRI", 2 * math.sqrt(3)), ("SQU", 2.0), ("PULS", 2.0)])
def test_an_amplitude_in_other_units(function: str, factor: float) -> None:
    assert levels_of.volts_peak_to_peak(0.5, "VRMS", function, 50.0) == pytest.approx(0.5 * factor)
    # 10 dBm are 10 mW: 0.707 V rms at 50 Ohm, 1 V rms at 100 Ohm
    assert levels_of.volts_peak_to_peak(10.0, "DBM", function, 50.0) == pytest.approx(math.sqrt(0.5) * factor)
    assert levels_of.volts_peak_to_peak(10.0, "DBM", function, 100.0) == pytest.approx(factor)
    assert levels_of.volts_peak_to_peak(0.5, "VPP", function, 50.0) == 0.5
    for unit in ("VPP", "VRMS", "DBM"):
        back = levels_of.from_volts_peak_to_peak(
            levels_of.volts_peak_to_peak(0.7, unit, function, 75.0), unit, function, 75.0)
        assert back == pytest.approx(0.7)


def test_the_levels_of_an_output_with_errors() -> None:
    shape = Shape("SQU", LEVELS)
    assert real_levels(shape, IDEAL) == pytest.approx((-1.0, 3.0))
    assert real_levels(replace(shape, function="DC"), IDEAL) == pytest.approx((1.0, 1.0))
    assert real_levels(replace(shape, levels=LEVELS._replace(load=9.9e37)), IDEAL) == pytest.approx((-0.5, 1.5))
    errors = OutputErrors(amplitude_gain=0.1, amplitude=0.02, offset_gain=0.2, offset_per_amplitude=0.01, offset=0.03)
    low, high = real_levels(shape, errors)
    assert (high - low, (high + low) / 2) == pytest.approx((2 * 2.22, 2 * (0.6 + 0.02 + 0.03)))
    assert real_levels(replace(shape, function="DC"), errors) == pytest.approx((2 * 0.63, 2 * 0.63))
    assert idle_level(shape, IDEAL) == pytest.approx(-1.0)
    assert idle_level(replace(shape, inverted=True), IDEAL) == pytest.approx(3.0)
    assert idle_level(replace(shape, function="NOIS"), IDEAL) == pytest.approx(1.0)
    assert idle_level(replace(shape, function="SIN", phase=30.0), IDEAL) == pytest.approx(2.0)


def train(**settings: Any) -> Any:
    found, end = synthesise(Shape(levels=LEVELS, frequency=1e3, **settings), IDEAL, 2.0, 3)
    assert end == pytest.approx(2.003)
    return found


def test_the_edges_of_pulses_squares_and_ramps() -> None:
    full = 0.8   # 10-90 % of a linear edge
    pulse = train(function="PULS", pulse_width=3e-4, lead=8e-6, trail=16e-6)
    assert (pulse.base, pulse.top, pulse.period, pulse.width) == pytest.approx((-1.0, 3.0, 1e-3, 3e-4))
    assert (pulse.rise, pulse.fall) == pytest.approx((8e-6 / full, 16e-6 / full))
    square = train(function="SQU", duty=20.0, square_edge=8e-9)
    assert (square.width, square.rise, square.fall) == pytest.approx((2e-4, 1e-8, 1e-8))
    assert train(function="SQU", duty=0.0, square_edge=8e-9).width == pytest.approx(1e-8)
    assert train(function="SQU", duty=100.0, square_edge=8e-9).width == pytest.approx(1e-3 - 1e-8)
    ramp = train(function="RAMP", symmetry=30.0)
    assert (ramp.rise, ramp.fall, ramp.width) == pytest.approx((3e-4, 7e-4, 5e-4))
    assert train(function="RAMP", symmetry=100.0, square_edge=8e-9).rise == pytest.approx(1e-3 - 1e-8)
    assert train(function="RAMP", symmetry=0.0, square_edge=8e-9).rise == pytest.approx(1e-8)
    assert train(function="TRI", symmetry=30.0).rise == pytest.approx(5e-4)
    inverted = train(function="SQU", inverted=True)
    assert (inverted.base, inverted.top) == pytest.approx((3.0, -1.0))


def test_a_train_without_end_begins_at_its_phase_and_a_slow_clock_stretches_it() -> None:
    shape = Shape("SQU", LEVELS, frequency=1e3, phase=90.0)
    found, end = synthesise(shape, OutputErrors(timebase=0.5), 2.0, 0)
    assert isinstance(found, PulseWaveform) and end == math.inf and found.count == 0
    assert (found.period, found.start) == pytest.approx((1.5e-3, 2.0 - 0.375e-3))   # a quarter is over at the start
    later, end = synthesise(shape, IDEAL, 2.0, 4)
    assert isinstance(later, PulseWaveform) and (later.start, later.count) == (2.0, 4)   # a burst begins at its start


class Trace:
    """A node voltage [V] as a function of time, with an accepted solver step each ``step`` [s]."""

    def __init__(self, function: Any, start: float, end: float, step: float) -> None:
        self.function, self.start, self.end = function, start, end
        self.times = np.arange(start, end + step / 2, step)

    def voltage(self, node: str, times: Any) -> Any:
        return self.function(np.asarray(times))


def history(function: Any, step: float = 1e-10) -> InputHistory:
    return InputHistory([Trace(function, -1e-6, 1e-6, step)])


@pytest.mark.parametrize("points", [5, 4001])
def test_an_edge_is_seen_through_the_bandwidth_of_the_scope(points: int) -> None:
    """An edge of four sigmas, whether the samples are few or many; what is slow is not filtered."""
    sigma = gaussian_sigma(100e6)
    assert math.exp(-((2 * math.pi * 100e6 * sigma) ** 2) / 2) == pytest.approx(math.sqrt(0.5))   # -3 dB
    times = np.linspace(-4 * sigma, 4 * sigma, points)

    def edge(t: Any) -> Any:
        return np.clip(t / (4 * sigma) + 0.5, 0.0, 1.0)

    around = np.linspace(-6, 6, 2401)
    weights = np.exp(-around**2 / 2)
    expected = [float(np.average(edge(t + sigma * around), weights=weights)) for t in times]
    assert filtered(history(edge), "a", times, sigma) == pytest.approx(np.array(expected), abs=5e-3)
    assert abs(edge(-2 * sigma) - expected[points // 4]) > 0.05   # it does make a difference
    assert filtered(history(edge), "a", np.empty(0), sigma).size == 0
    slow = filtered(history(lambda t: 1e6 * t, step=1e-7), "a", times, sigma)
    assert slow == pytest.approx(1e6 * times, abs=1e-9)


def test_behind_fast_steps_a_slow_voltage_is_not_filtered_any_more() -> None:
    sigma, times = gaussian_sigma(100e6), np.linspace(0.0, 1e-6, 101)
    trace = Trace(lambda t: 1e12 * t**2, -1e-6, 2e-6, 1e-6)
    trace.times = np.unique(np.concatenate([trace.times, np.arange(20) * 1e-9]))   # fast steps from 0 to 19 ns
    found, seen = filtered(InputHistory([trace]), "a", times, sigma), trace.voltage("a", times)
    assert (found[:3] > seen[:3]).all() and found[10:].tolist() == seen[10:].tolist()


def test_peak_detection_alternates_between_lowest_and_highest() -> None:
    times = np.linspace(0.0, 1e-7, 6)   # 20 ns apart
    peaks = Digitiser._peaks(history(lambda t: 1e9 * t), "a", times, 1e-12, 20e-9)
    parts = np.array([-10.0, 5.0, -10.0, 5.0, -10.0, 5.0])
    assert peaks == pytest.approx(1e9 * times + parts, abs=1e-6)


def pixels(picture: bytes) -> Any:
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    size, kind = struct.unpack(">I4s", picture[8:16])
    assert (size, kind, struct.unpack(">II", picture[16:24])) == (13, b"IHDR", (WIDTH, HEIGHT))
    assert picture[24:29] == bytes([8, 2, 0, 0, 0])   # 8 bits, RGB, deflate, no filter but each row's, not interlaced
    begin = picture.index(b"IDAT") + 4
    rows = np.frombuffer(zlib.decompressobj().decompress(picture[begin:]), np.uint8).reshape(HEIGHT, 1 + 3 * WIDTH)
    assert not rows[:, 0].any()
    return rows[:, 1:].reshape(HEIGHT, WIDTH, 3)


def test_the_picture_of_the_screen_shows_grid_and_traces() -> None:
    empty = pixels(draw_screen({1: np.empty(0)}))
    assert set(np.unique(empty)) == {0, 60}
    assert (empty[100, [20, 96, 704]] == 60).all() and not empty[100, 50].any()
    assert (empty[[30, 240], 50] == 60).all() and not empty[10].any() and not empty[460].any()
    shown = pixels(draw_screen({1: np.linspace(-0.25, 0.25, 761), 2: np.array([2.0, 2.0]), 7: np.array([-2.0])}))
    yellow = np.argwhere((shown == (255, 255, 0)).all(axis=2))
    lowest, highest = yellow[yellow[:, 1].argmin()], yellow[yellow[:, 1].argmax()]
    assert lowest[0] == pytest.approx(345, abs=1) and highest[0] == pytest.approx(135, abs=1)
    assert (lowest[1], highest[1]) == (20, 780)
    assert (shown[30, [20, 780]] == (0, 255, 0)).all()
    assert (shown[450, 20] == (255, 255, 255)).all()   # a channel without a colour of its own
    jump = pixels(draw_screen({3: np.array([-0.25, 0.25])}))
    assert (jump[135:346, 780] == (64, 128, 255)).all()


def test_the_numbers_of_a_reading_buffer() -> None:
    buffer = ReadingBuffer("defbuffer1", capacity=4)
    assert [buffer.statistic(which) for which in ("AVER", "STDD", "PK2P", "MAX", "MIN")] == [0.0] * 5
    for value in (9.0, 1.0, 2.0, 4.0, 5.0):   # the first is pushed out
        buffer.append(replace(NO_READING, value=value))
    assert [reading.value for reading in buffer.readings] == [1.0, 2.0, 4.0, 5.0]
    assert [buffer.statistic(which) for which in ("AVER", "PK2P", "MAX", "MIN")] == [4.2, 8.0, 9.0, 1.0]
    assert buffer.statistic("STDD") == pytest.approx(math.sqrt(9.7))   # of all five, as the manual says
    assert [reading.value for reading in buffer.slice(2, 3)] == [2.0, 4.0]
    del buffer.readings[2:]
    assert buffer.slice(2, 4)[1:] == [NO_READING] * 2 and buffer.slice(3, 4) == [NO_READING] * 2
    for first, last in ((0, 1), (3, 2), (1, 5)):
        with pytest.raises(ScpiError, match="-222"):
            buffer.slice(first, last)
    one = ReadingBuffer("one")
    one.append(replace(NO_READING, value=7.0))
    assert (one.statistic("STDD"), one.statistic("AVER"), one.statistic("PK2P")) == (0.0, 7.0, 0.0)
