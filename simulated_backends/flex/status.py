"""Status byte of a FLEX instrument (B1500A/B1505A Programming Guide edition 11, p. 1-56).

Bit 0: unread data or reply. Bit 1: waiting. Bit 3: interlock open. Bit 4: set ready. Bit 5: an error has occurred.
Bit 6: service is requested. A serial poll clears bits 3 and 5 that are not masked.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from tsbench.simulated_backends.flex.errors import NOT_SIMULATED, FlexError, FlexErrors
from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.status import StatusModel

DATA_READY, WAITING, INTERLOCK_OPEN, SET_READY, ERROR_OCCURRED = 0x01, 0x02, 0x08, 0x10, 0x20
#: what the message exchange reports by numbers of SCPI; a read without a query just times out
_OF_THE_EXCHANGE = {-363: FlexError(150), -310: FlexError(NOT_SIMULATED)}


@dataclass
class FlexStatus(StatusModel):
    """Status byte and errors."""

    flex_errors: FlexErrors = field(default_factory=FlexErrors)
    data_ready: Callable[[], bool] = lambda: False
    busy: bool = False  #: a command is being executed
    waiting: bool = False  #: for a trigger or a pause to end
    interlock_opened: bool = False
    error_occurred: bool = False

    def post(self, error: ScpiError) -> None:
        """Remember what the message exchange reports."""
        if error.code in _OF_THE_EXCHANGE:
            known = _OF_THE_EXCHANGE[error.code]
            self.post_flex(FlexError(known.code, error.text or ""))

    def post_flex(self, error: FlexError) -> None:
        """Remember an error and set its bit."""
        self.flex_errors.add(error)
        self.error_occurred = True
        self.update()

    def clear(self) -> None:
        """Forget errors and events."""
        self.flex_errors.clear()
        self.error_occurred = self.interlock_opened = self.waiting = False
        self.update()

    def errors_read(self) -> None:
        """``ERR?`` or ``ERRX?`` came: bit 5 is withdrawn."""
        self.error_occurred = False
        self.update()

    def summary_bits(self) -> int:
        """Return the status byte without bit 6."""
        bits = (DATA_READY if self.data_ready() else 0) | (WAITING if self.waiting else 0)
        bits |= (INTERLOCK_OPEN if self.interlock_opened else 0) | (0 if self.busy else SET_READY)
        return bits | (ERROR_OCCURRED if self.error_occurred else 0)

    def serial_poll(self) -> int:
        """Return the status byte, withdraw the request and the events that may request service."""
        bits = super().serial_poll()
        if self.service_enable & INTERLOCK_OPEN:
            self.interlock_opened = False
        if self.service_enable & ERROR_OCCURRED:
            self.error_occurred = False
        self.update()
        return bits
