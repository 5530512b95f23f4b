"""The exception that carries a VISA status out of a call."""

from pyvisa.constants import StatusCode


class VisaCallError(Exception):
    """A VISA call fails with ``status``."""

    def __init__(self, status: StatusCode) -> None:
        self.status = status
        super().__init__(str(status))
