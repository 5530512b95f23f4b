"""How waveforms of sources are written down for compiled code, and which of them contradict themselves."""

import math
from dataclasses import replace

import numpy as np
import pytest

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.circuit import waveforms
from tsbench.simulated_backends.circuit.engine import Constant, PiecewiseLinear, PulseWaveform, Sine

PULSE = PulseWaveform(-1.0, 2.0, 10.0, 1e-6, 3e-6, 10e-6, 50e-6, 4)


def line(times: list[float], values: list[float], period: float = math.inf) -> PiecewiseLinear:
    return PiecewiseLinear(np.array(times), np.array(values), period)


def test_each_kind_of_waveform_is_written_down_in_time_from_the_base() -> None:
    points, repeated = line([10.5, 11.0], [1.0, 2.0]), line([12.0, 13.0, 14.0], [3.0, 4.0, 5.0], 2.0)
    sine = Sine(0.5, 2.0, 50.0, 11.0, 0.25, 3)
    found = waveforms.encode_sources([Constant(7.0), PULSE, points, repeated, sine, replace(sine, frequency=0.0)], 10.0)
    assert found.kinds.tolist() == [
        0, waveforms.PULSE_TRAIN, waveforms.PIECEWISE_LINEAR, waveforms.PIECEWISE_LINEAR, waveforms.SINE,
        waveforms.SINE]
    assert found.parameters[0, waveforms.VALUE] == 7.0
    # from the start: the top from 1 us on, the fall begins at 9 us and ends at 12 us
    assert found.parameters[1, :8] == pytest.approx([-1.0, 2.0, 0.0, 1e-6, 9e-6, 12e-6, 50e-6, 4.0])
    assert found.parameters[2, :4] == pytest.approx([0, 2, 0.0, 0.5])
    assert found.parameters[3, :4] == pytest.approx([2, 3, 2.0, 2.0])
    assert found.parameters[4, :7] == pytest.approx([0.5, 2.0, 100 * math.pi, 1.0, 0.25, 3.0, 0.02])
    assert found.parameters[5, 6] == 0.0
    assert found.table_times.tolist() == [0.5, 1.0, 2.0, 3.0, 4.0]
    assert found.table_values.tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert found.base == 10.0
    assert found.shortest_sine == pytest.approx(0.02)
    none = waveforms.encode_sources([Constant(1.0)], 0.0)
    assert none.shortest_sine == math.inf
    assert none.table_times.size == none.table_values.size == 0


@pytest.mark.parametrize(("waveform", "said"), [
    (line([], []), "the times must rise strictly"), (line([1.0], [1.0, 2.0]), "the times must rise strictly"),
    (line([1.0, 1.0], [0.0, 1.0]), "the times must rise strictly"), (line([2.0, 1.0], [0.0, 1.0]), "times must rise"),
    (line([0.0, 1.0, 0.5], [0.0, 1.0, 2.0]), "times must rise"),
    (line([0.0, 2.0], [0.0, 1.0], 1.9), "the points span 2 s, so they cannot repeat with a period of 1.9 s"),
    (replace(PULSE, width=1.9e-6), "is shorter than its edges"), (replace(PULSE, rise=-1e-9), "is shorter than"),
    (replace(PULSE, fall=-1e-9), "is shorter than"), (replace(PULSE, period=11e-6), "is longer than its period"),
    (replace(PULSE, period=math.inf), "is longer than its period"), (Constant(math.nan), "is not finite"),
    (replace(PULSE, top=math.inf), "is not finite"), ("noise", "source waveform str is not supported"),
])
def test_a_waveform_that_contradicts_itself_is_refused(waveform: object, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        waveforms.encode_sources([waveform], 0.0)  # type: ignore[list-item]


def test_what_just_fits_is_taken() -> None:
    for waveform in (
        line([1.0], [5.0]), line([0.0, 2.0], [0.0, 1.0], 2.0), replace(PULSE, width=2e-6),
        replace(PULSE, period=12e-6), replace(PULSE, period=math.inf, count=1), replace(PULSE, rise=0.0, fall=0.0),
    ):
        waveforms.encode_sources([waveform], 0.0)
    single = waveforms.encode_sources([replace(PULSE, period=math.inf, count=1)], 0.0).parameters[0]
    assert single[6] == pytest.approx(12e-6)   # no other comes before it has ended
