"""Every driver compares what it set with what the instrument replies: another number in a reply is noticed.

The set-up of each driver runs on its twin once for each reply that is a number. That reply comes changed, and again if
the driver asks again at once. Then the driver must raise an error.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.fault_benches import ShortRun, of_drivers
from benchmarks.pairs.cells import GENERATOR, SCOPE, SOURCE_METER
from tsbench.errors import TsbenchError
from tsbench.instruments import EdgeTrigger, MeasureSettings, Pulse, SourceSettings, Timebase, Vertical
from tsbench.station.bench.bench import Bench

NUMBER = re.compile(r"((?:\S+ )?)([-+]?\d+(?:\.\d*)?(?:E[-+]?\d+)?)((?: ?[A-Z%]+)?)", re.IGNORECASE)
#: questions about the state of the instrument, not about a setting: status, errors, whether it has finished
STATES = re.compile(r"\*|SYST|:?STAT|ERR|CMR|errorqueue|status\.|:ERROR|SP$", re.IGNORECASE)


#: the driver takes the sample rate that the instrument has, and sets the length of the record for it
TAKEN = re.compile(r":HOR:MODE:SAMPLER")
#: another load moves the levels, which are read then and not compared: others must be kept as accepted
READ = re.compile(r"(:SOUR1)?:VOLT1?:OFFS\?")
#: each of their replies holds several values, or they reply to no question about a setting: see their tests of strings
OTHERS = {"keithley_4200", "keysight_b1500a", "siglent_sdg2000x"}

Act = Callable[[Any], Iterator[object]]


def of_source_meter(meter: Any) -> Iterator[object]:
    yield meter.configure_source(SourceSettings("voltage", limit=1e-3, range=2.0))
    yield meter.configure_measure(MeasureSettings("current", range=1e-3, nplc=0.5))
    yield meter.set_level(0.5)


def of_generator(output: Any) -> Iterator[object]:
    yield output.configure_load(50.0)
    yield output.configure_pulse(Pulse(0.1, 0.5, 1e-6, 10e-6, 50e-9, 50e-9))
    yield output.configure_burst(2)
    yield output.configure_level(0.25)


def of_scope(scope: Any) -> Iterator[object]:
    yield scope.configure_channel(1, Vertical(2.0, 0.3))
    yield scope.configure_channel(2, Vertical(0.8, -0.1))
    yield scope.configure_timebase(Timebase(4e-6, 1e-6, min(scope.capabilities.segments, 2)))
    yield scope.configure_trigger(EdgeTrigger(1, 0.2))


def set_up(driver: Any, act: Act) -> list[str]:
    """Return what each step accepted and what is accepted after it."""
    return [repr((accepted, driver.accepted_settings())) for accepted in act(driver)]


def one_of_each_driver() -> dict[str, tuple[ShortRun, str, Act]]:
    found: dict[str, tuple[ShortRun, str, Act]] = {}
    for run in of_drivers():
        if run.cell is None or run.cell.scope is None:
            continue
        act = {SOURCE_METER: of_source_meter, GENERATOR: of_generator}[run.cell.source.kind]
        terminal = f"source.{run.cell.source.channel}".rstrip(".")
        found.setdefault(run.cell.source.driver, (run, terminal, act))
        assert run.cell.scope.kind == SCOPE
        found.setdefault(run.cell.scope.driver, (run, "scope", of_scope))
    return found


DRIVERS = one_of_each_driver()


class Changer:
    """Stands before the transport, counts the replies that are numbers, and changes one of them."""

    def __init__(self, transport: Any) -> None:
        self.questions: list[str] = []
        self.at = -1
        self._transport, self._read = transport, transport.read
        transport.read = self.read

    def begin(self, at: int = -1) -> None:
        """Count from the first reply again."""
        self.questions, self.at = [], at

    def read(self) -> str:
        """Read a reply."""
        reply = str(self._read())
        question = str(self._transport._last)
        number = NUMBER.fullmatch(reply)
        if number is None or STATES.match(question) or TAKEN.match(question):
            return reply
        again = 0 <= self.at == len(self.questions) - 1 and question == self.questions[-1]
        if not again:
            self.questions.append(question)
        if len(self.questions) - 1 != self.at:
            return reply
        value = 3 * float(number[2]) + 1
        text = f"{value:.0f}" if number[2].lstrip("+-").isdigit() else f"{value:.6E}"
        return f"{number[1]}{text}{number[3]}"


@pytest.fixture
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Bench, str, Act]]:
    run, terminal, act = DRIVERS[request.param]
    with Bench.open(run.lay(tmp_path), "D1") as bench:
        yield bench, terminal, act


@pytest.mark.parametrize("opened", sorted(set(DRIVERS) - OTHERS), indirect=True)
def test_another_number_in_a_reply_is_noticed(opened: tuple[Bench, str, Act]) -> None:
    bench, terminal, act = opened
    connection = bench.instruments.connections[terminal.partition(".")[0]]
    driver = bench.instruments.driver_of(terminal)
    changer = Changer(connection.transport)
    set_up(driver, act)
    changer.begin()
    expected = set_up(driver, act)
    questions = changer.questions
    assert len(questions) > 2, "no reply is a number"
    missed = []
    for number, question in enumerate(questions):
        changer.begin(number)
        try:
            if set_up(driver, act) == expected or not READ.fullmatch(question):
                missed.append(question)
        except TsbenchError:
            changer.begin()
            connection.driver.clear()
            set_up(driver, act)
    assert not missed


SCOPES = sorted(name for name, one in DRIVERS.items() if one[1] == "scope")


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
def test_messages_name_the_channel_that_was_meant(opened: tuple[Bench, str, Act]) -> None:
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
def test_a_holdoff_is_sent_in_seconds(opened: tuple[Bench, str, Act]) -> None:
    scope = opened[0].oscilloscope()
    scope.configure_channel(1, Vertical(2.0, 0.3))
    sent = listen(opened[0].instruments.connections["scope"].transport)
    scope.configure_trigger(EdgeTrigger(1, 0.2, holdoff=0.0625))
    numbers = [float(number) for message in sent for number in re.findall(r"\d+(?:\.\d+)?(?:E[-+]?\d+)?", message)]
    assert any(number == pytest.approx(0.0625) for number in numbers), sent


@pytest.mark.parametrize("opened", SCOPES, indirect=True)
def test_accepted_settings_stand_under_their_channel(opened: tuple[Bench, str, Act]) -> None:
    scope: Any = opened[0].oscilloscope()
    set_up(scope, of_scope)
    found = scope.accepted_settings()
    assert found["channel_1_range"] == pytest.approx(2.0, rel=0.02)
    assert found["channel_2_range"] == pytest.approx(0.8, rel=0.02)
    assert found["channel_1_offset"] == pytest.approx(0.3, abs=0.01)
    assert found["channel_2_offset"] == pytest.approx(-0.1, abs=0.01)
