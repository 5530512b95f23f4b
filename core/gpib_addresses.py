"""The addresses that a GPIB can have, for the resource names of bench files and of world files."""

import re
from typing import Annotated

from pydantic import AfterValidator

#: of a primary and of a secondary address (VPP-4.3, attributes VI_ATTR_GPIB_PRIMARY_ADDR and _SECONDARY_ADDR)
HIGHEST = 30
_SECONDARY_BYTES = 96  #: a secondary address is on the bus as this number plus itself (IEEE 488.1)
_GPIB = re.compile(r"\s*GPIB\d*::(\d+)(?:::(\d+))?(?:::INSTR)?\s*", re.IGNORECASE)


def require_gpib_address(resource: str) -> str:
    """Return a VISA resource name as it is; ValueError if it is a GPIB address that no instrument can have."""
    found = _GPIB.fullmatch(resource)
    if found is None:
        return resource
    primary, secondary = int(found[1]), int(found[2] or 0)
    if primary > HIGHEST:
        raise ValueError(f"{resource} has the GPIB address {primary}, but a GPIB address is 0 to {HIGHEST}. Write the "
                         "address that the instrument shows")
    if secondary > HIGHEST:
        number = secondary - _SECONDARY_BYTES
        raise ValueError(
            f"{resource} has the secondary GPIB address {secondary}, but in a VISA resource name it is 0 to {HIGHEST}. "
            + (f"Write {number}, which is {secondary} on the bus" if 0 <= number <= HIGHEST
               else "Write the secondary address that the instrument shows"))
    return resource


#: a resource name in a table; only what is a GPIB address is checked
GpibCheckedResource = Annotated[str, AfterValidator(require_gpib_address)]
