"""How pulses lie in time, and how records and waveforms hold them: numbers by hand."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tsbench.instruments import Pulse
from tsbench.protocols import PairedPulse, PulseTrain, Relaxation
from tsbench.protocols.pulses.delivery import delivery, train_waveform
from tsbench.protocols.pulses.layout import pair_layout, pulse_preview, pulse_trigger, tail_layout

PAIR = PairedPulse(width=1e-3)   # edges of 1 us: records begin 0.2 ms before, a pulse takes 1.702 ms with both leads


def scope(record_length: int) -> Any:
    return SimpleNamespace(record_length=record_length, segments=1000, longest_record=1e3)


def test_one_record_holds_both_pulses_where_the_scope_has_room() -> None:
    """A gap of 2 ms: 1.702 ms + 1 ms + 2 ms in steps of 2 us."""
    found = pair_layout(PAIR, 2e-3, 500, scope(2352))
    assert (found.span, found.lead, found.segments, found.refusal) == (pytest.approx(4.702e-3), 2e-4, 1, "")
    assert 2351 <= found.points <= 2352
    assert pair_layout(PAIR, 2e-3, 20, scope(2352)).points == 1000   # at least
    split = pair_layout(PAIR, 2e-3, 500, scope(2350))
    assert (split.span, split.points, split.segments) == (pytest.approx(1.702e-3), 1000, 2)
    assert pair_layout(PAIR, 2e-3, 5000, scope(9000)).points in (8510, 8511)
    # a scope with more room than a file should have
    assert pair_layout(PAIR, 3.0, 500, scope(4_000_000)).segments == 2
    assert pair_layout(PAIR, 1.9, 500, scope(4_000_000)).segments == 1


def test_pulses_too_near_for_two_records_are_refused() -> None:
    """The scope needs 5 % more than a record of 1.702 ms between them: 1.787 ms, of which the pulse has 1 ms."""
    near, far = (pair_layout(PAIR, gap, 5000, scope(2000)) for gap in (0.78e-3, 0.79e-3))
    assert far.segments == 2 and far.refusal == ""
    assert all(number in near.refusal for number in ("5000", "17410", "2000")) and near.points == 2000


def test_the_record_of_a_relaxation_has_twenty_samples_in_its_pulse() -> None:
    """0.2 ms, 1 ms and 2 us before the window: 1.202 ms in all."""
    pulse = Relaxation(width=1e-3)
    found = tail_layout(pulse, 48.7e-3, 1000, scope(1000))
    assert (found.span, found.lead, found.points, found.refusal) == (pytest.approx(49.902e-3), 2e-4, 1000, "")
    assert "fewer than 20" in tail_layout(pulse, 48.9e-3, 1000, scope(1000)).refusal
    assert "999 samples" in tail_layout(pulse, 1e-3, 1000, scope(999)).refusal


def test_the_corners_of_the_highest_pulses() -> None:
    """Edges of 8 and 16 ns from 10 to 90 % take 10 and 20 ns."""
    train = PulseTrain(amplitude=(1.0, -2.0), base=0.5, width=1e-6, rise_time=8e-9, fall_time=16e-9)
    times, levels = pulse_preview(train, [0.0, 5e-6])
    assert times == pytest.approx([-5e-9, 5e-9, 990e-9, 1010e-9, 4995e-9, 5005e-9, 5990e-9, 6010e-9])
    assert levels.tolist() == [0.5, -1.5, -1.5, 0.5] * 2


@pytest.mark.parametrize(("trigger", "amplitude", "expected"), [
    ("device", 2.0, (3, 1.5, "positive")), ("device", -2.0, (3, -0.5, "negative")),
    ("external", 2.0, ("external", 0.7, "positive")),
])
def test_the_trigger_is_half_way_up_the_pulse(trigger: Any, amplitude: float, expected: tuple[Any, ...]) -> None:
    view: Any = SimpleNamespace(trigger_channel=3)
    told = pulse_trigger(PulseTrain(base=0.5, trigger=trigger, external_level=0.7), amplitude, view)
    assert (told.source, told.level, told.slope) == expected


def generator(points: float = 1e6, low: float = 1.0, high: float = 1e9) -> Any:
    return SimpleNamespace(
        arbitrary_points=SimpleNamespace(high=points), sample_rate=SimpleNamespace(low=low, high=high))


PULSE = Pulse(0.5, 2.0, 1e-6, 3e-6, 10e-9, 20e-9)   # at base for 40 ns before and after
STARTS, GAPS = np.array([0.0, 3e-6]), (2e-6,)   # 4.08 us in all


def test_pulses_with_gaps_are_a_waveform_where_it_resolves_the_edges() -> None:
    assert delivery(PULSE, STARTS, (), generator()).means == "burst"
    found = delivery(PULSE, STARTS, GAPS, generator())
    assert (found.means, found.sample_rate, found.refusal) == ("waveform", pytest.approx(4e8), "")   # 4 in an edge
    assert delivery(PULSE, STARTS, GAPS, generator(high=1e8)).sample_rate == 1e8   # one is enough
    assert delivery(PULSE, STARTS, GAPS, generator(points=409)).sample_rate == pytest.approx(409 / 4.08e-6)
    assert delivery(PULSE, STARTS, GAPS, generator(low=4e8)).means == "waveform"
    for cannot in (generator(high=0.99e8), generator(points=407), generator(low=4.1e8)):
        found = delivery(PULSE, STARTS, GAPS, cannot)
        assert found.means == "clock" and "408" in found.refusal
        assert delivery(PULSE, STARTS, (0.01, 5.0), cannot).refusal == ""   # the bench's clock is good enough
        assert delivery(PULSE, STARTS, (0.0099, 5.0), cannot).refusal != ""


def test_the_waveform_of_a_train_begins_and_ends_at_the_base() -> None:
    wave = train_waveform(PULSE, STARTS, 1e9)
    times = np.arange(wave.levels.size) / 1e9
    # the first rises through the middle after 40 ns; the last falls through it at 4.04 us, is over 12.5 ns later, and
    # 40 ns at base follow
    assert (wave.sample_rate, wave.interpolation) == (1e9, "linear") and wave.levels.size == pytest.approx(4094, abs=1)
    for when, level in ((0, 0.5), (33e-9, 0.5), (40e-9, 1.5), (47e-9, 2.5), (1.02e-6, 2.5), (1.04e-6, 1.5),
                        (1.06e-6, 0.5), (3.04e-6, 1.5), (3.5e-6, 2.5), (4.04e-6, 1.5), (4.09e-6, 0.5)):
        assert np.interp(when, times, wave.levels) == pytest.approx(level, abs=0.05), when
