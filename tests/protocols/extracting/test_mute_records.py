"""Whether a record tells anything, by its codes."""

from dataclasses import replace

import numpy as np
import pytest

from tests.fixtures.made_runs import pulses, run
from tsbench.protocols.extracting.mute_records import mute
from tsbench.protocols.extracting.pulse_records import record_flags
from tsbench.protocols.extracting.signals import device_records
from tsbench.records import Flag, Waveform
from tsbench.samples import TELLS_NOTHING


def wave(codes: np.ndarray, **more: float) -> Waveform:
    made = Waveform("1", "V", codes.astype(np.int8), 0.01, 0.0, -1e-6, 1e-9, np.zeros(len(codes)), -127, 127)
    return replace(made, **more)


def test_a_record_with_a_signal_tells_something() -> None:
    varied = np.tile(np.arange(-50, 50), (2, 1))
    assert mute([wave(varied)]) == (Flag.NONE, Flag.NONE)
    dark = np.zeros_like(varied)   # the current of an open device
    assert mute([wave(varied), wave(dark)]) == (Flag.NONE, Flag.NONE)


@pytest.mark.parametrize(("share", "why"), [(0.4, Flag.NONE), (0.5, Flag.NONE), (0.6, Flag.CLIPPED | TELLS_NOTHING)])
def test_more_than_half_of_a_channel_at_the_ends_of_its_range_tells_nothing(share: float, why: Flag) -> None:
    codes = np.tile(np.arange(-50, 50), (2, 1))
    codes[1, : round(100 * share)] = np.where(np.arange(round(100 * share)) % 2, 127, -127)   # at both ends together
    assert mute([wave(codes)]) == (Flag.NONE, why)


def test_equal_codes_few_samples_and_codes_without_a_scale_tell_nothing() -> None:
    codes = np.tile(np.arange(-50, 50), (2, 1))
    flat = np.vstack([np.full(100, 7), np.arange(100)])
    assert mute([wave(flat), wave(flat)]) == (TELLS_NOTHING, Flag.NONE)
    assert mute([wave(codes[:, :15])]) == (Flag.UNDER_SAMPLED | TELLS_NOTHING,) * 2
    assert mute([wave(codes[:, :16])]) == (Flag.NONE, Flag.NONE)
    assert mute([wave(codes, scale=float("nan"))]) == (Flag.OVERFLOW | TELLS_NOTHING,) * 2


def test_an_amplifier_that_saturates_tells_nothing() -> None:
    codes = np.tile(np.arange(-50, 50), (2, 1))
    assert mute([wave(codes)], codes > 20) == (Flag.NONE, Flag.NONE)
    assert mute([wave(codes)], codes > -20) == (Flag.CLIPPED | TELLS_NOTHING,) * 2


def test_records_carry_it_segment_by_segment() -> None:
    high, low = pulses()
    high.codes[1], low.codes[1] = high.codes[1, 0], low.codes[1, 0]
    (record,) = device_records(run("pulse_train", ("index",), waveforms=[high, low]))
    assert [TELLS_NOTHING in record_flags(record, k) for k in range(3)] == [False, True, False]
