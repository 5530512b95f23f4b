"""Each imperfection of an oscilloscope as it is in a record and at its input, against its data sheet.

Every model that a driver drives is measured, through its own commands: known voltages go to the input, and the record
that comes back is compared with what the data sheet states.
"""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.fixtures.model_bench import ModelBench, every
from tsbench.instruments import EdgeTrigger, Oscilloscope, Timebase, Vertical
from tsbench.records import Flag, Waveform

MODELS = every("oscilloscope")
Open = Callable[..., "ScopeBench"]


class ScopeBench:
    """One oscilloscope whose channel 1 is at the node ``in``."""

    def __init__(self, table: ModelBench) -> None:
        self.table = table
        self.scope: Oscilloscope = table.bench.oscilloscope()
        virtual = table.virtual
        self.sheet: Any = getattr(virtual, "data_sheet", None) or virtual.sheet

    def set_up(self, full_scale: float, span: float, trigger: float = 0.0, segments: int = 1, **vertical: Any) -> float:
        """Set channel 1 and the time base; return the scale [V/div] that the scope has."""
        accepted = self.scope.configure_channel(1, Vertical(full_scale, **vertical))
        for channel in range(2, self.scope.capabilities.channels + 1):
            self.scope.disable_channel(channel)
        self.scope.configure_timebase(Timebase(span, 0.0, segments))
        self.scope.configure_trigger(EdgeTrigger(1, trigger))
        return accepted.range / self.sheet.divisions

    def record(self, force: bool = True, patience: float = 1e-3) -> Waveform | None:
        """Return one record of channel 1; None: no trigger came in time [s]."""
        self.scope.arm()
        if force:
            self.scope.force_trigger()
        for _ in range(20):
            if self.scope.complete():
                return self.scope.fetch([1])[1]
            self.table.wait(patience / 20)
        self.scope.abort()
        return None

    def forced(self) -> Waveform:
        found = self.record()
        assert found is not None
        return found


@pytest.fixture(params=MODELS)
def open_scope(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    opened: list[ModelBench] = []

    def open_on(netlist: str, imperfections: bool = True, seed: int = 1) -> ScopeBench:
        folder = tmp_path / str(len(opened))
        folder.mkdir()
        opened.append(ModelBench(
            folder, MODELS[request.param], netlist, {"1": "in"}, "scope", imperfections, seed))
        return ScopeBench(opened[-1])

    yield open_on
    for bench in opened:
        bench.bench.close()


# ----------------------------------------------------------------------------------------------- volts


def test_gain_and_offset_of_a_record_are_as_accurate_as_stated(open_scope: Open) -> None:
    """The mean of a record of a constant voltage, at two voltages, with and without an offset."""
    gains, offsets = [], []
    for seed in (1, 2, 3):
        bench = open_scope("V_dc in 0 0.5\nR_in in 0 50\n", seed=seed)
        sheet = bench.sheet
        means = {}
        for offset in (0.0, 0.5):
            scale = bench.set_up(1.6, 10e-6, offset=offset)
            means[offset] = float(bench.forced().values().mean())
        full, step = scale * sheet.divisions, scale * sheet.divisions / sheet.levels
        bound = sheet.offset_divisions * scale + sheet.offset_accuracy + step
        error = means[0.5] - 0.5   # at mid-screen: the offset alone
        assert abs(error) <= bound + sheet.offset_gain_accuracy * 0.5
        offsets.append(error / (bound + sheet.offset_gain_accuracy * 0.5))
        assert abs(means[0.0] - 0.5) <= sheet.gain_accuracy * full + bound
        # what the offset setting does not explain is the gain, at 0.5 V from mid-screen
        gain = (means[0.0] - means[0.5]) / 0.5
        assert abs(gain) <= sheet.gain_accuracy * full / 0.5 + sheet.offset_gain_accuracy + step
        gains.append(gain)
    assert len(set(gains)) == len(set(offsets)) == 3 and max(map(abs, offsets)) > 0.02


def fitted(record: Waveform, frequency: float) -> tuple[float, float]:
    """Return the amplitude [V] of a sine in a record, by the best fit, and the rms [V] of what is left."""
    phase = 2 * math.pi * frequency * record.times()
    basis = np.stack([np.cos(phase), np.sin(phase), np.ones_like(phase)], axis=1)
    volts = record.values()[0]
    found, *_ = np.linalg.lstsq(basis, volts, rcond=None)
    return float(math.hypot(found[0], found[1])), float(np.std(volts - basis @ found))


def test_noise_of_a_record_is_the_stated_one(open_scope: Open) -> None:
    """The rms value at 20 mV/div and at 0.5 V/div, of a unit that may have 15 % more or less than typical."""
    for wanted in (20e-3, 0.5):   # a sine, because the steps of some converters are coarser than the noise
        bench = open_scope(f"V_sin in 0 SIN(0 {2 * wanted:g} 1e5)\nR_in in 0 50\n")
        sheet = bench.sheet
        scale = bench.set_up(wanted * sheet.divisions, 10e-6)
        step = scale * sheet.divisions / sheet.levels / 2 ** (sheet.resolution_bits - 8) / getattr(sheet, "resolved", 1)
        stated = math.hypot(sheet.noise(scale), step / math.sqrt(12))
        assert 0.8 * stated < fitted(bench.forced(), 1e5)[1] < 1.25 * stated, scale


def test_a_record_has_the_stated_steps_and_ends(open_scope: Open) -> None:
    """Neighbouring codes are one step of the converter apart; beyond the last code, a sample is marked as clipped."""
    bench = open_scope("V_sin in 0 SIN(0 0.3 1e5)\nR_in in 0 50\n")
    sheet = bench.sheet
    scale = bench.set_up(1.6, 20e-6)
    record = bench.forced()
    assert record.flags == Flag.NONE
    steps = np.diff(np.unique(record.values()))
    converter = scale * sheet.divisions / sheet.levels / getattr(sheet, "resolved", 1)
    smallest = converter / 2 ** (sheet.resolution_bits - 8)
    assert steps.min() > 0.3 * smallest and np.median(steps) < 1.05 * converter
    bench.set_up(0.3, 20e-6)   # 0.6 Vpp does not fit
    record = bench.forced()
    assert record.flags & Flag.CLIPPED
    codes = record.codes
    assert record.clip_low is not None and record.clip_high is not None
    assert codes.min() <= record.clip_low and codes.max() >= record.clip_high
    for share, code in ((np.mean(codes >= record.clip_high), record.clip_high),
                        (np.mean(codes <= record.clip_low), record.clip_low)):
        last = abs(code * record.scale + record.offset)   # of a sine of 0.3 V, the part beyond it
        assert last >= 0.95 * 0.15 and share == pytest.approx(math.acos(min(last / 0.3, 1.0)) / math.pi, abs=0.03)


# ------------------------------------------------------------------------------------------------ in time


def amplitude(bench: ScopeBench, frequency: float, **vertical: Any) -> float:
    """Return the amplitude [V] of a sine in a record of 40 periods."""
    bench.set_up(1.6, 40.0 / frequency, **vertical)
    return fitted(bench.forced(), frequency)[0]


def test_the_bandwidth_is_3_db_down_where_stated(open_scope: Open) -> None:
    sheet = open_scope("V_dc in 0 0\n", imperfections=False).sheet
    for limited, frequency in ((False, sheet.bandwidth), (True, sheet.limited_bandwidth)):
        bench = open_scope(f"V_sin in 0 SIN(0 0.6 {frequency:g})\n", imperfections=False)
        assert amplitude(bench, frequency, bandwidth_limit=limited) == pytest.approx(0.6 / math.sqrt(2), rel=0.02)


def test_the_time_base_is_as_accurate_as_stated(open_scope: Open) -> None:
    """The phase of a sine at both ends of a long record."""
    errors = []
    for seed in (1, 2, 3, 4):
        bench = open_scope("V_sin in 0 SIN(0 0.6 1e7)\n", seed=seed)
        bench.set_up(1.6, 50e-6)
        record = bench.forced()
        times, volts = record.times(), record.values()[0]
        ends = []
        for part in (slice(0, len(times) // 20), slice(-(len(times) // 20), None)):
            phase = 2 * math.pi * 1e7 * times[part]
            vector = np.mean(volts[part] * np.exp(-1j * phase))
            ends.append((math.atan2(vector.imag, vector.real), float(times[part].mean())))
        turn = (ends[1][0] - ends[0][0] + math.pi) % (2 * math.pi) - math.pi
        errors.append(turn / (2 * math.pi * 1e7) / (ends[1][1] - ends[0][1]))
    stated = bench.sheet.timebase_accuracy
    assert max(map(abs, errors)) <= 1.05 * stated + 2e-8
    assert 0.2 < math.sqrt(np.mean(np.square(errors))) / stated * math.sqrt(3) < 1.7


def test_the_trigger_jitters_as_stated(open_scope: Open) -> None:
    """The phase of a sine at the trigger scatters by the interpolator's jitter and by noise over slew rate."""
    frequency = open_scope("V_dc in 0 0\n").sheet.bandwidth / 4   # steep, so that the noise matters little
    bench = open_scope(f"V_sin in 0 SIN(0 0.6 {frequency:g})\n")
    scale = bench.set_up(1.6, 20.0 / frequency)
    found = []
    for _ in range(30):
        record = bench.record(force=False)
        assert record is not None
        phase = 2 * math.pi * frequency * record.times()
        vector = np.mean(record.values()[0] * np.exp(-1j * phase))
        found.append(math.atan2(vector.imag, vector.real) / (2 * math.pi * frequency))
    slew = 0.6 * 2 * math.pi * frequency
    sheet = bench.sheet
    noise = sheet.noise(scale)
    stated = math.hypot(sheet.trigger_jitter, noise / slew)
    fit = noise / 0.6 / math.sqrt(len(record.times()) / 2) / (2 * math.pi * frequency)
    assert 0.65 * stated < np.std(found) < 1.5 * math.hypot(stated, fit)


def test_a_signal_smaller_than_the_hysteresis_does_not_trigger(open_scope: Open) -> None:
    scale, hysteresis = 0.2, open_scope("V_dc in 0 0\n", imperfections=False).sheet.hysteresis
    for part, triggers in ((0.85, False), (1.2, True)):
        bench = open_scope(f"V_sin in 0 SIN(0 {part * hysteresis * scale:g} 1e6)\n", imperfections=False)
        bench.set_up(scale * bench.sheet.divisions, 4e-6)
        assert (bench.record(force=False, patience=20e-6) is not None) is triggers, part


def test_segments_are_as_close_as_the_rearm_time_lets_them(open_scope: Open) -> None:
    frequency = 20e6
    bench = open_scope(f"V_sin in 0 SIN(0 0.6 {frequency:g})\n", imperfections=False)
    if bench.sheet.max_segments < 2 or bench.scope.capabilities.segments < 2:
        return   # it has no segments: nothing is re-armed
    bench.set_up(1.6, 2e-6, segments=4)
    record = bench.record(force=False, patience=1.0)
    assert record is not None
    gaps = np.diff(record.segment_times)
    least = record.dt * record.codes.shape[1] + bench.sheet.rearm_time
    assert np.all(gaps > 0.98 * least) and np.all(gaps < least + 1.1 / frequency + 0.03 * least)


# ---------------------------------------------------------------------------------------------- the input


def test_the_input_loads_its_node_as_stated(open_scope: Open) -> None:
    """Its resistance divides a constant voltage, and its capacitance a sine, behind a series resistor."""
    bench = open_scope("V_dc src 0 1\nR_s src in 1meg\n", imperfections=False)
    sheet = bench.sheet
    bench.set_up(1.6, 10e-6)
    bench.table.wait(1e-3)
    for impedance, name in (("1M", 1e6), ("50", 50.0)):
        if name not in sheet.impedances.values():
            continue
        bench.set_up(1.6, 10e-6, impedance=impedance)
        bench.table.wait(1e-3)
        assert bench.table.services.circuit.voltage("in") == pytest.approx(name / (1e6 + name), rel=1e-3)
    frequency = 1e6
    bench = open_scope(f"V_sin src 0 SIN(0 0.6 {frequency:g})\nR_s src in 10k\n", imperfections=False)
    turned = 2 * math.pi * frequency * 10e3 * sheet.input_capacitance
    assert amplitude(bench, frequency) == pytest.approx(0.6 / math.hypot(1.01, turned), rel=0.01)
