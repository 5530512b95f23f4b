"""Plants other failures into the cases of the list of expected failures: is each told from the expected one?

A failure is planted in the virtual instrument when the driver has been opened. Each is one that a defect of the virtual
instrument could make. A planted failure that is taken for the expected one is hidden by the list.
"""

import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from benchmarks.acceptance.benches import TESTED, OpenBench
from benchmarks.acceptance.expected import Expected, compare
from benchmarks.acceptance.limits import limited
from benchmarks.acceptance.noting import noting_method
from benchmarks.acceptance.running import Row, check_driver, drivers

#: plants something; what it returns says later whether anything has come of it
Plant = Callable[[Any], Callable[[], bool]]


def error_more(instrument: Any) -> Callable[[], bool]:
    """Put one error more into the queue."""
    instrument.post_error(-310, text="System error; planted")
    return lambda: True


def other_number(instrument: Any) -> Callable[[], bool]:
    """Give the errors that come another number."""
    name, changed = noting_method(instrument.status), []
    post = getattr(instrument.status, name)

    def posted(error: Any) -> None:
        error.code += 1
        changed.append(error)
        post(error)

    setattr(instrument.status, name, posted)
    return lambda: bool(changed)


def reply_less(instrument: Any) -> Callable[[], bool]:
    """Swallow the next reply: the driver runs into its timeout behind another message."""
    answer, swallowed = instrument.exchange.answer, []

    def answered(reply: Any) -> None:
        if swallowed:
            answer(reply)
        swallowed.append(reply)

    instrument.exchange.answer = answered
    return lambda: bool(swallowed)


def other_value(instrument: Any) -> Callable[[], bool]:
    """Return other digits: 1 for 0, 2 for 1, ..., in each reply that has any and is short."""
    answer, changed = instrument.exchange.answer, []

    def answered(reply: Any) -> None:
        other = reply
        if isinstance(reply, bytes) and len(reply) < 200:
            other = re.sub(rb"\d", lambda digit: b"%d" % ((int(digit.group()) + 1) % 10), reply)
            changed.extend([other] if other != reply else [])
        answer(other)

    instrument.exchange.answer = answered
    return lambda: bool(changed)


PLANTS: dict[str, Plant] = {
    "one error more": error_more, "another number": other_number, "no reply": reply_less, "other digits": other_value,
}


class PlantResult(StrEnum):
    """What the list makes of a planted failure."""

    NOTICED = "noticed"   #: it is not taken for the expected failure
    HIDDEN = "HIDDEN"   #: it is taken for the expected failure
    NO_EFFECT = "-"   #: nothing came of it


@dataclass(frozen=True)
class Planted:
    """What one planted failure has shown."""

    entry: str
    plant: str
    result: PlantResult
    shown: str


def case_of(entry: Expected) -> str | None:
    """Return the first case of an entry into which a failure can be planted; None: it has none."""
    if entry.driver.startswith("suite.") or not entry.in_force:
        return None
    return next(filter(entry.names, drivers()[entry.driver].cases), None)


def plant_all(entries: Sequence[Expected]) -> Iterator[Planted]:
    """Plant each failure into the first case of each entry that has one, by the first of its transports."""
    for entry in entries:
        if (case := case_of(entry)) is not None:
            for name, plant in PLANTS.items():
                yield _planted(entry, case, name, plant)


def _planted(entry: Expected, case: str, name: str, plant: Plant) -> Planted:
    driver, transport = drivers()[entry.driver], entry.transports[0]
    came: list[Callable[[], bool]] = []

    def check(opened: Any, bench: OpenBench) -> None:
        came.append(bench.held(lambda: plant(bench.world.instruments[TESTED])))
        driver.cases[case](opened, bench)

    with warnings.catch_warnings(), limited(by_wire=transport != "in process"):
        warnings.simplefilter("ignore")
        outcomes = tuple(check_driver(replace(driver, cases={case: check}), driver.twins[0], transport))
    row = Row(entry.driver, entry.package, entry.version, transport, driver.twins[0], outcomes)
    hidden = bool(compare([row], [entry]).expected)
    found = PlantResult.HIDDEN if hidden else PlantResult.NOTICED
    result = found if came and came[0]() else PlantResult.NO_EFFECT
    return Planted(entry.id, name, result, " ".join(outcome.shown or "passed" for outcome in outcomes))
