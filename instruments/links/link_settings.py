"""How the bytes of one instrument travel, where VISA does not know it by itself: terminators, serial port."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

DEFAULT_TIMEOUT = 3.0  #: [s] for one reply; whatever takes longer is started, polled and fetched
#: [s] for one reply while an output of another instrument is on, which stays on meanwhile
DEFAULT_TIMEOUT_WHILE_ON = 1.0
Parity = Literal["none", "odd", "even", "mark", "space"]
StopBits = Literal["1", "1.5", "2"]
FlowControl = Literal["none", "xon_xoff", "rts_cts", "dtr_dsr"]
#: word -> VISA's number (VPP-4.3.2, section 3.1.3: VI_ATTR_ASRL_PARITY, _STOP_BITS, _FLOW_CNTRL)
_PARITY: Mapping[Parity, int] = {"none": 0, "odd": 1, "even": 2, "mark": 3, "space": 4}
_STOP_BITS: Mapping[StopBits, int] = {"1": 10, "1.5": 15, "2": 20}
_FLOW_CONTROL: Mapping[FlowControl, int] = {"none": 0, "xon_xoff": 1, "rts_cts": 2, "dtr_dsr": 4}


@dataclass(frozen=True)
class LinkSettings:
    """Settings of a link; None: as VISA or the interface has it.

    Parameters
    ----------
    read_termination : ends a reply; None: a newline on serial ports and sockets, END elsewhere
    write_termination : ends a message
    baud_rate : of a serial port [bit/s]
    data_bits, parity, stop_bits, flow_control : of a serial port
    serial_termination : ends messages and replies on a serial port, if it differs from that of the other interfaces
    clear_characters : characters that stop the instrument on a serial port, which has no device clear
    socket_termination : ends replies on a socket, if it differs from that of the other interfaces
    """

    read_termination: str | None = None
    write_termination: str = "\n"
    baud_rate: int | None = None
    data_bits: int | None = None
    parity: Parity | None = None
    stop_bits: StopBits | None = None
    flow_control: FlowControl | None = None
    serial_termination: str | None = None
    clear_characters: str = ""
    socket_termination: str | None = None

    def endings(self, serial: bool, stream: bool) -> tuple[str | None, str]:
        """Return what ends a reply (None: END) and a message.

        Parameters
        ----------
        serial : on a serial port
        stream : on an interface without END: a serial port or a socket
        """
        here = self.serial_termination if serial else self.socket_termination if stream else None
        write = here if here and serial and self.write_termination == "\n" else self.write_termination
        return self.read_termination or here or ("\n" if stream else None), write

    def serial_port_in_words(self) -> str:
        """Return the settings of a serial port in words; what is None is as VISA has it.

        VISA's are 9600 bit/s, 8 data bits, no parity, 1 stop bit and no handshake (VPP-4.3, VI_ATTR_ASRL attributes).
        """
        stop_bits, end = self.stop_bits or "1", self.endings(serial=True, stream=True)[0] or ""
        shown = "".join({"\r": "CR", "\n": "LF"}.get(one, repr(one)) for one in end)
        return (f"{self.baud_rate or 9600} bit/s, {self.data_bits or 8} data bits, parity {self.parity or 'none'}, "
                f"{stop_bits} stop bit{'' if stop_bits == '1' else 's'}, flow control {self.flow_control or 'none'}, "
                f"{shown} at the end of a reply")


USUAL_LINK = LinkSettings()


def set_serial_port(session: Any, link: LinkSettings) -> None:
    """Give an open serial session of pyvisa the settings of a link; what is None stays as it is."""
    from pyvisa import constants  # noqa: PLC0415  declarations of drivers, which hold settings, need no VISA

    if link.baud_rate is not None:
        session.baud_rate = link.baud_rate
    if link.data_bits is not None:
        session.data_bits = link.data_bits
    if link.parity is not None:
        session.parity = constants.Parity(_PARITY[link.parity])
    if link.stop_bits is not None:
        session.stop_bits = constants.StopBits(_STOP_BITS[link.stop_bits])
    if link.flow_control is not None:
        session.flow_control = constants.ControlFlow(_FLOW_CONTROL[link.flow_control])
