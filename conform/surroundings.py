"""The steps of the instruments around the device: switch matrix, prober, temperature controller, decade box.

No relay of a matrix closes, no chuck moves and no heater goes on.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from tsbench.conform.dialogue import DialogueStep, Wait, each
from tsbench.instruments.driver import Driver

_WITHIN = 100.0  #: lowest and highest value of a decade box that are set, to the ends of its range


def switch_matrix(driver: Driver, matrix: Any, wait: Wait, resistance: float | None) -> Iterator[DialogueStep]:
    """Yield the steps of a switch matrix. Which terminals a crosspoint connects is not known: none is closed."""
    yield DialogueStep("open all", matrix.open_all)
    yield DialogueStep("closed crosspoints", matrix.closed)
    yield DialogueStep("made safe", each(driver.safe_state, matrix.closed))


def prober(driver: Driver, station: Any, wait: Wait, resistance: float | None) -> Iterator[DialogueStep]:
    """Yield the steps of a prober: questions only. Where the chuck is depends on the lab."""
    yield DialogueStep("site", station.site, free=True)
    yield DialogueStep("contact", station.in_contact, free=True)
    yield DialogueStep("made safe", driver.safe_state)


def temperature_controller(driver: Driver, loop: Any, wait: Wait, resistance: float | None) -> Iterator[DialogueStep]:
    """Yield the steps of a temperature controller. The temperature depends on the lab."""
    yield DialogueStep("heater off", loop.heater_off)
    yield DialogueStep("temperature", each(loop.temperature, loop.temperature), free=True)
    yield DialogueStep("heater output", loop.heater)
    yield DialogueStep("made safe", each(driver.safe_state, driver.output_states))


def decade_box(driver: Driver, box: Any, wait: Wait, resistance: float | None) -> Iterator[DialogueStep]:
    """Yield the steps of a decade box: it drives nothing, and all outputs are off."""
    low, high = box.bounds.low * _WITHIN, box.bounds.high / _WITHIN
    for value in (low, (low * high) ** 0.5, high, box.bounds.high):
        yield DialogueStep(f"value {value:.3g} {box.bounds.unit}", partial(box.set_value, float(f"{value:.3g}")))
    yield DialogueStep("read back", box.value)
    yield DialogueStep("made safe", each(driver.safe_state, box.value))
