"""No protocol sends a trigger while the generator still plays what the trigger before began: it would be ignored."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest

from tsbench.protocols import protocol_named

PERIODS_AND_REST = {"gaps": "0.5 s, 0.8 s", "repeats": 2, "width": "1 ms", "rest": "0 s"}
RUNS: list[tuple[str, Mapping[str, Any]]] = [
    ("paired_pulse", PERIODS_AND_REST),
    ("relaxation", {"repeats": 3, "rest": "0 s"}),
    ("pulse_train", {"count": 2, "width": "1 ms", "period": "0.5 s", "repeats": 3}),
    ("pulsed_iv", {}),
    ("neuron", {}),
    ("firing_probability", {"rest": "0 s"}),
    ("endurance", {"cycles": 3, "batch": 1}),
    ("stimulus", {"shape": "sine", "period": "0.5 s", "repeats": 3, "rest": "0 s"}),
    ("integrate_and_fire", {}),
    ("adaptive_threshold", {"rest": "0 s"}),
    ("adaptive_refractory", {"rest": "0 s"}),
]


def busy_until(station: Any, role: str) -> list[tuple[float, float]]:
    """Return (time of a trigger, when what it begins is over) of a station whose triggers are noted from now on."""
    generator, played = station.pulse_generator(role), []
    trigger = generator.trigger

    def note() -> None:
        calls = [call for call in generator.calls if call[0] in ("configure_pulse", "load_waveform")]
        name, shape = calls[-1]
        period = shape.period if name == "configure_pulse" else len(shape.levels) / shape.sample_rate
        now = station.clock.now()
        played.append((now, now + generator.named("configure_burst")[-1] * period))
        trigger()

    generator.trigger = note
    return played


@pytest.mark.parametrize(("name", "values"), RUNS, ids=[name for name, _ in RUNS])
def test_the_generator_takes_every_trigger(station: Any, recorder: Any, name: str, values: Mapping[str, Any]) -> None:
    played = busy_until(station, "bias" if name in ("stimulus", "neuron") else "pulser")
    list(protocol_named(name).parse(**values).run(station, recorder))
    assert len(played) > 1
    early = [(sooner, later[0]) for sooner, later in pairwise(played) if later[0] < sooner[1]]
    assert not early


def test_the_plan_of_pairs_counts_the_last_gap(station: Any) -> None:
    """A generator is free a whole period after the second pulse began: a rest shorter than the gap is not kept."""
    settings = protocol_named("paired_pulse").parse(**PERIODS_AND_REST)
    assert settings.plan(station).duration == pytest.approx(2 * (2 * 0.501 + 2 * 0.801))
