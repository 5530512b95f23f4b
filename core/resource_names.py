"""One name for one instrument, however a bench file spells its VISA resource.

Spellings that differ (letter case, boards, optional parts, hexadecimal or decimal numbers, host names and
addresses, ports that are the default) come to one name; two instruments never do. Syntax of resource names:
VPP-4.3, section 4.3.1; default ports: IANA (4880 HiSLIP, 5025 SCPI raw), LXI.
"""

import ipaddress
import re
import socket
from collections.abc import Callable
from pathlib import Path

_TYPE = re.compile(r"(TCPIP|USB|GPIB|ASRL|VICP|PXI|VXI)(\d*)$", re.IGNORECASE)
_CLASSES = {"INSTR", "SOCKET", "RAW", "INTFC", "BACKPLANE", "MEMACC"}
_SPLIT = re.compile(r"::(?![^\[]*\])")  # not the colons of an IPv6 address in brackets
_HISLIP_PORT = 4880
#: ports at which the one instrument of a host is reached: SCPI raw, SCPI telnet, HiSLIP, VXI-11
_OWN_PORTS = {"5025", "5024", str(_HISLIP_PORT), "inst0"}
LOOPBACK = "127.0.0.1"


def canonical_name(resource: str, address: Callable[[str], str] | None = None) -> str:
    """Return the one name of the instrument behind a VISA resource name.

    Parameters
    ----------
    resource : str
        As in a bench file. What is no VISA resource name (an alias that the VISA library could not resolve) is
        its own name, whatever its case.
    address : callable, optional
        Returns one address for the names of a host; default: :func:`host_address`, which asks the network. A simulated
        bench is not in it.

    Returns
    -------
    str
        For example ``usb 05e6:2450 04309614``, ``lan 192.168.1.7``, ``lan 127.0.0.1 5025``, ``gpib 0 24``.
    """
    text = resource.strip()
    if serial := re.fullmatch(r"(?:ASRL)?(/.+?|COM\d+)(?:::INSTR)?", text, re.IGNORECASE):
        return _serial(serial[1])
    parts = _SPLIT.split(text)
    found = _TYPE.fullmatch(parts[0])
    if found is None:
        return f"resource {text.casefold()}"
    kind, board = found[1].upper(), str(int(found[2] or "0"))
    kind_of_session = parts[-1].upper() if parts[-1].upper() in _CLASSES else "INSTR"
    fields = parts[1:-1] if parts[-1].upper() in _CLASSES else parts[1:]
    if kind == "TCPIP" and fields:
        port = fields[1] if len(fields) > 1 else "inst0"
        return _lan((address or host_address)(fields[0]), port if kind_of_session == "SOCKET" else _device(port))
    if kind == "USB" and len(fields) >= 3:  # which interface of it, on which board, is the same instrument
        return f"usb {_number(fields[0]):04x}:{_number(fields[1]):04x} {fields[2].casefold()}"
    if kind == "GPIB" and fields:
        secondary = [str(_number(part)) for part in fields[1:] if _number(part) != 0]
        return " ".join(["gpib", board, str(_number(fields[0])), *secondary])
    if kind == "ASRL" and not fields:
        return f"serial {board}"
    return " ".join([kind.lower(), board, *fields, kind_of_session]).casefold()


def _number(text: str) -> int:
    """Return a number written as C does (0x for hexadecimal), or in decimal with leading zeros."""
    text = text.strip().lower()
    try:
        return int(text, 16) if text.startswith("0x") else int(text, 10)
    except ValueError:
        return -1


def _serial(port: str) -> str:
    """Return the name of a serial port: links such as /dev/serial/by-id/… lead to one device."""
    if port.startswith("/"):
        return f"serial {Path(port).resolve()}"
    return f"serial {int(port[3:])}"  # COM3 is ASRL3 for the VISA libraries of Windows


def _device(name: str) -> str:
    """Return the port of a LAN device name, or the name itself where it is behind a gateway."""
    device, _, port = name.casefold().partition(",")
    if device.startswith("hislip"):
        sub_address = device.removeprefix("hislip").lstrip("0")
        return f"{int(port) if port.isdigit() else _HISLIP_PORT}{f'/{sub_address}' if sub_address else ''}"
    return f"{device},{port}" if port else device


def _lan(address: str, port: str) -> str:
    """Return the name of what listens at a port; at a host of its own an instrument has several addresses.

    On this machine every port is a program of its own.
    """
    port = str(int(port)) if port.isdigit() else port.casefold()
    return f"lan {address}" if port in _OWN_PORTS and address != LOOPBACK else f"lan {address} {port}"


def host_address(host: str) -> str:
    """Return one numeric address of a host (IPv4 before IPv6; this machine is 127.0.0.1), or its name in small
    letters where it cannot be resolved.
    """
    host = host.strip().strip("[]").casefold()
    try:
        found = {str(entry[4][0]).partition("%")[0] for entry in socket.getaddrinfo(host, None)}
    except (OSError, UnicodeError):
        return host
    addresses = sorted((ipaddress.ip_address(text) for text in found), key=lambda address: (address.version, address))
    if any(address.is_loopback or address.is_unspecified or _is_here(str(address)) for address in addresses):
        return LOOPBACK
    return str(addresses[0])


def _is_here(address: str) -> bool:
    """Whether this machine has this address: only then a socket can be bound to it."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((address, 0))
    except OSError:
        return False
    return True
