"""VISA libraries: opening one, and which resources it sees."""

import contextlib
from pathlib import Path
from typing import Any

import pyvisa

from tsbench.errors import ConfigurationError


def open_manager(library: str, where: str = "visa_library in the bench file") -> Any:
    """Open a VISA library: "" the system's, ``"@py"`` pyvisa-py, ``"file@backend"`` a backend with a file.

    ``where`` is where the user has written it, for messages.

    Raises
    ------
    ConfigurationError
        There is no such library or backend, or it refuses its file.
    """
    shown = library or "the system's VISA library"
    if "@" in library:
        file = library.rsplit("@", 1)[0]
        if file and not Path(file).exists():
            raise ConfigurationError(
                f"visa_library '{library}' names the file '{file}', which does not exist. Correct {where}"
            )
    try:
        return pyvisa.ResourceManager(library)
    except (OSError, ValueError, pyvisa.errors.Error) as error:
        raise ConfigurationError(
            f"cannot open {shown} ({error}). Check {where}"
        ) from error


def list_resources(manager: Any) -> list[str]:
    """Return the resource names that the library sees (empty where it cannot look)."""
    try:
        return sorted(manager.list_resources("?*"))
    except (pyvisa.errors.Error, OSError, ValueError, NotImplementedError):
        return []


def full_name(manager: Any, resource: str) -> str:
    """Return the resource name behind an alias of the VISA library; what is no alias stays as it is."""
    if "::" in resource:
        return resource
    with contextlib.suppress(pyvisa.errors.Error, OSError, ValueError, NotImplementedError):
        return str(manager.resource_info(resource).resource_name or resource)
    return resource
