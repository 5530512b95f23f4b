"""Each imperfection of an oscilloscope as it is in a record and at its input, against its data sheet.

Every model that a driver drives is measured, through its own commands: known voltages go to the input, and the record
that comes back is compared with what the data sheet states. Errors of units are normal with a third of the accuracy (of
a time base: uniform within it). Their rms value over many inputs must be right, and so must be errors that are known
parts of the accuracy (``tests/fixtures/spread.py``). How they are drawn: ``test_drawn_errors.py``.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.fixtures.model_bench import ModelBench, every, first_of_drivers_or_soak, first_of_families
from tests.fixtures.spread import NORMAL, UNIFORM, require_spread, require_stated
from tsbench.instruments import EdgeTrigger, Oscilloscope, Timebase, Vertical
from tsbench.records import Flag, Waveform
from tsbench.simulated_backends.circuit.engine import Sine
from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import ScopeDataSheet

MODELS = every("oscilloscope")
FAMILIES = pytest.mark.parametrize("open_scope", first_of_families("oscilloscope"), indirect=True)
Open = Callable[..., "ScopeBench"]


@dataclass(frozen=True)
class Fit:
    """The sine that fits a record best, and the rms value [V] of what is left."""

    middle: float
    amplitude: float
    rest: float


class ScopeBench:
    """One oscilloscope whose channel 1, or whose first channels, are at the node ``in``."""

    def __init__(self, table: ModelBench) -> None:
        self.table = table
        self.scope: Oscilloscope = table.bench.oscilloscope()
        virtual = table.virtual
        self.sheet: Any = getattr(virtual, "data_sheet", None) or virtual.sheet

    def set_up(self, full_scale: float, span: float, trigger: float = 0.0, segments: int = 1, **vertical: Any) -> float:
        """Set channel 1 and the time base; return the scale [V/div] that the scope has."""
        # the guard refuses an input of 50 Ohm that the netlist does not have
        scope: Any = self.scope
        scope = scope.driver if vertical.get("impedance") == "50" else scope
        accepted = scope.configure_channel(1, Vertical(full_scale, **vertical))
        for channel in range(2, self.scope.capabilities.channels + 1):
            self.scope.disable_channel(channel)
        self.scope.configure_timebase(Timebase(span, 0.0, segments))
        self.scope.configure_trigger(EdgeTrigger(1, trigger))
        return accepted.range / self.sheet.divisions

    def see(self, middle: float, amplitude: float, frequency: float = 1e6) -> None:
        """Make the source ``V_sin`` a sine [V, Hz]."""
        self.table.services.begin_message()
        self.table.services.sync()
        self.table.services.circuit.set_source("V_sin", Sine(middle, amplitude, frequency, 0.0))
        self.table.services.changed()
        self.table.wait(1e-4)

    def fits(self, channels: int, full_scale: float, offset: float = 0.0) -> dict[int, "Fit"]:
        """Return the sine of 1 MHz that the first channels see in a record of 10 us."""
        for channel in range(1, channels + 1):
            accepted = self.scope.configure_channel(channel, Vertical(full_scale, offset))
        self.scale = accepted.range / self.sheet.divisions
        for channel in range(channels + 1, self.scope.capabilities.channels + 1):
            self.scope.disable_channel(channel)
        self.scope.configure_timebase(Timebase(10e-6, 0.0, 1))
        self.scope.configure_trigger(EdgeTrigger(1, offset))
        self.forced()
        return {number: fitted(record, 1e6) for number, record in
                self.scope.fetch(list(range(1, channels + 1))).items()}

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


@pytest.fixture(params=first_of_drivers_or_soak("oscilloscope"))
def open_scope(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    opened: list[ModelBench] = []

    def open_on(
        netlist: str, imperfections: bool = True, seed: int = 1, inputs: int = 1,
        errors: tuple[float, float] | None = None,
    ) -> ScopeBench:
        folder = tmp_path / str(len(opened))
        folder.mkdir()
        opened.append(ModelBench(
            folder, MODELS[request.param], netlist, {str(k + 1): "in" for k in range(inputs)}, "scope", imperfections,
            seed, errors))
        return ScopeBench(opened[-1])

    yield open_on
    for bench in opened:
        bench.bench.close()


# ----------------------------------------------------------------------------------------------- volts


SINE = "V_sin in 0 SIN(0 0.5 1e6)\nR_in in 0 50\n"


def units(open_scope: Open) -> Iterator[tuple[ScopeBench, int]]:
    """Yield oscilloscopes with 24 inputs together, each at the source ``V_sin``, and how many inputs each has."""
    inputs = min(open_scope(SINE, imperfections=False).sheet.channels, 4)
    for seed in range(1, 24 // inputs + 1):
        yield open_scope(SINE, seed=seed, inputs=inputs), inputs


def accuracies(sheet: ScopeDataSheet) -> dict[str, float]:
    """Return the numbers of the accuracy of a record by name, 0 where a model has none."""
    return {"gain": sheet.gain_accuracy, "offset in divisions": sheet.offset_divisions,
            "offset in volts": sheet.offset_accuracy, "offset, relative": sheet.offset_gain_accuracy}


def levels_of(bench: ScopeBench, inputs: int) -> dict[str, list[float]]:
    """Return the errors of gain and offset of each input, by name, each relative to its accuracy.

    From three records of a sine: of two scales, and with an offset. A sine passes over many steps of the converter, so
    its middle is known much better than a step.
    """
    stated, found = accuracies(bench.sheet), dict[str, list[float]]()
    centred, large = bench.fits(inputs, 1.6), bench.scale
    bench.see(0.5, 0.5)
    moved = bench.fits(inputs, 1.6, 0.5)
    bench.see(0.0, 0.05)
    near, small = bench.fits(inputs, 0.16), bench.scale
    for number in centred:
        divisions = (centred[number].middle - near[number].middle) / (large - small)
        for name, error in (
            ("gain", centred[number].amplitude / 0.5 - 1.0), ("offset in divisions", divisions),
            ("offset in volts", near[number].middle - small * divisions),
            ("offset, relative", (moved[number].middle - 0.5 - centred[number].middle) / 0.5),
        ):
            if stated[name]:
                found.setdefault(name, []).append(error / stated[name])
            else:
                assert error == pytest.approx(0.0, abs=2e-3), name
    assert "gain" in found
    return found


@pytest.mark.thin(4)
def test_gain_and_offset_of_a_record_are_as_accurate_as_stated(open_scope: Open) -> None:
    """Each number of the accuracy, on a bench whose errors are as large as stated."""
    sheet = open_scope(SINE, imperfections=False).sheet
    inputs = min(sheet.channels, 4)
    none = [name for name, stated in accuracies(sheet).items() if not stated]
    require_stated(levels_of(open_scope(SINE, inputs=inputs, errors=(1.0, -1.0)), inputs), {
        "gain": 1.0, "offset in divisions": -1.0, "offset in volts": -1.0, "offset, relative": -1.0},
        doubt=0.04, missing=none)


@FAMILIES
@pytest.mark.soak   # how errors are drawn: test_drawn_errors.py
def test_gain_and_offset_of_a_record_differ_from_unit_to_unit(open_scope: Open) -> None:
    found: dict[str, list[float]] = {}
    for bench, inputs in units(open_scope):
        for name, errors in levels_of(bench, inputs).items():
            found.setdefault(name, []).extend(errors)
    for name, errors in found.items():
        require_spread(errors, NORMAL, name, slack=0.1)


def fitted(record: Waveform, frequency: float) -> Fit:
    """Return the sine of a frequency [Hz] that fits a record best."""
    phase = 2 * math.pi * frequency * record.times()
    basis = np.stack([np.cos(phase), np.sin(phase), np.ones_like(phase)], axis=1)
    volts = record.values()[0]
    found, *_ = np.linalg.lstsq(basis, volts, rcond=None)
    return Fit(float(found[2]), float(math.hypot(found[0], found[1])), float(np.std(volts - basis @ found)))


def step_of(sheet: Any, scale: float) -> float:
    """Return the step of the converter [V] at a scale [V/div]."""
    return scale * sheet.divisions / sheet.levels / max(getattr(sheet, "resolved", 1), 2 ** (sheet.resolution_bits - 8))


@pytest.mark.thin(16)
def test_noise_of_a_record_is_the_stated_one(open_scope: Open) -> None:
    """The rms value at the lowest scale, at 20 mV/div and at 0.5 V/div, of inputs that have 85 % to 115 % of it."""
    factors: list[float] = []
    for bench, inputs in units(open_scope):
        sheet, own = bench.sheet, dict[int, float]()
        for wanted in (sheet.min_scale, 20e-3, 0.5):
            bench.see(0.0, 2.2 * wanted)   # a sine, because the steps of some converters are coarser than the noise
            fits = bench.fits(inputs, wanted * sheet.divisions)
            stated, rounding = sheet.noise(bench.scale), step_of(sheet, bench.scale) / math.sqrt(12)
            for number, fit in fits.items():
                if wanted == sheet.min_scale:
                    assert stated > 2 * rounding
                    own[number] = math.sqrt(fit.rest**2 - rounding**2) / stated
                else:   # an input has the same share of it at each scale
                    assert fit.rest == pytest.approx(math.hypot(own[number] * stated, rounding), rel=0.08), wanted
        factors += own.values()
    assert min(factors) > 0.83 and max(factors) < 1.17 and np.mean(factors) == pytest.approx(1.0, abs=0.05)
    assert np.std(factors) == pytest.approx(0.3 / math.sqrt(12.0), rel=0.35)   # they are not all alike


def test_a_record_has_the_stated_steps_and_ends(open_scope: Open) -> None:
    """Neighbouring codes are one step of the converter apart; beyond the last code, a sample is marked as clipped."""
    bench = open_scope("V_sin in 0 SIN(0 0.3 1e5)\nR_in in 0 50\n")
    sheet = bench.sheet
    scale = bench.set_up(1.6, 20e-6)
    record = bench.forced()
    assert record.flags == Flag.NONE
    steps, stated = np.diff(np.unique(record.values())), step_of(sheet, scale)
    assert steps.min() == pytest.approx(stated, rel=0.01) and np.median(steps) == pytest.approx(stated, rel=0.01)
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
    return fitted(bench.forced(), frequency).amplitude


@pytest.mark.thin(3)
def test_the_bandwidth_is_3_db_down_where_stated(open_scope: Open) -> None:
    sheet = open_scope("V_dc in 0 0\n", imperfections=False).sheet
    for limited, frequency in ((False, sheet.bandwidth), (True, sheet.limited_bandwidth)):
        bench = open_scope(f"V_sin in 0 SIN(0 0.6 {frequency:g})\n", imperfections=False)
        assert amplitude(bench, frequency, bandwidth_limit=limited) == pytest.approx(0.6 / math.sqrt(2), rel=0.02)


def time_base_of(bench: ScopeBench) -> float:
    """Return the error of the time base relative to its accuracy, by the phase of a sine at both ends of a record."""
    bench.set_up(1.6, 50e-6)
    record = bench.forced()
    times, volts = record.times(), record.values()[0]
    ends = []
    for part in (slice(0, len(times) // 20), slice(-(len(times) // 20), None)):
        phase = 2 * math.pi * 1e7 * times[part]
        vector = np.mean(volts[part] * np.exp(-1j * phase))
        ends.append((math.atan2(vector.imag, vector.real), float(times[part].mean())))
    turn = (ends[1][0] - ends[0][0] + math.pi) % (2 * math.pi) - math.pi
    found: float = turn / (2 * math.pi * 1e7) / (ends[1][1] - ends[0][1]) / bench.sheet.timebase_accuracy
    return found


TEN_MEGAHERTZ = "V_sin in 0 SIN(0 0.6 1e7)\n"


@pytest.mark.thin(2)
def test_the_time_base_is_as_accurate_as_stated(open_scope: Open) -> None:
    found = [time_base_of(open_scope(TEN_MEGAHERTZ, errors=(part, 0.0))) * part for part in (1.0, -1.0)]
    require_stated({"time base": found}, {"time base": 1.0}, doubt=0.03)


@FAMILIES
@pytest.mark.soak   # how errors are drawn: test_drawn_errors.py
def test_the_time_base_differs_from_unit_to_unit(open_scope: Open) -> None:
    benches = [open_scope(TEN_MEGAHERTZ, seed=seed) for seed in range(1, 25)]
    slack = 0.05 + 2e-8 / benches[0].sheet.timebase_accuracy
    require_spread([time_base_of(bench) for bench in benches], UNIFORM, "time base", slack)


@pytest.mark.thin(4)
@pytest.mark.parametrize(
    "open_scope", ["keysight_dsox3054t", "tektronix_mso54", "rigol_ds4024", "lecroy_t3dso1104"], indirect=True)
def test_inputs_are_as_late_against_each_other_as_stated(open_scope: Open) -> None:
    """The phases of one sine in two channels of a record; one model of each kind of virtual oscilloscope."""
    errors = []
    for seed in range(1, 25):
        bench = open_scope("V_sin in 0 SIN(0 0.6 1e7)\n", seed=seed, inputs=2)
        bench.set_up(1.6, 20e-6)
        bench.scope.configure_channel(2, Vertical(1.6))
        bench.scope.configure_timebase(Timebase(20e-6, 0.0, 1))
        bench.forced()
        records = bench.scope.fetch([1, 2])
        turns = [np.mean(one.values()[0] * np.exp(-2j * math.pi * 1e7 * one.times())) for one in records.values()]
        late = float(np.angle(turns[0] / turns[1])) / (2 * math.pi * 1e7)
        errors.append(late / math.sqrt(2.0) / bench.sheet.channel_delay)
    require_spread(errors, NORMAL, "delay of an input", slack=0.1)


@pytest.mark.thin(16)
def test_the_trigger_jitters_as_stated(open_scope: Open) -> None:
    """When a steep sine passes the level scatters by the interpolator's jitter and by noise over slew rate.

    The sine is 3.75 times higher than the screen, so that the noise matters little. The samples on the screen give the
    time from the trigger to each passage. How much it scatters is known only roughly from so few triggers. So it is
    also measured with triggers that are drawn late, and early, by one standard deviation.
    """
    height = 3.0
    frequency = 0.47 * open_scope("V_dc in 0 0\n").sheet.bandwidth   # no multiple of it is the sample rate
    bench = open_scope(f"V_sin in 0 SIN(0 {height:g} {frequency:g})\n")
    scale = bench.set_up(1.6, 40.0 / frequency)
    sheet, turn = bench.sheet, 2 * math.pi * frequency
    seen = height * math.exp(-0.5 * math.log(2.0) * (frequency / sheet.bandwidth) ** 2)
    passages = 0

    def lateness() -> float:
        nonlocal passages
        record = bench.record(force=False)
        assert record is not None
        volts, times = record.values()[0], record.times()
        there = np.abs(volts) < 0.6
        times, passages = times[there], int(np.count_nonzero(there))
        late = (volts[there] - seen * np.sin(turn * times)) / (seen * turn * np.cos(turn * times))
        return float(np.mean(late))

    found = [lateness() for _ in range(40)]
    noise, slew = sheet.noise(scale), seen * turn
    stated = math.hypot(sheet.trigger_jitter, noise / slew)
    unsure = noise / slew / math.sqrt(passages)
    assert stated / math.sqrt(2.0) < np.std(found) < math.sqrt(2.0) * math.hypot(stated, unsure)
    means = []
    for deviations in (1.0, -1.0):
        bench.table.draw_triggers(deviations)
        means.append(np.mean([lateness() for _ in range(10)]))
    jitter = abs(means[0] - means[1]) / 2
    # the steps of the converter add a few tenths of a picosecond
    assert math.sqrt(max(jitter**2 - (noise / slew) ** 2, 0.0)) == pytest.approx(
        sheet.trigger_jitter, rel=0.07 if sheet.trigger_jitter > 2e-12 else 0.3, abs=0.0)


@pytest.mark.thin(4)
def test_a_signal_smaller_than_the_hysteresis_does_not_trigger(open_scope: Open) -> None:
    scale, hysteresis = 0.2, open_scope("V_dc in 0 0\n", imperfections=False).sheet.hysteresis
    for part, triggers in ((0.95, False), (1.05, True)):
        bench = open_scope(f"V_sin in 0 SIN(0 {part * hysteresis * scale:g} 1e6)\n", imperfections=False)
        bench.set_up(scale * bench.sheet.divisions, 4e-6)
        assert (bench.record(force=False, patience=20e-6) is not None) is triggers, part


def test_segments_are_as_close_as_the_rearm_time_lets_them(open_scope: Open) -> None:
    frequency = 20e6
    bench = open_scope(f"V_sin in 0 SIN(0 0.6 {frequency:g})\n", imperfections=False)
    assert (bench.sheet.max_segments > 1) is (bench.scope.capabilities.segments > 1)
    if bench.sheet.max_segments == 1:   # nothing is re-armed
        return
    bench.set_up(1.6, 2e-6, segments=4)
    record = bench.record(force=False, patience=1.0)
    assert record is not None
    gaps = np.diff(record.segment_times)
    least = record.dt * record.codes.shape[1] + bench.sheet.rearm_time
    assert np.all(gaps > 0.98 * least) and np.all(gaps < least + 1.1 / frequency + 0.03 * least)


def test_automatic_trigger_comes_after_the_stated_time(open_scope: Open) -> None:
    """Without an edge, from the moment at which the memory before the trigger is full."""
    bench = open_scope("V_dc in 0 0\nR_in in 0 50\n", imperfections=False)
    bench.set_up(1.6, 10e-6, trigger=0.5)
    control, stated = bench.table.virtual.control, bench.sheet.auto_timeout
    control.drop()
    control.arm([1], True)
    acquisition = control.acquisition
    full = acquisition.eligible
    bench.table.wait(3.0 * stated)
    record = acquisition.records[0]
    assert record.automatic and record.trigger - full == pytest.approx(stated, rel=1e-3)


# ---------------------------------------------------------------------------------------------- the input


@pytest.mark.thin(2)
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
