"""Terminals of several kinds, named channels, and how a driver's link is set up."""

from types import SimpleNamespace
from typing import Any

import pytest
from pyvisa import constants

from tests.instruments.test_links import Manager
from tsbench.errors import ConfigurationError
from tsbench.instruments.driver import KINDS, DriverDeclaration, TerminalDeclaration
from tsbench.instruments.links.link_settings import LinkSettings, set_serial_port
from tsbench.instruments.links.transport import Transport
from tsbench.station.bench.bench_tables import LinkTable

_PLACE = "tests.instruments.test_driver_declarations"
MEMBERS = {kind: {name for base in interface.__mro__ for name in vars(base) if not name.startswith("_")}
           for kind, interface in KINDS.items()}


def _class(name: str, *kinds: str, without: str = "") -> type:
    members = set().union(*(MEMBERS[kind] for kind in kinds)) - {without}
    return type(name, (), {member: None for member in members})


Unit = _class("Unit", "source meter")
Pulser = _class("Pulser", "pulse generator", "pulse measure unit")
Lame = _class("Lame", "source meter", without="start_sweep")


class Box:
    """A driver with two sorts of terminals."""

    identity = title = on_repeat = label = None
    output_names = ("unit1", "pulser1")

    def __getattr__(self, name: str) -> Any:
        return None


for _name in ("safe_state", "output_states", "clear", "check_errors", "accepted_settings", "close", "terminal", "reset",
              "lost_power", "accuracy"):
    setattr(Box, _name, lambda self, *arguments: SimpleNamespace())


def box(*terminals: TerminalDeclaration) -> DriverDeclaration:
    return DriverDeclaration("box", "source meter", "Box", "BOX", f"{_PLACE}:Box", terminals=terminals)


UNITS = TerminalDeclaration(("smu1", "smu2"), ("source meter",), f"{_PLACE}:Unit")
PULSERS = TerminalDeclaration(("pulser1",), ("pulse generator", "pulse measure unit"), f"{_PLACE}:Pulser")


def test_a_box_says_what_each_of_its_terminals_can_be() -> None:
    declared = box(UNITS, PULSERS)
    assert declared.kinds == ("source meter", "pulse generator", "pulse measure unit")
    assert declared.kinds_of("smu2") == ("source meter",) == declared.kinds_of("")
    assert declared.kinds_of("pulser1") == ("pulse generator", "pulse measure unit")
    assert declared.kinds_of("1") == () == declared.kinds_of("smu3")
    assert declared.channel_names() == "smu1, smu2, pulser1"
    assert declared.load() is Box


def test_every_sort_of_terminal_is_held_to_all_its_kinds() -> None:
    with pytest.raises(ConfigurationError, match="class Unit has no method 'configure_ranges', which PulseMeasure"):
        box(UNITS, TerminalDeclaration(("x",), ("pulse measure unit",), f"{_PLACE}:Unit")).load()
    with pytest.raises(ConfigurationError, match="class Lame has no method 'start_sweep', which SourceMeter requires"):
        box(TerminalDeclaration(("smu1",), ("source meter",), f"{_PLACE}:Lame")).load()


def test_channels_are_numbers_unless_they_have_names() -> None:
    plain = DriverDeclaration("plain", "pulse generator", "P", "P", f"{_PLACE}:Box")
    assert plain.kinds_of("12") == plain.kinds_of("") == ("pulse generator",) and plain.kinds_of("a") == ()
    assert plain.channel_names() == "numbers"
    named = DriverDeclaration("named", "source meter", "N", "N", f"{_PLACE}:Box", channels=("a", "b"))
    assert named.kinds_of("b") == ("source meter",) and named.kinds_of("1") == () and named.channel_names() == "a, b"


@pytest.mark.parametrize(("resource", "link", "read", "write"), [
    ("TCPIP0::1.2.3.4::1225::SOCKET", LinkSettings(), "\n", "\n"),
    ("TCPIP0::1.2.3.4::1225::SOCKET", LinkSettings("\0", "\0"), "\0", "\0"),
    ("GPIB0::24::INSTR", LinkSettings(), None, "\n"),
    ("GPIB0::24::INSTR", LinkSettings(read_termination="\r\n"), "\r\n", "\n"),
])
def test_the_ends_of_messages_are_those_of_the_link(
    resource: str, link: LinkSettings, read: str | None, write: str,
) -> None:
    manager = Manager()
    transport = Transport(manager, resource, "it", link=link)
    assert manager.session.read_termination == read and manager.session.write_termination == write
    transport.write_bytes(b"CURV #14abcd")
    assert manager.session.calls[-1] == ("write_raw", b"CURV #14abcd" + write.encode())


def test_a_serial_port_gets_what_the_link_says_and_keeps_the_rest() -> None:
    port = SimpleNamespace(baud_rate=9600, data_bits=8, parity="as it was", stop_bits="as it was",
                           flow_control="as it was")
    set_serial_port(port, LinkSettings(baud_rate=57600, data_bits=7, parity="odd"))
    assert (port.baud_rate, port.data_bits, port.parity) == (57600, 7, constants.Parity.odd)
    assert port.stop_bits == port.flow_control == "as it was"
    set_serial_port(port, LinkSettings(stop_bits="2", flow_control="rts_cts", parity="none"))
    assert port.stop_bits == constants.StopBits.two and port.flow_control == constants.ControlFlow.rts_cts
    assert port.parity == constants.Parity.none and port.baud_rate == 57600


def test_the_bench_file_changes_single_settings_of_the_driver_s_link() -> None:
    usual = LinkSettings(read_termination="\r\n", baud_rate=57600, parity="odd")
    changed = LinkTable(baud_rate=9600, write_termination="\r").over(usual)
    assert changed == LinkSettings("\r\n", "\r", 9600, parity="odd")
    assert LinkTable().over(usual) == usual
