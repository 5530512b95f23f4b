"""Two channels of one instrument get the same messages, each with its own name: none is meant for the other channel.

The steps of a driver run on one channel, then, after a reset, on another one of the same sort. Where two messages
differ, the first must have the name of the first channel and the second that of the second channel.
"""

from pathlib import Path
from typing import Any

import pytest

from benchmarks.pairs.cells import PARTS, Cell, lay
from tests.fixtures.driver_steps import steps
from tests.instruments.test_terminals_end_safe import FAMILIES
from tsbench.instruments import SourceSettings
from tsbench.simulated_backends.virtual_instruments.registry import VIRTUAL_INSTRUMENTS
from tsbench.station.bench.bench import Bench

#: two terminals of the same sort
PAIRS = {
    "keithley_2600": ("a", "b"), "keithley_4200": ("smu1", "smu2"), "keysight_33500": ("1", "2"),
    "keysight_81160a": ("1", "2"), "keysight_b1500a": ("1", "2"), "keysight_b2902a": ("1", "2"),
    "rigol_dg800": ("1", "2"), "siglent_sdg2000x": ("1", "2"), "tektronix_afg": ("1", "2"),
}
#: what belongs to a channel beside its own name: the timers of the pulses of a 2600B
BESIDE = {"keithley_2600": {("1", "3"), ("2", "4")}}


class Listener:
    """Stands before the transport and keeps all that is sent."""

    def __init__(self, transport: Any) -> None:
        self.sent: list[str] = []
        write, write_bytes = transport.write, transport.write_bytes

        def also(message: str) -> None:
            self.sent.append(message)
            write(message)

        def also_bytes(content: bytes) -> None:
            self.sent.append(content.decode("latin-1"))
            write_bytes(content)

        transport.write, transport.write_bytes = also, also_bytes


def done(bench: Bench, kind: str, terminal: Any, listener: Listener) -> dict[str, list[str]]:
    """Return what each step of a terminal sends, after a reset; polls, whose number is by chance, count once."""
    connection = bench.instruments.connections["source"]
    connection.driver.reset()
    found: dict[str, list[str]] = {}
    for name, act in steps(kind, terminal, bench.clock.wait):
        listener.sent.clear()
        act()
        found[name] = list(dict.fromkeys(listener.sent)) if name.startswith("end of") else list(listener.sent)
    listener.sent.clear()
    terminal.safe_state()
    terminal.output_states()
    found["made safe"] = list(listener.sent)
    return found


def of_several_channels() -> set[str]:
    """Return the drivers whose instrument has several outputs."""
    with_several = set()
    offers = VIRTUAL_INSTRUMENTS.offers()
    for name, model in FAMILIES.items():
        if len(offers[model.name].thing.load().terminals) > 1:
            with_several.add(name)
    return with_several


def test_every_instrument_of_several_channels_is_here() -> None:
    assert of_several_channels() == set(PAIRS)


@pytest.mark.parametrize("name", sorted(PAIRS))
def test_each_channel_gets_its_own_messages(name: str, tmp_path: Path) -> None:
    model = FAMILIES[name]
    part = next(part for part in PARTS if model.kind in part.kinds)
    with Bench.open(lay(Cell(part, model, None), tmp_path, 1, imperfections=False), "D1") as bench:
        driver: Any = bench.instruments.connections["source"].driver
        listener = Listener(bench.instruments.connections["source"].transport)
        one, other = (done(bench, model.kind, driver.terminal(channel), listener) for channel in PAIRS[name])
    allowed = {(PAIRS[name][0][-1], PAIRS[name][1][-1])} | BESIDE.get(name, set())
    assert one.keys() == other.keys()
    for step in one:
        assert len(one[step]) == len(other[step])
        for first, second in zip(one[step], other[step], strict=True):
            assert len(first) == len(second)
            assert {(x, y) for x, y in zip(first, second, strict=True) if x != y} <= allowed, (step, first, second)


@pytest.mark.parametrize("name", sorted(PAIRS))
def test_what_is_known_stands_under_its_channel(name: str, tmp_path: Path) -> None:
    model = FAMILIES[name]
    part = next(part for part in PARTS if model.kind in part.kinds)
    with Bench.open(lay(Cell(part, model, None), tmp_path, 1, imperfections=False), "D1") as bench:
        driver: Any = bench.instruments.connections["source"].driver
        for output in driver.output_names:
            terminal = driver.terminal(output.partition(".")[2])
            assert [state.output for state in terminal.output_states()] == [output]
            assert output.rpartition(".")[2] in terminal.label.removeprefix(driver.label)
        assert [state.output for state in driver.output_states()] == list(driver.output_names)
        kept = {}
        for number, channel in enumerate(PAIRS[name], 1):
            terminal = driver.terminal(channel)
            if hasattr(terminal, "configure_level"):
                terminal.configure_load(50.0 * number)
                terminal.configure_level(0.1 * number)
            else:
                terminal.configure_source(SourceSettings("voltage", compliance_current=1e-3 / number))
            kept[channel] = terminal.accepted_settings()
        first, second = kept.values()
        assert first.keys() == second.keys() and first != second
        found = driver.accepted_settings()
        for channel, known in kept.items():
            assert {key: found[f"{channel}.{key}"] for key in known} == known
            assert driver.terminal(channel).accepted_settings() == known
