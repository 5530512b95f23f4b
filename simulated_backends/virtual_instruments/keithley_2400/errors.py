"""Errors of the 2400 family that SCPI-99 does not have (user's manual 2400S-900-01 rev. K, table B-1)."""

from tsbench.simulated_backends.scpi import errors
from tsbench.simulated_backends.scpi.errors import ScpiError

TEXTS = {
    701: "ASCII only with RS-232",
    800: "Illegal with storage active",
    801: "Insufficient vector data",
    802: "OUTPUT blocked by output enable",
    803: "Not permitted with OUTPUT off",
    806: "Expression not found",
    808: "Expression cannot be deleted",
    811: "Not an operator or number",
    822: "Too small for sense range",
    823: "Invalid with source read-back on",
    824: "Cannot exceed compliance range",
    825: "Invalid with auto-ohms on",
    826: "Attempt to exceed power limit",
    830: "Invalid with INF ARM:COUNT",
}
_EXECUTION_ERROR = 0x10


def refusal(code: int) -> ScpiError:
    """Return the error of one of the family's own numbers."""
    return ScpiError(code, text=TEXTS[code])


def event_bit(code: int) -> int:
    """Return the bit of the standard event register: of the numbers from 800 on that of an execution error."""
    return _EXECUTION_ERROR if 800 <= code < 900 else errors.event_bit(code)
