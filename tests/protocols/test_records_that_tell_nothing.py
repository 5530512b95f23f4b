"""Records that tell nothing of the device give no exception, no NaN and no number without a flag, in any protocol."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.fixtures.bad_records import BAD_POINTS, BAD_RECORDS
from tests.fixtures.made_runs import header
from tests.protocols.test_runs_that_ended_early import results
from tsbench.protocols import protocol_named
from tsbench.records import Run

CASES: dict[str, dict[str, Any]] = {
    "pulse_train": {"amplitude": "1.2 V, 1.4 V", "count": 3, "probe": False},
    "relaxation": {"repeats": 2},
    "paired_pulse": {"points": 4, "repeats": 2},
    "pulsed_iv": {"amplitude": "0.8 V, 1.2 V", "repeats": 2},
    "endurance": {"cycles": 4, "batch": 2},
    "integrate_and_fire": {"amplitude": "1 V, 2 V", "widths": "10 us", "periods": "15 us, 50 us", "count": 3,
                           "repeats": 2, "rest": "1 ms"},
    "adaptive_threshold": {"budget": 8},
    "adaptive_refractory": {"budget": 8},
    "firing_probability": {"budget": 8},
    "neuron": {"amplitude": "1 V, 2 V, 3 V", "repeats": 2, "gaps": "1 us, 10 us", "pairs": 2, "samples": 2000},
    "stimulus": {"repeats": 2, "samples": 2000},
    "oscillation": {"record_span": 4e-5, "points": 5, "start": 1, "stop": 3},
    "oscillation_window": {"record_span": 4e-5, "budget": 4},
    "iv_sweep": {"step": 0.1, "cycles": 2, "check_oscillation": False},
    "telegraph_noise": {"samples": 120, "bias": (0.1,)},
    "first_contact": {"levels": 5},
}
#: numbers of a run whose records tell nothing that are known all the same: from the readings of a source meter
KNOWN = {"first_contact": {"resistance"}}
_MADE: dict[str, Run] = {}


def made(name: str, station: Any, recorder: Any) -> Run:
    """Return a run of a device that switches in each pulse, and spikes under each level; one for all tests."""
    if name in _MADE:
        return _MADE[name]

    def signal(channel: int, time: np.ndarray) -> np.ndarray:
        pulse = getattr(station.generator, "pulse", None)
        if pulse is not None and pulse.width:
            on, late = ((time >= part * pulse.width) & (time < pulse.width) for part in (0.0, 0.3))
            current = 1e-5 * on + 1e-3 * late
            return 50.0 * current if channel == 2 else pulse.base + pulse.amplitude * on - 0.1 * late
        phase = (time - time[0]) / (time[-1] - time[0]) * 30.0 % 1.0
        voltage = np.where(phase < 0.9, 0.5 + 0.5 * phase / 0.9, 1.0 - 0.5 * (phase - 0.9) / 0.1)
        current = 1e-4 + 1e-3 * np.exp(-(((phase - 0.95) / 0.02) ** 2))
        return 50.0 * current if channel == 2 else voltage + 50.0 * current

    station.scope.signal = signal
    protocol = protocol_named(name).parse(CASES[name])
    list(protocol.run(station, recorder))
    facts = header(name, tuple(column.name for column in protocol.table()), protocol.parameters())
    _MADE[name] = Run(replace(facts, fixture=station.fixture), np.array([point.values for point in recorder.points]),
                      np.array([int(point.flags) for point in recorder.points], np.uint32),
                      tuple(recorder.waveforms), tuple(recorder.events), "success")
    return _MADE[name]


@pytest.mark.thin(3)
@pytest.mark.parametrize("what", BAD_RECORDS)
@pytest.mark.parametrize("name", CASES)
def test_records_that_tell_nothing_give_no_number_without_a_flag(
    name: str, what: str, station: Any, recorder: Any,
) -> None:
    run = BAD_RECORDS[what](made(name, station, recorder))
    if not made(name, station, recorder).waveforms and len(run.points):
        return   # readings of a source meter are no records
    found = results(run)
    assert found, "a run that tells nothing must say so"
    known = KNOWN.get(name, set())
    assert [row for row in found if row.value is not None and not row.flags and row.quantity not in known] == []


@pytest.mark.thin(9)
@pytest.mark.parametrize("what", BAD_POINTS)
@pytest.mark.parametrize("name", CASES)
def test_points_that_are_no_numbers_give_no_error(name: str, what: str, station: Any, recorder: Any) -> None:
    assert results(BAD_POINTS[what](made(name, station, recorder)))


def test_the_good_runs_give_numbers(station: Any, recorder: Any) -> None:
    """Else the tests above would hold of an extraction that never gives one."""
    for name in ("pulsed_iv", "integrate_and_fire", "relaxation", "neuron", "stimulus", "oscillation"):
        fresh = type(station)(), type(recorder)()
        assert any(row.value is not None and not row.flags for row in results(made(name, *fresh))), name
