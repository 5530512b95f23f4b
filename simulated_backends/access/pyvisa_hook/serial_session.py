"""One VISA session on a serial port (RS-232): characters without END, no device clear, no serial poll.

What ends a message is a carriage return or a newline. What ends a reply is the instrument's affair (``serial_end``): a
session that expects another character waits in vain. ^C and ^X end what the instrument does.

A session and an instrument with another baud rate, number of data bits or parity do not understand each other: what
the session sends is lost, and so is a reply.
"""

import re
from collections.abc import Callable
from typing import Any, NoReturn

from pyvisa import constants
from pyvisa.constants import ResourceAttribute, StatusCode

from pyvisa_tsbench.session import Session
from pyvisa_tsbench.visa_call_error import VisaCallError
from tsbench.simulated_backends.scpi.long_replies import no_parts

_CLEARING = re.compile(rb"[\x03\x18]")
_NEWLINE = ord("\n")
_BITS = 10  #: of a character, with start and stop
_UNSUPPORTED = StatusCode.error_nonsupported_operation


class SerialSession(Session):
    """What a VISA session handle of a serial port stands for."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._reply_end = self.instrument.serial_end
        self.attributes |= {
            ResourceAttribute.send_end_enabled: constants.VI_FALSE,
            ResourceAttribute.asrl_baud_rate: 9600,
            ResourceAttribute.asrl_data_bits: 8,
            ResourceAttribute.asrl_parity: constants.Parity.none,
            ResourceAttribute.asrl_stop_bits: constants.StopBits.one,
            ResourceAttribute.asrl_flow_control: constants.ControlFlow.none,
            ResourceAttribute.asrl_end_in: constants.SerialTermination.termination_char,
            ResourceAttribute.asrl_end_out: constants.SerialTermination.none,
        }
        self.set_attribute(ResourceAttribute.asrl_baud_rate, self.attributes[ResourceAttribute.asrl_baud_rate])

    def _transmission(self, data: bytes) -> float:
        """Return how long characters are on their way [s]."""
        return len(data) * _BITS / float(self.attributes[ResourceAttribute.asrl_baud_rate])

    def set_attribute(self, attribute: Any, state: Any) -> None:
        """Set an attribute that can be set."""
        super().set_attribute(attribute, state)
        held, port = self.attributes, self.instrument.serial_port
        self._understood = (
            held[ResourceAttribute.asrl_baud_rate] == port.baud_rate
            and held[ResourceAttribute.asrl_data_bits] == port.data_bits
            and constants.Parity(held[ResourceAttribute.asrl_parity]).name == port.parity)

    def get_attribute(self, attribute: Any) -> Any:
        """Return an attribute; a look for characters that finds none lets the next event happen."""
        if attribute == ResourceAttribute.asrl_avalaible_number:
            self.clock.wait(self.instrument.bus_latency)
            if not self.instrument.exchange.output_ready:
                self.wait_a_little()
            return self.instrument.exchange.output_size if self._understood else 0
        return super().get_attribute(attribute)

    def write(self, data: bytes) -> int:
        """Send characters; what stands before ^C or ^X is dropped, and so is what the instrument does."""
        self.check()
        self.clock.wait(self._transmission(data))
        if not self._understood:
            return len(data)
        *cleared, rest = _CLEARING.split(data)
        if cleared:
            self._mid_response = False
            self.instrument.exchange.device_clear()
        if rest:
            super().write(rest.replace(b"\r", b"\n"))
        return len(data)

    def read(self, count: int) -> tuple[bytes, StatusCode]:
        """Read characters up to the end of a reply; time passes until there is one, or the timeout is over."""
        wanted, end = self.termchar, self._reply_end[-1]
        if not self._understood or (wanted is not None and wanted != end):
            self.let_pass(self.clock.now + self.timeout)
            raise VisaCallError(StatusCode.error_timeout)
        self.termchar = None if wanted is None else _NEWLINE
        try:
            data, status = super().read(count)
        finally:
            self.termchar = wanted
        self.clock.wait(self._transmission(data))
        if data.endswith(b"\n"):
            return data[:-1] + self._reply_end, StatusCode.success_termination_character_read
        return data, status

    def more_of_reply(self, count: int) -> tuple[bytes, StatusCode] | None:
        """Return None: each read takes its time."""
        return None

    def parts_of_reply(self, count: int) -> Callable[[], bytes]:
        """Return what reads nothing: each read takes its time."""
        return no_parts

    def clear(self) -> NoReturn:
        """Refuse a device clear: a serial port has none."""
        raise VisaCallError(_UNSUPPORTED)

    def serial_poll(self) -> NoReturn:
        """Refuse a serial poll: a serial port has none."""
        raise VisaCallError(_UNSUPPORTED)

    def trigger(self) -> NoReturn:
        """Refuse a group trigger: a serial port has none."""
        raise VisaCallError(_UNSUPPORTED)
