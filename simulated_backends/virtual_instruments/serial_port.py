"""The settings of an instrument's serial port, as its front panel shows them."""

from dataclasses import dataclass
from typing import Literal

Parity = Literal["none", "odd", "even", "mark", "space"]


@dataclass(frozen=True)
class SerialPort:
    """What both ends of a serial line must have in common; the defaults are those of many instruments, and of VISA.

    Parameters
    ----------
    baud_rate : [bit/s]
    data_bits : of a character
    parity : the parity bit

    Stop bits are not here: a receiver looks at the first one only. Nor is the handshake, without which a line works as
    long as the receiver is fast enough.
    """

    baud_rate: int = 9600
    data_bits: int = 8
    parity: Parity = "none"
