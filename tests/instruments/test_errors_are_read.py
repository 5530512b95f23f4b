"""Every driver reads the errors of what it sends: an error after any message is told by the step that sent it.

The steps of each driver run on its twin once for each message that asks nothing. Behind that message comes one that is
wrong on purpose. Then the step must raise an error.
"""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.pairs.cells import SOURCE_METER
from tests.fixtures.driver_steps import one_of_each_driver, steps
from tsbench.errors import InstrumentError, TsbenchError
from tsbench.instruments.registry import DRIVERS as DECLARED
from tsbench.station.bench.bench import Bench

DRIVERS = one_of_each_driver()
#: these have no error queue: each setting is read back (``test_replies_that_differ.py``)
WITHOUT_QUEUE = {name for name in DRIVERS if not DECLARED.things()[name].load().language.error_question}
#: wrong in the languages that name none themselves
#: these begin what is waited for, or are lines of a program that is run later: the errors are read at its end
LATER = re.compile(r":INIT|:SING|:RUNS$|ARM$|DO 1$|BC$|XE$|MD$|ME1$|ST 1$|\S+ .*;XE$")
#: the step asks for a reading, which does not come where a message was wrong
READING = {"reading"}
WRONG = {"FLEX": "ZZ 1", "KXCI": "ZZ 1"}


class Wrong:
    """Stands before the transport, counts the messages that ask nothing, and sends a wrong one behind one of them."""

    def __init__(self, transport: Any, wrong: str) -> None:
        self.sent: list[str] = []
        self.at = -1
        self._wrong, self._transport = wrong, transport
        self._write, self._write_bytes = transport.write, transport.write_bytes
        transport.write, transport.write_bytes = self.write, self.write_bytes

    def begin(self, at: int = -1) -> None:
        """Count from the first message again."""
        self.sent, self.at = [], at

    def write(self, message: str) -> None:
        """Send a message."""
        self._write(message)
        if "?" not in message and "print" not in message and ":GET" not in message:
            self._after(message)

    def write_bytes(self, content: bytes) -> None:
        """Send a message of bytes."""
        self._write_bytes(content)
        self._after(str(content[:20]))

    def _after(self, message: str) -> None:
        self.sent.append(message)
        if len(self.sent) - 1 == self.at:
            self._write(self._wrong)


@pytest.fixture
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Bench, str, str]]:
    run, terminal, kind = DRIVERS[request.param]
    with Bench.open(run.lay(tmp_path), "D1") as bench:
        yield bench, terminal, kind


@pytest.mark.thin(6)
@pytest.mark.parametrize("opened", sorted(set(DRIVERS) - WITHOUT_QUEUE), indirect=True)
def test_an_error_after_any_message_is_told(opened: tuple[Bench, str, str]) -> None:
    bench, terminal, kind = opened
    connection = bench.instruments.connections[terminal.partition(".")[0]]
    one: Any = bench.instruments.driver_of(terminal)
    language = connection.driver.language
    wrong = Wrong(connection.transport, language.trials[0] if language.trials else WRONG[language.name])
    missed = []
    for name, act in steps(kind, one, bench.clock.wait):
        act()
        number = 0
        while True:
            wrong.begin(number)
            try:
                act()
            except TsbenchError:
                told = True
            else:
                told = False
            sent = wrong.sent
            wrong.begin()
            if kind == SOURCE_METER:
                with contextlib.suppress(TsbenchError):
                    one.abort()
            connection.driver.clear()
            if len(sent) <= number:
                break
            if not told and not LATER.match(sent[number]) and name not in READING:
                missed.append(f"{name}: {sent[number]}")
            number += 1
        act()
    assert not missed


@pytest.mark.thin(2)
@pytest.mark.parametrize("opened", sorted(set(DRIVERS) - WITHOUT_QUEUE), indirect=True)
def test_an_error_is_told_where_errors_are_asked_for(opened: tuple[Bench, str, str]) -> None:
    """By the instrument and by its output. A device clear forgets it."""
    bench, terminal, _ = opened
    connection = bench.instruments.connections[terminal.partition(".")[0]]
    language = connection.driver.language
    one: Any = bench.instruments.driver_of(terminal)
    for asked in (connection.driver, one):
        connection.transport.write(language.trials[0] if language.trials else WRONG[language.name])
        with pytest.raises(InstrumentError):
            asked.check_errors()
        asked.check_errors()
        connection.transport.write(language.trials[0] if language.trials else WRONG[language.name])
        asked.clear()
        asked.check_errors()
