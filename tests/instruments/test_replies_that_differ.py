"""Every driver compares what it set with what the instrument replies: another number in a reply is noticed.

The steps of each driver run on its twin once for each number of a reply. That number comes changed, and again if the
driver asks again at once. Then the step must raise an error. The numbers of readings and records are no settings.
"""

import contextlib
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.pairs.cells import SCOPE, SOURCE_METER
from tests.fixtures.driver_steps import of_scope, one_of_each_driver, steps
from tsbench.errors import TsbenchError
from tsbench.instruments import EdgeTrigger, Vertical
from tsbench.station.bench.bench import Bench

#: a number or the state of a switch; not a digit of a name such as C1 or RI1
NUMBER = re.compile(r"(?<![A-Za-z0-9_.+-])(?:[-+]?\d+(?:\.\d*)?(?:E[-+]?\d+)?|ON\b|OFF\b)", re.IGNORECASE)
#: questions about the state of the instrument, not about a setting: status, errors, whether it is armed
STATES = re.compile(r"\*(?!LRN)|:?SYST|:?STAT|ERR|CMR|EXR|print\((?:errorqueue|status)|:ERROR|SP$|:[AT]ER\?|INR\?",
                    re.IGNORECASE)
#: steps that take readings or wait: their numbers are data
DATA = re.compile(r"end of|reading|records|complete")
#: the driver takes the sample rate that the instrument has, and sets the length of the record for it
TAKEN = re.compile(r":HOR:MODE:SAMPLER")
#: another load moves the levels, which are read then and not compared; an output-off state is returned as it is read:
#: others must be kept as accepted
READ = re.compile(r"(:SOUR1)?:VOLT1?(:OFFS)?\?|C1:BSWV\?|print\(smua.source.offmode\)")
#: questions whose reply has values that the step did not set
SEVERAL = re.compile(r"C1:(BSWV|BTWV|SRATE|OUTP)\?|SEQ\?|\*LRN\? (1|56|32)")
#: of a Siglent generator, the keys that are set to 0 and not read back
_UNREAD = {"DLY", "DLAY"}


def set_in(step: str, question: str, sent: list[str]) -> set[str]:
    """Return which values of a reply with several values the step did set, by the word before them or their place."""
    if question.startswith("C1:"):
        header = question.rstrip("?")
        switched = {"0" for message in sent if re.fullmatch(r"C1:OUTP O(N|FF)", message)} if "OUTP" in header else set()
        return switched | {key for message in sent if message.startswith(header)
                           for key in re.findall(r"([A-Z]+),[-\d]", message)} - _UNREAD
    return {"SEQ?": {"ON"} if step == "segments" else set(), "*LRN? 1": {"1", "2"},   # level, limit
            "*LRN? 56": {"0", "1"}, "*LRN? 32": {"1"} if "voltage" in step else {"0"}}[question]   # converter; range


DRIVERS = one_of_each_driver()


class Changer:
    """Stands before the transport, counts the numbers of replies, and changes one of them."""

    def __init__(self, transport: Any) -> None:
        self.asked: list[tuple[str, str]] = []  #: question, and what the number is: the word before it, or its place
        self.sent: list[str] = []  #: messages
        self.at = -1
        self._before = ("", 0, 0)  #: the last question, and which numbers its reply had
        self._transport, self._read = transport, transport.read
        transport.read = self.read
        self._write, transport.write = transport.write, self.write

    def begin(self, at: int = -1) -> None:
        """Count from the first reply again."""
        self.sent, self.asked, self.at, self._before = [], [], at, ("", 0, 0)

    def write(self, message: str) -> None:
        """Send a message."""
        self.sent.append(message)
        self._write(message)

    def read(self) -> str:
        """Read a reply."""
        reply = str(self._read())
        question = str(self._transport._last)
        if STATES.match(question) or TAKEN.match(question):
            return reply
        numbers = list(NUMBER.finditer(reply))
        again = self._before[0] == question and self._before[1] <= self.at < self._before[2]
        first = self._before[1] if again else len(self.asked)
        if not again:
            for place, number in enumerate(numbers):
                word = re.search(r"([A-Z]+),$", reply[:number.start()])
                self.asked.append((question, word[1] if word else str(place)))
        self._before = question, first, first + len(numbers)
        if not 0 <= self.at - first < len(numbers):
            return reply
        number = numbers[self.at - first]
        return f"{reply[:number.start()]}{another(number[0])}{reply[number.end():]}"


def another(number: str) -> str:
    """Return the other state of a switch, or a number far away: whole where it is, finite where it means infinity."""
    switches = {"0": "1", "1": "0", "ON": "OFF", "OFF": "ON"}
    if number.upper() in switches:
        return switches[number.upper()]
    if number.lstrip("+-").isdigit():
        return f"{3 * int(number) + 1}"
    return f"{3 * float(number) + 1 if abs(float(number)) < 1e30 else 75.0:.6E}"


@pytest.fixture
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Bench, str, str]]:
    run, terminal, kind = DRIVERS[request.param]
    with Bench.open(run.lay(tmp_path), "D1") as bench:
        yield bench, terminal, kind


@pytest.mark.thin(6)
@pytest.mark.parametrize("opened", sorted(DRIVERS), indirect=True)
def test_another_number_in_a_reply_is_noticed(opened: tuple[Bench, str, str]) -> None:
    bench, terminal, kind = opened
    connection = bench.instruments.connections[terminal.partition(".")[0]]
    driver: Any = bench.instruments.driver_of(terminal)
    changer = Changer(connection.transport)
    missed, count = [], 0
    for name, act in steps(kind, driver, bench.clock.wait):
        act()
        if DATA.match(name):
            continue
        changer.begin()
        expected = repr((act(), driver.accepted_settings()))
        asked, sent, noticed = changer.asked, changer.sent, defaultdict[str, set[str]](set)
        for place, (question, what) in enumerate(asked):
            changer.begin(place)
            try:
                found = repr((act(), driver.accepted_settings()))
                told = found != expected and READ.fullmatch(question) is not None
            except TsbenchError:
                told = True
            changer.begin()
            with contextlib.suppress(TsbenchError):
                if kind == SOURCE_METER:
                    driver.abort()
                connection.driver.clear()
            count += told
            if told:
                noticed[question].add(what)
            elif not SEVERAL.fullmatch(question):
                missed.append((name, question, what))
        for question in {question for question, _ in asked if SEVERAL.fullmatch(question)}:
            missed += [(name, question, what) for what in set_in(name, question, sent) - noticed[question]]
        act()
    assert not missed
    assert count > 2 or connection.driver.language.name == "KXCI", "few numbers of replies are noticed"


SCOPES = sorted(name for name, one in DRIVERS.items() if one[2] == SCOPE)


def listen(transport: Any) -> list[str]:
    """Return a list to which every message is added that is sent from now on, without questions."""
    sent: list[str] = []
    write = transport.write

    def also(message: str) -> None:
        if "?" not in message:
            sent.append(message)
        write(message)

    transport.write = also
    return sent


def channels_in(messages: list[str]) -> set[str]:
    """Return the channels that messages name: CHAN1, CH1 or C1."""
    return {name for message in messages for name in re.findall(r"\bC(?:H(?:AN)?)?(\d)", message)}


@pytest.mark.parametrize("opened", SCOPES, indirect=True)
def test_messages_name_the_channel_that_was_meant(opened: tuple[Bench, str, str]) -> None:
    """No reply tells it where all messages and questions name another channel."""
    scope = opened[0].oscilloscope()
    sent = listen(opened[0].instruments.connections["scope"].transport)
    for channel in (1, 2):
        for act in (lambda: scope.configure_channel(channel, Vertical(2.0, 0.3)),  # noqa: B023
                    lambda: scope.configure_trigger(EdgeTrigger(channel, 0.2)),    # noqa: B023
                    lambda: scope.disable_channel(channel)):                       # noqa: B023
            sent.clear()
            act()
            assert channels_in(sent) == {str(channel)}, sent


@pytest.mark.parametrize("opened", SCOPES, indirect=True)
def test_a_holdoff_is_sent_in_seconds(opened: tuple[Bench, str, str]) -> None:
    scope = opened[0].oscilloscope()
    scope.configure_channel(1, Vertical(2.0, 0.3))
    sent = listen(opened[0].instruments.connections["scope"].transport)
    scope.configure_trigger(EdgeTrigger(1, 0.2, holdoff=0.0625))
    numbers = [float(number) for message in sent for number in re.findall(r"\d+(?:\.\d+)?(?:E[-+]?\d+)?", message)]
    assert any(number == pytest.approx(0.0625) for number in numbers), sent


@pytest.mark.parametrize("opened", SCOPES, indirect=True)
def test_accepted_settings_stand_under_their_channel(opened: tuple[Bench, str, str]) -> None:
    scope: Any = opened[0].oscilloscope()
    for name, act in of_scope(scope, opened[0].clock.wait):
        if not name.startswith(("channel 2 off", "external")):
            act()
    found = scope.accepted_settings()
    assert found["channel_1_range"] == pytest.approx(2.0, rel=0.02)
    assert found["channel_2_range"] == pytest.approx(0.8, rel=0.02)
    assert found["channel_1_offset"] == pytest.approx(0.3, abs=0.01)
    assert found["channel_2_offset"] == pytest.approx(-0.1, abs=0.01)
