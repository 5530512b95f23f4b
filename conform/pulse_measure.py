"""The steps of one terminal of a pulse measure unit."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from tsbench.conform.dialogue import HIGHEST_LEVEL, DialogueStep, Wait, each, until
from tsbench.instruments import PulseMeasureCapabilities, Segment, SegmentTrain
from tsbench.instruments.driver import Driver


def pulse_measure(driver: Driver, unit: Any, wait: Wait, resistance: float | None) -> Iterator[DialogueStep]:
    """Yield the steps; without a resistor the output stays off, and the unit gets few messages."""
    caps: PulseMeasureCapabilities = unit.capabilities
    level = HIGHEST_LEVEL
    for row in caps.voltage_ranges:
        yield DialogueStep(f"range {row.high:g} V", partial(unit.configure_ranges, row.high, _current(caps, 0.0)))
    yield DialogueStep("output off", each(lambda: unit.set_output(False), driver.output_states))
    yield DialogueStep("made safe", each(driver.safe_state, driver.output_states))
    if resistance is None:
        return
    current = _current(caps, level / resistance)
    width = max(50e-6, 2.0 * next(
        row.least_width for row in caps.current_ranges if row.accuracy.full_scale == current))
    interval = max(width / 50.0, caps.sample_interval.low)
    edge = max(width / 10.0, caps.segment_duration.low)
    train = SegmentTrain(0.0, (
        Segment(level, edge, sampled=False), Segment(level, width), Segment(0.0, edge, sampled=False)), interval)

    def play() -> dict[str, float]:
        driver.reset()
        unit.configure_ranges(level, current)
        accepted = unit.configure_train(train)
        unit.set_output(True)
        unit.start()
        until(lambda: not unit.running(), wait)
        seen = unit.fetch()
        unit.set_output(False)
        driver.output_states()
        top = seen.time > edge + width / 2.0   # settled
        return {"samples": float(seen.time.size), "interval [s]": accepted.sample_interval,
                "mean voltage [V]": float(seen.voltage[top].mean()),
                "mean current [A]": float(seen.current[top].mean())}

    yield DialogueStep("pulse into the resistor", play)
    yield DialogueStep("made safe", each(driver.safe_state, driver.output_states))


def _current(caps: PulseMeasureCapabilities, least: float) -> float:
    """Return the smallest current range [A] that holds a current, the largest where none does."""
    scales = [row.accuracy.full_scale for row in caps.current_ranges]
    return next((full for full in scales if full >= least), scales[-1])
