"""Status byte of KXCI, and its last error (4200A-SCS Reference Manual, 4200A-901-01 Rev. C, section 9).

Bit 0: data are ready. Bit 1: a command was wrong; reading the byte clears it. Bit 4: a test runs. Bit 6: service is
requested, which ``DR1`` allows for bit 0.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tsbench.simulated_backends.kxci.errors import NOT_SIMULATED, KxciError
from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.status import StatusModel

DATA_READY, SYNTAX_ERROR, BUSY = 0x01, 0x02, 0x10


@dataclass
class KxciStatus(StatusModel):
    """Status byte and last error."""

    last_error: str = ""
    data_ready: bool = False
    wrong: bool = False
    busy: Callable[[], bool] = lambda: False

    def post(self, error: ScpiError) -> None:
        """Remember what the message exchange reports: only what the simulation cannot do; a vain read is no error."""
        if error.code in (-310, -363):
            self.post_kxci(KxciError(NOT_SIMULATED, error.text or ""))

    def post_kxci(self, error: KxciError) -> None:
        """Remember an error in the place of the one before."""
        self.last_error = error.line
        self.wrong = True
        self.update()

    def clear(self) -> None:
        """Forget error and events."""
        self.last_error = ""
        self.data_ready = self.wrong = False
        self.update()

    def summary_bits(self) -> int:
        """Return the status byte without bit 6."""
        bits = (DATA_READY if self.data_ready else 0) | (SYNTAX_ERROR if self.wrong else 0)
        return bits | (BUSY if self.busy() else 0)

    def serial_poll(self) -> int:
        """Return the status byte, and withdraw the request and the syntax error."""
        bits = super().serial_poll()
        self.wrong = False
        self.update()
        return bits
