"""Every oscilloscope keeps its channels apart: what is known of one says nothing of another."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.pairs.cells import GENERATOR, SCOPE
from tests.fixtures.driver_steps import one_of_each_driver
from tsbench.errors import InstrumentError, LimitError
from tsbench.instruments import EdgeTrigger, Pulse, Timebase, Vertical
from tsbench.station.bench.bench import Bench

SCOPES = {name: one for name, one in one_of_each_driver().items() if one[2] == SCOPE}
#: with the generator that stands beside each; the DSO-X 2000 has the driver of the DSO-X 3000T
BESIDE_A_GENERATOR = {name: one[0].cell.source for name, one in SCOPES.items()
                      if one[0].cell is not None and one[0].cell.source.kind == GENERATOR}
LEVEL, OFF = 0.2, 0.03  #: [V] of the trigger, and by how much it is read back otherwise


@pytest.fixture
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    with Bench.open(SCOPES[request.param][0].lay(tmp_path), "D1") as opened:
        yield opened


def settings_of(scope: Any, channel: int) -> dict[str, object]:
    return {key: value for key, value in scope.accepted_settings().items() if key.startswith(f"channel_{channel}_")}


@pytest.mark.parametrize("bench", sorted(SCOPES), indirect=True)
def test_a_channel_that_is_switched_off_is_forgotten_alone(bench: Bench) -> None:
    scope: Any = bench.instruments.driver_of("scope")
    for off, stays in ((1, 2), (2, 1)):
        scope.configure_channel(1, Vertical(2.0))
        scope.configure_channel(2, Vertical(0.8))
        before = settings_of(scope, stays)
        scope.disable_channel(off)
        assert settings_of(scope, off) == {} and settings_of(scope, stays) == before != {}


@pytest.mark.parametrize("bench", sorted(SCOPES), indirect=True)
def test_a_trigger_level_is_as_exact_as_its_channel(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be read back otherwise by a hundredth of the range of its own channel."""
    scope: Any = bench.instruments.driver_of("scope")
    transport = bench.instruments.connections["scope"].transport
    read = transport.read

    def otherwise() -> str:
        reply = read()
        try:
            return f"{LEVEL + OFF:.6E}" if float(reply) == pytest.approx(LEVEL) else reply
        except ValueError:
            return reply

    for wide, narrow in ((1, 2), (2, 1)):
        monkeypatch.setattr(transport, "read", read)
        scope.configure_channel(wide, Vertical(8.0))
        scope.configure_channel(narrow, Vertical(0.8))
        monkeypatch.setattr(transport, "read", otherwise)
        assert scope.configure_trigger(EdgeTrigger(wide, LEVEL)).level == pytest.approx(LEVEL + OFF)
        with pytest.raises(InstrumentError, match="trigger level"):
            scope.configure_trigger(EdgeTrigger(narrow, LEVEL))


@pytest.mark.parametrize("bench", sorted(SCOPES), indirect=True)
def test_a_record_has_the_facts_of_its_channel(bench: Bench) -> None:
    scope: Any = bench.instruments.driver_of("scope")
    for wide, narrow in ((1, 2), (2, 1)):
        scope.configure_channel(wide, Vertical(8.0, bandwidth_limit=True))
        scope.configure_channel(narrow, Vertical(0.8))
        scope.configure_timebase(Timebase(4e-6))
        scope.configure_trigger(EdgeTrigger(1, 0.1))
        scope.arm()
        scope.force_trigger()
        while not scope.complete():
            bench.clock.wait(1e-3)
        records = scope.fetch([1, 2])
        assert {number: record.channel for number, record in records.items()} == {1: "1", 2: "2"}
        assert records[wide].scale == pytest.approx(10 * records[narrow].scale, rel=0.1)
        assert records[wide].accuracy_offset > 1.5 * records[narrow].accuracy_offset
        assert records[wide].bandwidth < records[narrow].bandwidth == scope.capabilities.bandwidth


@pytest.mark.thin(2)
@pytest.mark.parametrize("bench", sorted(BESIDE_A_GENERATOR), indirect=True)
def test_a_trigger_that_comes_at_once_is_no_error_of_arming(bench: Bench) -> None:
    """The acquisition may be over before the oscilloscope is first asked whether it is armed."""
    scope: Any = bench.instruments.driver_of("scope")
    source: Any = bench.instruments.driver_of("source.1")
    scope.configure_channel(1, Vertical(2.0))
    scope.configure_timebase(Timebase(4e-6))
    scope.configure_trigger(EdgeTrigger(1, 0.1))
    source.configure_load(float("inf"))
    source.configure_pulse(Pulse(0.0, 0.4, 5e-6, 10e-6, 50e-9, 50e-9))
    source.set_output(True)
    for _ in range(3):
        scope.arm()
        bench.clock.wait(1e-3)
        if not scope.complete():
            scope.force_trigger()
        while not scope.complete():
            bench.clock.wait(1e-3)
        assert scope.triggered()
        assert scope.fetch([1])[1].codes.shape[0] == 1


@pytest.mark.parametrize("bench", sorted(SCOPES), indirect=True)
def test_a_time_base_that_cannot_be_set_is_refused_before_it_is_sent(
    bench: Bench, monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With its value and the range, as other settings; the instrument would say "data out of range", or round."""
    scope: Any = bench.instruments.driver_of("scope")
    span = scope.capabilities.span
    assert scope.configure_timebase(Timebase(min(span.high, 500.0))).span >= min(span.high, 500.0) * 0.99
    sent: list[object] = []
    monkeypatch.setattr(bench.instruments.connections["scope"].transport, "write", sent.append)
    for wrong in (span.high * 1.01, span.low * 0.99):
        with pytest.raises(LimitError, match=r"span .* is outside the instrument's range .* to "):
            scope.configure_timebase(Timebase(wrong))
    for late in (scope.capabilities.position.high * 1.01, scope.capabilities.position.low * 1.01) if (
            scope.capabilities.position) else ():
        with pytest.raises(LimitError, match=r"position .* is outside"):
            scope.configure_timebase(Timebase(1e-3, position=late))
    assert sent == []
