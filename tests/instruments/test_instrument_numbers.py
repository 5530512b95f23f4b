"""Numbers that drivers, guard and fixture compute, and what a connection does with a session, by themselves."""

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import pyvisa
from pyvisa.constants import StatusCode

from tsbench.errors import CommunicationError
from tsbench.instruments import ArbitraryWaveform
from tsbench.instruments.fixture import node_capacitance, parallel_capacitance
from tsbench.instruments.generators.requests import sampled
from tsbench.instruments.guard.limits import WirePath, WorstCase, worst_case_of_voltage
from tsbench.instruments.interfaces import OscilloscopeCapabilities, Range
from tsbench.instruments.links.transport import Transport
from tsbench.instruments.links.visa_library import full_name, list_resources
from tsbench.netlist import parse_netlist


def test_the_smallest_range_in_which_an_offset_can_be_set() -> None:
    caps = OscilloscopeCapabilities(
        4, 1e9, 5e9, 1000, 10, Range(8e-3, 40.0, "V"), 0.0, 0.0, 0.0, 8, ((1.0, 0.1), (10.0, 2.0)))
    assert [caps.least_range(offset) for offset in (0.0, 1.0, -1.1, 10.0, -10.1)] == [8e-3, 8e-3, 0.1, 0.1, 2.0]


def test_straight_lines_of_a_waveform_are_sampled_finer_as_far_as_memory_and_rate_allow() -> None:
    def sent(rate: float, points: float, interpolation: Any = "linear", levels: Any = (0.0, 1.0, -1.0)) -> Any:
        caps: Any = SimpleNamespace(
            sample_rate=Range(1.0, rate, "Hz"), arbitrary_points=Range(8, points, ""))
        return sampled(ArbitraryWaveform(tuple(levels), 100.0, interpolation), caps)

    levels, rate = sent(250.0, 1e6)
    assert (levels.tolist(), rate) == ([0.0, 0.5, 1.0, 0.0, -1.0], 200.0)
    levels, rate = sent(1e6, 9)
    assert levels == pytest.approx([0, 1 / 3, 2 / 3, 1, 1 / 3, -1 / 3, -1]) and rate == 300.0
    for alike in (sent(250.0, 1e6, "step"), sent(199.0, 1e6), sent(1e6, 5)):
        assert (alike[0].tolist(), alike[1]) == ([0.0, 1.0, -1.0], 100.0)
    assert sent(1e6, 1e6, levels=(2.0,))[0].tolist() == [2.0]
    many, rate = sent(1e9, 1e9)
    assert len(many) - 1 == 2 * round(rate / 100.0) and np.abs(many).max() == 1.0


@pytest.mark.parametrize(("emf", "path", "compliance", "expected"), [
    (-2.0, WirePath(resistance=1e3), math.inf, (2.0, 2e-3, 1e-3)),
    (2.0, WirePath(resistance=1e3), 0.5e-3, (2.0, 0.5e-3, 0.75e-3)),   # less than the matched 1 mA
    (2.0, WirePath(resistance=math.inf), math.inf, (2.0, 0.0, 0.0)),
    (2.0, WirePath(resistance=0.0), 1e-3, (2.0, 1e-3, 2e-3)),
    (2.0, WirePath(resistance=0.0), math.inf, (2.0, math.inf, math.inf)),
    (0.0, WirePath(resistance=0.0), math.inf, (0.0, 0.0, 0.0)),
])
def test_the_worst_that_a_device_sees_of_a_voltage(
    emf: float, path: WirePath, compliance: float, expected: tuple[float, float, float]
) -> None:
    found = worst_case_of_voltage(emf, path, compliance)
    assert (found.voltage, found.current) == pytest.approx(expected[:2])
    assert isinstance(found, WorstCase)
    if expected[2] != math.inf and path.resistance != 0.0:
        assert found.power == pytest.approx(expected[2])


def test_capacitances_across_the_device_and_at_a_node() -> None:
    text = "XDUT {0} device\nR1 a high 1k\nC1 high low 1p\nC2 high 0 2p\nC3 low 0 4p\nC4 a high 8p\nR2 low 0 50\n"
    netlist = parse_netlist("fixture\n" + text.format("high low"))
    assert parallel_capacitance(netlist) == pytest.approx(3e-12, rel=1e-6)
    assert node_capacitance(netlist, "HIGH") == pytest.approx(2e-12, rel=1e-6) and node_capacitance(netlist, "a") == 0
    upside_down = parse_netlist("fixture\nXDUT 0 high device\nC1 high 0 1p\nC2 a 0 2p\nR1 a high 1k\n")
    assert parallel_capacitance(upside_down) == pytest.approx(1e-12, rel=1e-6)
    assert parallel_capacitance(parse_netlist("fixture\nC1 high 0 1p\nR1 high 0 1k\n")) == 0.0


class Session:
    """A VISA session that answers from a list; an exception is raised."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.calls: list[Any] = []
        self.timeout = 0

    def _answer(self, name: str, *arguments: Any) -> Any:
        self.calls.append((name, *arguments))
        answer = self.answers.get(name)
        if isinstance(answer, Exception):
            raise answer
        return answer(*arguments) if callable(answer) else answer

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments, **_: self._answer(name, *arguments)


def connected(resource: str = "USB0::1::2::3::INSTR", **answers: Any) -> tuple[Transport, list[Session]]:
    opened: list[Session] = []

    def open_resource(name: str, **_: Any) -> Session:
        opened.append(Session(**answers))
        return opened[-1]

    manager = SimpleNamespace(open_resource=open_resource, visalib=SimpleNamespace())
    return Transport(manager, resource, "meter", 2.5), opened


def test_bytes_are_read_to_the_count_that_was_asked_for() -> None:
    transport, (session,) = connected(read_bytes=lambda count, piece: b"abcdefg"[:count], read_raw=b"all of it")
    assert session.timeout in {0, 2500}
    assert transport.read_bytes(7) == b"abcdefg"
    assert transport.read_bytes(-1) == b"all of it"


def test_a_status_byte_and_a_closed_connection() -> None:
    transport, _ = connected(read_stb="65")
    assert transport.serial_poll() == 65
    transport.close()
    with pytest.raises(CommunicationError, match="the connection is closed"):
        transport.serial_poll()
    transport.close()


@pytest.mark.parametrize(("error", "fresh"), [
    (None, 1), (NotImplementedError(), 1), (pyvisa.errors.VisaIOError(StatusCode.error_nonsupported_operation), 1),
    (RuntimeError("expected DeviceClearAcknowledge"), 2),
])
def test_a_device_clear_that_the_bus_has_not(error: Exception | None, fresh: int) -> None:
    transport, opened = connected(clear=error)
    transport.clear()
    assert len(opened) == fresh


@pytest.mark.parametrize("error", [
    RuntimeError("something else"), pyvisa.errors.VisaIOError(StatusCode.error_connection_lost)])
def test_a_device_clear_that_fails_is_an_error(error: Exception) -> None:
    transport, opened = connected(clear=error)
    with pytest.raises((RuntimeError, CommunicationError)):
        transport.clear()
    assert len(opened) == 1


def test_a_stream_is_resynchronised_by_a_new_connection() -> None:
    for resource, fresh in (("TCPIP0::1.2.3.4::5025::SOCKET", 2), ("ASRL1::INSTR", 2), ("USB0::1::2::3::INSTR", 1)):
        transport, opened = connected(resource)
        transport.resynchronise()
        assert len(opened) == fresh
        assert (("clear",) in opened[0].calls) == (fresh == 1)


def test_what_the_library_sees() -> None:
    manager = SimpleNamespace(
        list_resources=lambda query: ("b", "a"), resource_info=lambda name: SimpleNamespace(resource_name=None))
    assert list_resources(manager) == ["a", "b"]
    assert full_name(manager, "USB0::1::INSTR") == "USB0::1::INSTR" and full_name(manager, "alias") == "alias"
    manager.resource_info = lambda name: SimpleNamespace(resource_name="USB0::7::INSTR")
    assert full_name(manager, "alias") == "USB0::7::INSTR"

    def cannot(_: str) -> Any:
        raise pyvisa.errors.VisaIOError(StatusCode.error_system_error)

    manager.list_resources = manager.resource_info = cannot
    assert list_resources(manager) == [] and full_name(manager, "alias") == "alias"
