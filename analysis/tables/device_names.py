"""Names of columns that say what a row was measured on, or at which temperature."""

import re

from tsbench.analysis.tables.role_names import bare_name

_DEVICE = re.compile(
    r"(device|dut|sample|die|chip|wafer|sub-?site|site|module|junction|pad|crosspoint|memristor|probe)"
    r"([ _.-]*(under[ _]test|id|no|nr|number|name|label|index|#))?|bauteil|probe?n?-?(name|nr)", re.IGNORECASE)
_TEMPERATURE = re.compile(
    r"(set[ _.-]?|stage[ _.-]?|chuck[ _.-]?|sample[ _.-]?)?(temp(erature|eratur)?|t)([ _.-]?(set|stage|chuck))?",
    re.IGNORECASE)


def is_device(name: str) -> bool:
    """Return whether a column of this name names the device of each row."""
    return bool(_DEVICE.fullmatch(bare_name(name)))


def tells_apart(name: str) -> bool:
    """Return whether a column of this name says what the row was measured on, or at which temperature."""
    return is_device(name) or bool(_TEMPERATURE.fullmatch(bare_name(name)))
