"""One instrument has one name, however it is spelt; two instruments have two."""

import socket

import pytest

from tsbench import resource_names
from tsbench.resource_names import canonical_name

SAME = [
    [
        "USB0::0x05E6::0x2450::04309614::INSTR", "USB0::0x05E6::0x2450::04309614::0::INSTR",
        "usb::0x5e6::0x2450::04309614::instr", "USB1::1510::9296::04309614::INSTR", "USB::0x05e6::0x2450::04309614",
        " USB0::0x05E6::0x2450::04309614::0::RAW ",
    ],
    ["USB0::0x0957::0x2C07::MY57800123::INSTR", "USB0::2391::11271::my57800123::0::INSTR"],
    [
        "TCPIP0::192.0.2.7::inst0::INSTR", "TCPIP::192.0.2.7", "tcpip0::192.0.2.7::INSTR",
        "TCPIP1::192.0.2.7::hislip0::INSTR", "TCPIP0::192.0.2.7::hislip0,4880::INSTR",
        "TCPIP0::192.0.2.7::5025::SOCKET", "TCPIP0::192.0.2.7::05025::socket", "TCPIP::smu.example::inst0::INSTR",
        "TCPIP::SMU.example::5025::SOCKET",
    ],
    ["TCPIP0::192.0.2.7::4001::SOCKET", "TCPIP::smu.example::4001::SOCKET"],
    [
        "TCPIP0::127.0.0.1::5025::SOCKET", "TCPIP::localhost::5025::SOCKET", "TCPIP0::127.0.0.9::5025::SOCKET",
        "TCPIP0::[::1]::5025::SOCKET", "TCPIP0::LOCALHOST::5025::SOCKET",
    ],
    ["TCPIP0::127.0.0.1::hislip0::INSTR", "TCPIP0::localhost::hislip0,4880::INSTR"],
    ["GPIB0::24::INSTR", "GPIB::24", "gpib0::024::instr", "GPIB0::24::0::INSTR"],
    ["ASRL3::INSTR", "COM3", "asrl3::instr", "ASRLCOM3::INSTR"],
]
OTHERS = [
    "USB0::0x05E6::0x2450::04309615::INSTR", "USB0::0x05E6::0x2460::04309614::INSTR", "TCPIP0::192.0.2.8::inst0::INSTR",
    "TCPIP0::192.0.2.7::4002::SOCKET", "TCPIP0::192.0.2.7::gpib0,5::INSTR", "TCPIP0::192.0.2.7::gpib0,6::INSTR",
    "TCPIP0::127.0.0.1::5027::SOCKET", "TCPIP0::127.0.0.1::hislip0,4881::INSTR", "GPIB0::23::INSTR",
    "GPIB1::24::INSTR", "GPIB0::24::2::INSTR", "ASRL4::INSTR", "source meter", "another one",
]


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = socket.getaddrinfo

    def resolve(host: str, port: None) -> list[object]:
        return list(asked({"smu.example": "192.0.2.7"}.get(host, host), port, flags=socket.AI_NUMERICHOST)) \
            if host != "localhost" else list(asked("127.0.0.1", port))

    monkeypatch.setattr(resource_names.socket, "getaddrinfo", resolve)


@pytest.mark.parametrize("spellings", SAME, ids=lambda spellings: str(spellings[0]))
def test_spellings_of_one_instrument(spellings: list[str]) -> None:
    assert len({canonical_name(spelling) for spelling in spellings}) == 1


def test_a_host_without_an_address_has_its_name_in_small_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(host: str, port: None) -> list[object]:
        raise OSError("no such host")

    monkeypatch.setattr(resource_names.socket, "getaddrinfo", fail)
    assert canonical_name("TCPIP0::Meter.Example::5025::SOCKET") == "lan meter.example"


def test_different_instruments() -> None:
    names = [canonical_name(spellings[0]) for spellings in SAME] + [canonical_name(other) for other in OTHERS]
    assert len(set(names)) == len(names)


def test_links_to_a_serial_port(tmp_path) -> None:  # type: ignore[no-untyped-def]
    port, link = tmp_path / "ttyUSB0", tmp_path / "by-id"
    port.touch()
    link.symlink_to(port)
    assert canonical_name(f"ASRL{link}::INSTR") == canonical_name(str(port))


def test_an_address_of_this_machine_is_this_machine() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        assert resource_names._is_here("127.0.0.1") and not resource_names._is_here("192.0.2.7")
