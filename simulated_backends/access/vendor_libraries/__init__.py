"""Libraries of vendors that drive instruments beside VISA, for the instruments of a world.

A driver finds one by its VISA library (``vendor_library``). Its functions have the vendor's names. Each returns the
vendor's status code, and then what the vendor's function writes to its pointers.
"""

from typing import Any

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.world.world import World, open_world


def library_of(world: World, kind: str) -> Any:
    """Return the library of a kind ("wgfmu") for the instruments of a world.

    Raises
    ------
    ConfigurationError
        There is no such library.
    """
    if kind != "wgfmu":
        raise ConfigurationError(f"tsbench simulates no vendor library '{kind}'. It simulates 'wgfmu'")
    from tsbench.simulated_backends.access.vendor_libraries.wgfmu import WgfmuLibrary  # noqa: PLC0415  it is not small

    return WgfmuLibrary(world)


def open_library(kind: str, file: str) -> Any:
    """Return the library of a kind for the instruments of a world file.

    Raises
    ------
    ConfigurationError
        There is no such library, or the world file cannot be used.
    """
    return library_of(open_world(file), kind)
