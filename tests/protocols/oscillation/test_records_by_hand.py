"""What an oscillation run sends, step by step: levels, lengths of its records, ranges, and what a record leaves."""

import numpy as np
import pytest

from tests.fixtures import made_runs
from tests.fixtures.made_runs import run, waveform
from tsbench.analysis.oscillation.spikes import spike_times
from tsbench.protocols import Oscillation
from tsbench.protocols.oscillation.extraction import oscillation_records
from tsbench.records import Flag, Waveform


def spans(station):
    return [(timebase.span, timebase.points) for timebase in station.scope.named("configure_timebase")]


def ranges(station, channel):
    """Return (range, offset) [V] of a scope channel, in order."""
    return [(v.range, v.offset) for number, v in station.scope.named("configure_channel") if number == channel]


def sine(period):
    return lambda channel, times: 0.5 * (1.0 + np.sin(2 * np.pi * times / period))


@pytest.mark.parametrize("zero", [True, False])
def test_every_step_says_how_far_it_is_and_where_the_bias_stands(station, recorder, zero):
    run = Oscillation(bias=(1.0, 2.0), settle=0.25, record_span=1e-5, zero_between=zero)
    steps = [(s.done, s.total, s.message, s.idle) for s in run.run(station, recorder)]
    assert steps == [
        (0, 2, "output on at 0", True),
        (0, 2, "bias 1 V", False), (0, 2, "bias 1 V", False), (1, 2, "bias 1 V", zero),
        (1, 2, "bias 2 V", False), (1, 2, "bias 2 V", False), (2, 2, "bias 2 V", zero),
        (2, 2, "output off", True)]
    assert [point.values for point in recorder.points] == [
        pytest.approx((0.0, 0.25, 1.0, 1e-5)), pytest.approx((1.0, 0.5, 2.0, 1e-5))]


def test_a_device_at_rest_is_looked_at_longer_and_longer(station, recorder):
    """Up to 7.5 of the longest periods; the second look has the ranges that the first one found."""
    list(Oscillation(bias=(1.0,), longest_period=1e-3).run(station, recorder))
    assert spans(station) == [
        (20e-6, 10_000), (20e-6, 10_000), (pytest.approx(400e-6), 10_000), (pytest.approx(7.5e-3), 10_000),
        (pytest.approx(7.5e-3), None)]


def test_a_record_has_one_period_more_than_asked_for_and_a_hundred_samples_in_each(new_station, new_recorder):
    for periods, expected in ((10, 11), (100_000, 20_000)):   # the scope holds 2 million samples
        station = new_station()
        station.scope.signal = sine(1e-6)
        list(Oscillation(bias=(1.0,), periods=periods).run(station, new_recorder()))
        assert spans(station)[:-1] == [(20e-6, 10_000), (20e-6, 10_000)]
        assert spans(station)[-1] == (pytest.approx(expected * 1e-6, rel=0.01), None)


@pytest.mark.parametrize(("bias", "middle"), [(2.0, 1.1), (-2.0, -1.1), (0.5, 0.275)])
def test_the_first_look_has_room_for_all_that_the_bias_can_drive(station, recorder, bias, middle):
    """A tenth more than the bias, on 80 % of the screen."""
    list(Oscillation(bias=(bias,), record_span=1e-5).run(station, recorder))
    for channel in (1, 2):
        assert ranges(station, channel)[0] == pytest.approx((2 * abs(middle) / 0.8, middle))
        assert ranges(station, channel)[1][0] < 0.1 * ranges(station, channel)[0][0]   # the device is quiet


def test_a_record_that_is_clipped_is_taken_again_with_wider_ranges(station, recorder):
    high = sine(1e-6)
    station.scope.signal = lambda channel, times: high(channel, times) * (
        1.0 if station.scope.timebase.points is None else 0.1)
    list(Oscillation(bias=(2.0,), record_span=1e-5).run(station, recorder))
    assert spans(station) == [(1e-5, 10_000), (1e-5, None), (1e-5, None)]
    assert any("clipped the record at 2.000 V" in text for text in recorder.texts("log"))
    assert ranges(station, 1)[2] == ranges(station, 1)[0] == pytest.approx((2.2 / 0.8, 1.1))
    assert recorder.points[0].flags == Flag.NONE
    assert [wave.flags for wave in recorder.waveforms] == [Flag.NONE] * 2


def test_a_record_that_is_clipped_in_the_widest_ranges_is_kept_and_flagged(station, recorder):
    station.scope.signal = lambda channel, times: np.full_like(times, 9.0)
    list(Oscillation(bias=(2.0,), record_span=1e-5).run(station, recorder))
    assert spans(station) == [(1e-5, 10_000), (1e-5, None)]
    assert recorder.points[0].flags == Flag.CLIPPED and not any("clipped" in t for t in recorder.texts("log"))
    assert [wave.flags for wave in recorder.waveforms] == [Flag.CLIPPED] * 2


def test_a_bias_without_a_record_is_a_row_of_no_length(station, recorder):
    station.scope.complete = lambda: False
    list(Oscillation(bias=(1.0, 2.0), settle=0.0).run(station, recorder))
    assert [(point.values[0], *point.values[2:]) for point in recorder.points] == [(0.0, 1.0, 0.0), (1.0, 2.0, 0.0)]
    assert recorder.points[0].values[1] == pytest.approx(1.25, abs=0.1)   # [s] the scope is waited for


def test_noise_that_is_smooth_from_sample_to_sample_is_no_oscillation():
    """At 5 GS/s behind 500 MHz, neighbouring samples are alike: second differences see less than half of the noise."""
    white = np.random.default_rng(4).normal(0, 2.0, 300_008)
    codes = np.round(np.convolve(white, np.exp(-np.arange(9) / 2.5), mode="valid"))[None, :].astype(np.int8)
    run = made_runs.run("oscillation", ("bias",), waveforms=[Waveform(
        "device_voltage_high", "V", codes, 1e-3, 0.9, 0.0, 2e-10, np.zeros(1), -127, 127, conditions={"bias": 2.0})])
    (record, spikes, found), = oscillation_records(run)
    assert spike_times(record.times, record.voltage[0], record.voltage_resolution).times.size > 3
    assert found.frequency is None and spikes.times.size == 0 and found.regime == "quiet"
    assert Flag.AMBIGUOUS in found.flags and Flag.NO_EVENT in found.flags


def test_a_long_record_has_the_spikes_of_all_its_samples(monkeypatch):
    """Read part by part, from the codes: the same frequency as from the whole, and the energy of the first part."""
    from tsbench.protocols.extracting import long_records
    from tsbench.protocols.extracting.options import ExtractionOptions
    from tsbench.protocols.oscillation.extraction import oscillation_results

    random = np.random.default_rng(1)
    time = 1e-8 * np.arange(400_000)
    shape = 0.5 + 0.3 * np.sin(2e6 * np.pi * time) ** 9 + 2e-3 * random.standard_normal(time.size)
    waves = [waveform("device_voltage_high", shape, 2.0, 1e-8, {"bias": 2.0}),
             waveform("device_voltage_low", 0.2 * (1.0 - shape), 2.0, 1e-8, {"bias": 2.0})]
    measured = run("oscillation", ("index",), waveforms=waves)
    whole = oscillation_results(measured, ExtractionOptions())
    monkeypatch.setattr(long_records, "LONG", 100_000)
    parts = oscillation_results(measured, ExtractionOptions())
    assert [one.quantity for one in whole] == [one.quantity for one in parts]
    first, second = ({one.quantity: one.value for one in found} for found in (whole, parts))
    assert second["frequency"] == pytest.approx(first["frequency"], rel=1e-7)
    assert second["spike_energy"] == pytest.approx(first["spike_energy"], rel=0.02)
    ((record, spikes, _),) = oscillation_records(measured)
    assert record.times.size == 100_000 and spikes.times[-1] > 3.9e-3


@pytest.mark.parametrize("noise", [False, True])
def test_a_long_record_whose_first_part_has_few_spikes_is_judged_by_all_of_it(monkeypatch, noise):
    """Irregular spikes, of which the first part has one or none, are an oscillation; noise with memory is none."""
    from scipy.signal import lfilter

    from tsbench.protocols.extracting import long_records

    random, size = np.random.default_rng(7), 3_000_000
    if noise:
        shape = random.standard_normal(size)
        for _ in range(2):   # two poles: smooth from sample to sample
            shape = lfilter([1.0], [1.0, -np.exp(-1 / 3000)], shape)
        shape = 0.5 + 0.1 * shape / shape.std()
    else:
        shape = 0.9 + 2e-3 * random.standard_normal(size)
        for start in np.cumsum(random.exponential(1.2e5, 20)).astype(int) + 150_000:
            end = min(start + int(random.uniform(2e3, 3e4)), size)
            shape[start:end] = 0.2 + 0.7 * (1.0 - np.exp(-np.arange(max(end - start, 0)) / 1e4))
    wave = waveform("device_voltage_high", shape[:size], 2.0, 1e-8, {"bias": 2.0})
    monkeypatch.setattr(long_records, "LONG", 100_000)
    ((_, spikes, found),) = oscillation_records(run("oscillation", ("index",), waveforms=[wave]))
    if noise:
        assert found.frequency is None and spikes.times.size == 0 and Flag.AMBIGUOUS in found.flags
    else:
        assert found.frequency is not None and spikes.times.size >= 10 and Flag.AMBIGUOUS not in found.flags
