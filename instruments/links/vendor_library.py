"""Libraries of vendors beside VISA: the simulated bench has its own, on hardware it is a shared library (ctypes).

Both are called alike: ``library.NAME(inputs...)`` returns the status code, and then what the function writes to its
pointers.
"""

import ctypes
import sys
from collections.abc import Callable, Mapping
from typing import Any

from tsbench.errors import ConfigurationError

#: of the letters of a prototype: what a function takes by value
_INPUTS: Mapping[str, Any] = {"s": ctypes.c_char_p, "i": ctypes.c_int, "d": ctypes.c_double}
#: single values that it writes
_OUTPUTS: Mapping[str, Any] = {"I": ctypes.c_int, "D": ctypes.c_double}
#: arrays that it writes, whose size is the argument "N"
_ARRAYS: Mapping[str, Any] = {"A": ctypes.c_double, "L": ctypes.c_int}


def open_vendor_library(kind: str, file: str, connection: Any, prototypes: Mapping[str, str]) -> Any:
    """Open a vendor's library.

    Parameters
    ----------
    kind : as the simulated bench names it: "wgfmu"
    file : name or path of the shared library
    connection : Transport, whose VISA library may be a simulated bench
    prototypes : the letters of the arguments by function: "s" text, "i" whole number, "d" number; written by the
        function: "I", "D"; "N" a size (read and written), "A" numbers, "L" whole numbers and "T" text of that size

    Raises
    ------
    ConfigurationError
        There is no such library.
    """
    simulated = getattr(getattr(getattr(connection, "manager", None), "visalib", None), "vendor_library", None)
    if simulated is not None:
        return simulated(kind)
    loader: Any = getattr(ctypes, "WinDLL", ctypes.CDLL) if sys.platform == "win32" else ctypes.CDLL
    try:
        return SharedLibrary(loader(file), prototypes)
    except OSError as error:
        raise ConfigurationError(
            f"cannot load the library {file} ({error}). Install the vendor's software, or write the path of the "
            "library into the bench file") from None


class SharedLibrary:
    """A shared library whose functions are called without pointers.

    Parameters
    ----------
    loaded : ctypes.CDLL
    prototypes : see :func:`open_vendor_library`
    """

    def __init__(self, loaded: Any, prototypes: Mapping[str, str]) -> None:
        self._loaded = loaded
        self._prototypes = prototypes

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in self._prototypes:
            raise AttributeError(f"tsbench calls no function {name}")
        letters, function = self._prototypes[name], getattr(self._loaded, name)

        def call(*given: Any) -> Any:
            arguments, outputs = _arguments(letters, given)
            status = int(function(*arguments))
            return (status, *_values(outputs)) if outputs else status

        return call


def _arguments(letters: str, given: tuple[Any, ...]) -> tuple[list[Any], list[tuple[str, Any]]]:
    """Return the arguments as ctypes wants them, and those among them that are written."""
    values = iter(given)
    inputs: list[Any] = [next(values) if letter in _INPUTS or letter == "N" else None for letter in letters]
    size = next((int(value) for letter, value in zip(letters, inputs, strict=True) if letter == "N"), 0)
    arguments: list[Any] = []
    outputs: list[tuple[str, Any]] = []
    for letter, value in zip(letters, inputs, strict=True):
        if letter in _INPUTS:
            arguments.append(_INPUTS[letter](value.encode() if letter == "s" else value))
            continue
        if letter == "N":
            written: Any = ctypes.c_int(size)
        elif letter == "T":
            written = ctypes.create_string_buffer(size + 1)
        else:
            written = _OUTPUTS[letter]() if letter in _OUTPUTS else (_ARRAYS[letter] * max(size, 1))()
        outputs.append((letter, written))
        arguments.append(written if letter in _ARRAYS or letter == "T" else ctypes.byref(written))
    return arguments, outputs


def _values(outputs: list[tuple[str, Any]]) -> list[Any]:
    size = next((int(written.value) for letter, written in outputs if letter == "N"), 0)
    found: list[Any] = []
    for letter, written in outputs:
        if letter in _ARRAYS:
            found.append(list(written[:size]))
        else:
            found.append(written.value.decode("latin-1") if letter == "T" else written.value)
    return found
