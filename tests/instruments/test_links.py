"""The connection to one instrument without one: endings, timeouts, pieces, locks, signs of progress, names, errors."""

import contextlib
import logging
import math
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import pyvisa
from pyvisa.constants import StatusCode

from tests.instruments.test_instrument_numbers import Session
from tsbench.errors import CommunicationError, ConfigurationError, GarbledReply, InstrumentInUse, NoReply
from tsbench.instruments.links import liveness as liveness_module
from tsbench.instruments.links import wire_trace
from tsbench.instruments.links.link_settings import LinkSettings
from tsbench.instruments.links.liveness import ProgressOfThreads
from tsbench.instruments.links.transport import Transport
from tsbench.instruments.links.visa_errors import communication_error, why_not_opened
from tsbench.instruments.links.visa_library import open_manager
from tsbench.resource_names import canonical_name

USB = "USB0::1::2::3::INSTR"
TIMEOUT = pyvisa.errors.VisaIOError(StatusCode.error_timeout)


class Manager:
    """Opens sessions that answer as told, and keeps how they were opened."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.opened: list[tuple[str, dict[str, Any], Session]] = []

    def open_resource(self, resource: str, **options: Any) -> Session:
        session = Session(**self.answers)
        self.opened.append((resource, options, session))
        return session

    @property
    def session(self) -> Session:
        return self.opened[-1][2]


class Progress:
    """Hears of every exchange."""

    def __init__(self) -> None:
        self.heard: list[float | str] = []

    def beat(self) -> None:
        self.heard.append("beat")

    def waiting(self, longest: float) -> None:
        self.heard.append(longest)

    def calling(self, longest: float, call: Any) -> None:
        self.waiting(longest)


@pytest.mark.parametrize(("resource", "ending"), [
    (USB, None), ("GPIB0::24::INSTR", None), ("TCPIP0::1.2.3.4::hislip0::INSTR", None), ("ASRL3::INSTR", "\n"),
    ("asrl3", "\n"), ("TCPIP0::1.2.3.4::5025::SOCKET", "\n"), ("tcpip0::1.2.3.4::5025::socket", "\n"),
])
def test_only_streams_need_a_character_at_the_end_of_a_reply(resource: str, ending: str | None) -> None:
    manager = Manager()
    transport = Transport(manager, resource, "meter", 2.5)
    assert manager.opened[0][:2] == (resource, {"timeout": 2500})
    assert manager.session.__dict__["read_termination"] == ending
    assert manager.session.__dict__["write_termination"] == "\n"
    assert repr(transport) == f"meter ({resource})"
    assert Transport(Manager(), USB, "meter").timeout == 3.0   # [s] where none is given


@pytest.mark.parametrize(("error", "taken"), [
    (None, False), (NotImplementedError(), False), (pyvisa.errors.VisaIOError(StatusCode.error_resource_locked), True),
    (TIMEOUT, True), (pyvisa.errors.VisaIOError(StatusCode.error_nonsupported_operation), False)])
def test_a_resource_that_another_program_has_locked_is_in_use(error: Exception | None, taken: bool) -> None:
    manager = Manager(lock_excl=error)
    if taken:
        with pytest.raises(InstrumentInUse, match=r"meter \(USB.*\) is locked by another program"):
            Transport(manager, USB, "meter", exclusive=True)
        assert ("close",) in manager.session.calls
    else:
        transport = Transport(manager, USB, "meter", exclusive=True)
        assert ("lock_excl", 500.0) in manager.session.calls
        transport.reopen()
        assert len(manager.opened) == 2 and ("lock_excl", 500.0) in manager.session.calls
    Transport(manager, USB, "meter")
    assert ("lock_excl", 500.0) not in manager.session.calls   # unless asked for


def test_messages_and_replies_as_they_are() -> None:
    replies = ["+1.5\r\n", "x" * 70, "bad\x01\n", "two\nlines\n", "tab\there\n"]
    manager = Manager(read=lambda: replies.pop(0))
    transport = Transport(manager, USB, "meter")
    assert transport.query(":READ?") == "+1.5" and ("write", ":READ?") in manager.session.calls
    with pytest.raises(GarbledReply, match=rf"the reply '{'x' * 60}' to ':READ\?' is cut off"):
        transport.read()
    for _ in range(2):
        with pytest.raises(GarbledReply, match="is garbled"):
            transport.read()
    assert transport.read() == "tab\there"
    transport.write_bytes(b":DATA #12ab")
    assert manager.session.calls[-1] == ("write_raw", b":DATA #12ab\n")


@pytest.mark.parametrize(("resource", "link", "end"), [
    ("GPIB0::12::INSTR", LinkSettings(read_termination="\r\n"), b"\r\n"),
    ("TCPIP0::1.2.3.4::7777::SOCKET", LinkSettings(read_termination="\r\n"), b"\r\n"),
    ("TCPIP0::1.2.3.4::7777::SOCKET", LinkSettings(), b"\r\n"), ("ASRL1::INSTR", LinkSettings(), b"\n"),
    ("TCPIP0::1.2.3.4::1225::SOCKET", LinkSettings("\0", "\0"), b"\0"),
])
def test_a_reply_without_the_character_that_ends_it_is_cut_off(
    resource: str, link: LinkSettings, end: bytes,
) -> None:
    """END comes early, or a VISA library returns what has come so far of a stream."""
    replies = [b"+297.012" + end, b"+297.", b"000" + end]
    transport = Transport(Manager(read_raw=lambda: replies.pop(0)), resource, "lakeshore", link=link)
    assert transport.query("KRDG? A") == "+297.012"
    with pytest.raises(GarbledReply, match=r"the reply '\+297\.' to 'KRDG\? A' is cut off"):
        transport.query("KRDG? A")
    assert transport.query("RDGST? A") == "000"


@pytest.mark.parametrize("fault", [None, NotImplementedError(), TIMEOUT])
def test_the_panel_is_given_back_where_the_interface_can(fault: Exception | None) -> None:
    manager = Manager()
    transport = Transport(manager, USB, "meter")
    transport.to_local()  # a session that cannot, as that of a socket
    modes: list[Any] = []

    def control_ren(mode: Any) -> None:
        modes.append(mode)
        if fault is not None:
            raise fault

    manager.session.control_ren = control_ren  # type: ignore[attr-defined]
    transport.to_local()
    assert modes == [pyvisa.constants.RENLineOperation.address_gtl]
    transport.close()
    transport.to_local()
    assert len(modes) == 1


class PyvisaSession(Session):
    """A session whose bytes are read as pyvisa reads them, from a library that gives at most ``most`` at once."""

    chunk_size, session, _resource_name = 20 * 1024, 1, USB
    read_bytes = pyvisa.resources.MessageBasedResource.read_bytes

    def __init__(self, data: bytes, most: int) -> None:
        super().__init__()
        self.left, self.most, self.visalib, self.sizes = data, most, self, list[int]()

    @contextlib.contextmanager
    def ignore_warning(self, *codes: Any) -> Iterator[None]:
        yield

    def read(self, session: int, size: int) -> tuple[bytes, Any]:
        self.sizes.append(size)
        part, self.left = self.left[:min(size, self.most)], self.left[min(size, self.most):]
        return part, pyvisa.constants.StatusCode.success_max_count_read


@pytest.mark.parametrize(("resource", "piece"), [(USB, 2**16), ("ASRL3::INSTR", 20 * 1024)])
@pytest.mark.parametrize("most", [10**9, 10_000])
def test_a_long_block_is_read_in_pieces_with_a_sign_of_progress_after_each(
    resource: str, piece: int, most: int,
) -> None:
    data = bytes(range(256)) * 600 + b"abc"
    session, progress = PyvisaSession(data, most), Progress()
    transport = Transport(SimpleNamespace(open_resource=lambda *_, **__: session), resource, "meter", 2.0)
    transport.liveness = progress
    assert transport.read_bytes(len(data)) == data
    assert max(session.sizes) == piece   # a slow port would not send more within the timeout
    assert progress.heard == [2.0, *(2.0 for _ in session.sizes), "beat"]
    assert transport.read_bytes(0) == b""


def test_who_watches_hears_how_long_an_act_may_take() -> None:
    progress = Progress()
    transport = Transport(Manager(read="1\n", read_stb=4), USB, "meter", 2.0)
    transport.liveness = progress
    transport.write("*CLS")
    assert transport.serial_poll() == 4
    transport.reopen()
    assert progress.heard == [2.0, "beat", 2.0, "beat", 10.0, "beat"]   # a connection may take 10 s to be made
    progress.heard.clear()
    patient = Transport(Manager(), USB, "meter", 20.0)
    patient.liveness = progress
    patient.reopen()
    assert progress.heard == [20.0, "beat"]
    progress.heard.clear()
    failing = Transport(Manager(write=TIMEOUT), USB, "meter", 2.0)
    failing.liveness = progress
    with pytest.raises(NoReply):
        failing.write("x")
    assert progress.heard == [2.0, "beat"]


def test_patience_is_shorter_meanwhile_and_never_longer() -> None:
    manager = Manager()
    transport = Transport(manager, USB, "meter", 2.0)
    with transport.timeout_at_most(0.5):
        assert (transport.timeout, manager.session.timeout) == (0.5, 500)
    assert (transport.timeout, manager.session.timeout) == (2.0, 2000)
    with transport.timeout_at_most(9.0):
        assert transport.timeout == 2.0
    transport.close()
    with transport.timeout_at_most(0.5):   # a closed connection has none to change
        assert transport.timeout == 0.5


def test_while_an_output_is_on_a_reply_has_less_time_and_half_of_it_after_silence() -> None:
    replies: list[str | Exception] = [*[TIMEOUT] * 5, *["there\n"] * 3]

    def read() -> str:
        found = replies.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    manager = Manager(read=read)
    transport = Transport(manager, USB, "scope", 3.0)
    transport.patience.hurry(1.0)
    assert transport.patience.hurried and (transport.timeout, manager.session.timeout) == (1.0, 1000)
    with pytest.raises(NoReply, match=r"in 1 s\. .* If the instrument only needs longer, set timeout_while_on"):
        transport.query(":TER?")
    assert (transport.timeout, manager.session.timeout) == (0.5, 500)
    transport.reopen()
    assert manager.opened[-1][1] == {"timeout": 500, "open_timeout": 500}
    for seconds in (0.25, 0.125, 0.125, 0.125):
        with pytest.raises(NoReply):
            transport.query("*IDN?")
        assert transport.timeout == seconds
    for _ in range(2):   # the instrument answers, but perhaps not what was asked before
        assert transport.query("*IDN?") == "there" and transport.timeout == 0.125
    assert transport.query(":TER?") == "there" and (transport.timeout, manager.session.timeout) == (1.0, 1000)
    with transport.timeout_at_most(0.3):
        assert transport.timeout == 0.3
    with transport.timeout_at_least(5.0):   # a long reply on a slow interface
        assert (transport.timeout, manager.session.timeout) == (5.0, 5000)
    assert transport.timeout == 1.0
    transport.patience.hurry(math.inf)
    assert not transport.patience.hurried and (transport.timeout, manager.session.timeout) == (3.0, 3000)


def test_every_act_is_traced_with_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    clock = iter([1.0, 1.25, 2.0, 2.5, 3.0, 3.125, 4.0, 4.5, 5.0, 6.0])
    monkeypatch.setattr("tsbench.instruments.links.transport.time", SimpleNamespace(perf_counter=lambda: next(clock)))
    monkeypatch.setattr(wire_trace, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    transport = Transport(Manager(read="7\n", read_stb=4, read_raw=b"abc", clear=TIMEOUT), USB, "meter")
    handler = Kept()
    wire_trace.WIRE.addHandler(handler)
    monkeypatch.setattr(wire_trace.WIRE, "level", logging.DEBUG)
    wire_trace.WIRE.manager._clear_cache()   # type: ignore[attr-defined]
    try:
        transport.query(":X?")
        transport.serial_poll()
        transport.read_bytes(-1)
        with pytest.raises(NoReply):
            transport.clear()
    finally:
        wire_trace.WIRE.removeHandler(handler)
        monkeypatch.undo()
        wire_trace.WIRE.manager._clear_cache()   # type: ignore[attr-defined]
    assert [line.split("\t")[:5] for line in lines[:4]] == [
        ["meter", "write", "0.250000", ":X?", ""], ["meter", "read", "0.500000", ":X?", "7"],
        ["meter", "poll", "0.125000", "serial poll", "4"], ["meter", "read", "0.500000", "serial poll", "<3 bytes>"]]
    assert lines[4].startswith("meter\tclear\t1.000000\tdevice clear\tNoReply: meter (")


def test_what_is_shown_of_long_texts() -> None:
    assert wire_trace.shortened("a" * 200) == "a" * 200
    assert wire_trace.shortened("a" * 201) == "a" * 200 + " … (1 more)"


# ----------------------------------------------------------------------------------------------- errors


@pytest.mark.parametrize(("message", "shown"), [("m" * 60, "m" * 60), ("m" * 61, "m" * 59 + "…")])
def test_a_long_message_is_quoted_in_part(message: str, shown: str) -> None:
    error = communication_error(TIMEOUT, "meter (USB)", message, 2.5)
    assert isinstance(error, NoReply) and f"did not reply to '{shown}' in 2.5 s" in str(error)
    other = communication_error(OSError("wire cut"), "meter (USB)", message, 2.5)
    assert f"the connection failed at '{shown}' (wire cut)" in str(other)


def test_kinds_of_communication_errors() -> None:
    lost = pyvisa.errors.VisaIOError(StatusCode.error_connection_lost)
    assert "(connection lost)" in str(communication_error(lost, "m", "x", 1.0))
    assert "(AssertionError)" in str(communication_error(AssertionError(), "m", "x", 1.0))
    opened = communication_error(OSError("no route"), "m", "open", 1.0)
    assert type(opened) is CommunicationError and "cannot be opened (no route)" in str(opened)
    garbled = communication_error(UnicodeDecodeError("ascii", b"\xff" * 30, 0, 1, "no"), "m", "x", 1.0)
    assert isinstance(garbled, GarbledReply) and str(b"\xff" * 20)[2:-1] + "' to 'x'" in str(garbled)


@pytest.mark.parametrize(("resource", "error", "said"), [
    ("PXI0::1", NotImplementedError(), "cannot open PXI resources (NotImplementedError)"),
    ("PXI0::1", ImportError("no module.\nmore"), "cannot open PXI resources (no module)"),
    ("USB0::1", ValueError("Please install PyUSB"), "needs PyUSB"), ("USB0::1", ValueError("other"), ""),
    ("GPIB12::1", ImportError("x"), "gpib-ctypes"), ("nonsense", pyvisa.errors.VisaIOError(
        StatusCode.error_invalid_setup), "is not a VISA resource name"), ("USB0::1", TIMEOUT, ""),
    ("USB0::1", ValueError("No Backend Available"), "libusb"),
])
def test_why_a_resource_cannot_be_opened(resource: str, error: Exception, said: str) -> None:
    found = why_not_opened(resource, error)
    assert said in found and bool(found) == bool(said)


@pytest.mark.parametrize(("library", "said"), [
    ("nowhere.world.toml@tsbench", "names the file 'nowhere.world.toml', which does not exist"),
    ("a@b@tsbench", "names the file 'a@b', which does not exist"), ("@nobackend", "cannot open @nobackend"),
])
def test_a_library_that_is_not_there(library: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        open_manager(library)


def test_the_systems_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(library: str) -> Any:
        raise OSError("none found")

    monkeypatch.setattr(pyvisa, "ResourceManager", refuse)
    with pytest.raises(ConfigurationError, match=r"cannot open the system's VISA library \(none found\)"):
        open_manager("")


@pytest.mark.parametrize(("resource", "name"), [
    ("USB0::0x05E6::0x2450::ABC::INSTR", "usb 05e6:2450 abc"), ("usb3::1510::9296::abc", "usb 05e6:2450 abc"),
    ("GPIB0::024::INSTR", "gpib 0 24"), ("GPIB1::24::3", "gpib 1 24 3"), ("GPIB0::24::0", "gpib 0 24"),
    ("ASRL7::INSTR", "serial 7"), ("COM7", "serial 7"), ("TCPIP0::192.0.2.7::inst0::INSTR", "lan 192.0.2.7"),
    ("TCPIP::192.0.2.7::hislip0,4880", "lan 192.0.2.7"), ("TCPIP::192.0.2.7::hislip0,4881", "lan 192.0.2.7 4881"),
    ("TCPIP::192.0.2.7::hislip2", "lan 192.0.2.7 4880/2"), ("TCPIP::192.0.2.7::5024::SOCKET", "lan 192.0.2.7"),
    ("TCPIP::192.0.2.7::5026::SOCKET", "lan 192.0.2.7 5026"), ("TCPIP::192.0.2.7::gpib0,5", "lan 192.0.2.7 gpib0,5"),
    ("TCPIP::127.0.0.1::5025::SOCKET", "lan 127.0.0.1 5025"), ("USB0::x::y", "usb 0 x y instr"),
    ("PXI0::3::INSTR", "pxi 0 3 instr"), ("PXI0::3", "pxi 0 3 instr"), ("PXI0::3::BACKPLANE", "pxi 0 3 backplane"),
    ("My Meter", "resource my meter"), ("USB0::0xZZ::1::s", "usb -001:0001 s"),
])
def test_one_name_for_one_instrument(resource: str, name: str) -> None:
    assert canonical_name(resource) == name


# --------------------------------------------------------------------------------------------- progress


def test_the_progress_of_threads_waits_for_the_one_that_is_furthest_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, progress = SimpleNamespace(now=100.0), Progress()
    monkeypatch.setattr(liveness_module, "time", SimpleNamespace(monotonic=lambda: clock.now))
    progress_of_threads = ProgressOfThreads(progress)
    first, second = progress_of_threads.thread(), progress_of_threads.thread()
    first.waiting(5.0)
    second.waiting(3.0)
    clock.now = 101.0
    first.beat()   # it has come further, and has to again
    clock.now = 104.0
    second.waiting(1.0)
    first.end()
    second.end()
    assert progress.heard == pytest.approx([0.0, 0.0, 0.0, 3.0, 0.0, 0.0, 1.0])


class SerialSession(Session):
    """A session on a serial port with bytes that have come."""

    bytes_in_buffer = 0

    def write_raw(self, data: bytes) -> None:
        self.calls.append(data)

    def flush(self, mask: Any) -> None:
        self.calls.append("flush")


def test_a_serial_port_has_endings_and_a_clear_of_its_own() -> None:
    link = LinkSettings(serial_termination="\r", clear_characters="\x03")
    assert link.endings(serial=True, stream=True) == ("\r", "\r")
    assert link.endings(serial=False, stream=False) == (None, "\n")
    assert link.endings(serial=False, stream=True) == ("\n", "\n")
    assert LinkSettings("\r\n", "\n", serial_termination="\r").endings(serial=True, stream=True) == ("\r\n", "\r")
    session = SerialSession()
    manager = SimpleNamespace(open_resource=lambda *_, **__: session)
    port = Transport(manager, "ASRL3::INSTR", "meter", link=link)
    assert not port.polls and not port.reply_waits()
    session.bytes_in_buffer = 1
    assert port.reply_waits()
    port.clear()
    assert session.calls[-2:] == [b"\x03", "flush"]
    with port.timeout_at_least(60.0):
        assert session.timeout == 60_000
    assert session.timeout == 3000
    assert Transport(Manager(), "GPIB0::24::INSTR", "meter", link=link).polls
