"""A step is idle where every source is at zero or off: the runner may pause there for as long as it takes."""

from typing import Any

import pytest

from tsbench.protocols import protocol_named


def _at_zero(station: Any) -> bool:
    """Whether each source of a recording bench is at 0 V or off; a generator waits for triggers at its base."""
    pulse = getattr(station.generator, "pulse", None)
    resting = not station.generator.output or pulse is None or pulse.base == 0.0
    return resting and all(not source.output or source.level == 0.0 for source in (station.meter, station.bias))


@pytest.mark.parametrize(("name", "values", "idle"), [
    ("first_contact", {"levels": 5}, 2),   # before and after
    ("iv_sweep", {"step": 0.3, "cycles": 2, "check_oscillation": False}, 4),   # and after each cycle
    ("oscillation", {"record_span": 1e-5}, 5),   # and after each of three biases
    ("oscillation", {"record_span": 1e-5, "zero_between": False}, 2),
    ("pulse_train", {"count": 3, "probe": False}, None),
    ("paired_pulse", {"points": 2, "repeats": 1, "base": 0.0}, None),
    ("paired_pulse", {"points": 2, "repeats": 1, "base": 0.1}, 0),   # a base of 0.1 V stays until the end
    ("relaxation", {"repeats": 2, "base": 0.1}, 0),
    ("adaptive_threshold", {"budget": 8}, None),
    ("firing_probability", {"budget": 8, "base": 0.1}, 0),
    ("adaptive_refractory", {"budget": 8, "base": 0.1}, 0),
    ("oscillation_window", {"record_span": 1e-5, "budget": 4}, 6),   # and after each of four biases
    ("forming", {"step": 0.3, "compliance": (1e-6, 1e-3)}, 6),   # after each read and ramp, and at the end
    ("retention", {"repeats": 2, "points": 3, "rest": 0.0}, 2),
    ("retention", {"repeats": 2, "points": 3, "rest": 0.05}, 2),
    ("retention", {"repeats": 1, "points": 3, "rest": 1.0}, None),   # while the device rests
    ("telegraph_noise", {"samples": 100, "bias": (0.1,)}, 2),
    ("pulsed_iv", {"amplitude": (0.8, 1.0), "repeats": 2}, None),
    ("endurance", {"cycles": 4, "batch": 2}, None),
    ("ramp_rate_series", {"step": 0.3, "rate": (0.1, 0.2)}, 6),
    ("compliance_series", {"step": 0.3, "compliances": (1e-4, 1e-3)}, 6),
])
def test_a_pause_is_offered_at_zero_only(
    station: Any, recorder: Any, name: str, values: dict[str, Any], idle: int | None
) -> None:
    steps = []
    for step in protocol_named(name).parse(values).run(station, recorder):
        assert _at_zero(station) or not step.idle
        steps.append(step)
    found = sum(step.idle for step in steps)
    assert found > 1 if idle is None else found == idle
    assert steps[-1].done == steps[-1].total and [step.done for step in steps] == sorted(step.done for step in steps)
    assert steps[-1].idle or idle == 0
