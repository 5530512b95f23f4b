"""Reading and writing text files that a user names (benches, worlds, lists, netlists): regular files only.

What is refused is refused before it is read: a device that never ends, a file too large for what it is said to be.
"""

import os
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Any

from tsbench.errors import ConfigurationError

LARGEST = 2**22  #: [bytes] of a file that a person writes
_INTEGER = 2**63  #: TOML's integers are of 64 bits
_DEEPEST = 32  #: levels of tables and arrays


def read_text(path: Path | str, what: str, largest: int = LARGEST) -> str:
    """Return the text of a file.

    Parameters
    ----------
    path : Path
    what : str
        What the file is to be, in words: "bench file".
    largest : int
        [bytes]

    Raises
    ------
    ConfigurationError
        One line: no such file, no regular file, too large, no UTF-8 text.
    """
    path = Path(path)
    if "\0" in str(path):
        raise ConfigurationError(f"cannot read {what} {str(path)!r}: a file name must not contain a NUL character")
    try:
        if path.exists() and not path.is_file():
            kind = "a folder" if path.is_dir() else "a device or a pipe"
            raise ConfigurationError(f"cannot read {what} {path}: it is {kind}")
        with path.open("rb") as file:
            content = file.read(largest + 1)
    except OSError as error:
        raise ConfigurationError(f"cannot read {what} {path}: {error.strerror or error}") from None
    if len(content) > largest:
        raise ConfigurationError(
            f"cannot read {what} {path}: it is larger than {largest / 1e6:.1f} MB, the largest size of a {what}")
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise ConfigurationError(f"cannot read {what} {path}: it is not UTF-8 text") from None


def write_text(path: Path | str, text: str, what: str) -> None:
    """Write a file as a whole: it has the text, or it is as it was before.

    Raises
    ------
    ConfigurationError
        One line: the disk is full, the folder cannot be written to.
    """
    path = Path(path)
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise ConfigurationError(
            f"cannot write {what} {path}: {error.strerror or error}. The file is as it was before") from None


def read_toml(path: Path | str, what: str, largest: int = LARGEST) -> dict[str, Any]:
    """Return the content of a TOML file.

    Parameters
    ----------
    path : of the file
    what : it is, for messages: "bench file"
    largest : [bytes]

    Raises
    ------
    ConfigurationError
        As ``read_text`` and ``parse_toml``.
    """
    return parse_toml(read_text(path, what, largest), path, what)


def parse_toml(text: str, path: Path | str, what: str) -> dict[str, Any]:
    """Return the content of a TOML text that was read from ``path``.

    Raises
    ------
    ConfigurationError
        One line that says what is not TOML, or beyond what TOML holds.
    """
    try:
        content = tomllib.loads(text)
    except RecursionError:
        raise ConfigurationError(f"{path}: this {what} has too many levels of tables or arrays") from None
    except ValueError as error:  # TOMLDecodeError, and integers of thousands of digits
        reason = str(error).partition(";")[0] if "digits" in str(error) else str(error)
        raise ConfigurationError(f"{path} is not valid TOML: {reason}") from None
    _require_sane(path, content)
    return content


def _require_sane(path: Path | str, content: dict[str, Any]) -> None:
    waiting: list[tuple[str, Any, int]] = [("", content, 0)]
    while waiting:
        name, value, depth = waiting.pop()
        if depth > _DEEPEST:
            raise ConfigurationError(f"{path}: '{name[:60]}' has more than {_DEEPEST} levels of tables or arrays")
        if isinstance(value, str) and "\0" in value:
            raise ConfigurationError(f"{path}: {name[:60]} contains a NUL character. Remove it")
        if isinstance(value, int) and not -_INTEGER <= value < _INTEGER:
            raise ConfigurationError(
                f"{path}: {name[:60]} is an integer of more than 64 bits. Write it with a decimal point")
        if isinstance(value, dict):
            waiting += [(f"{name}.{key}" if name else str(key), item, depth + 1) for key, item in value.items()]
        elif isinstance(value, list):
            waiting += [(name, item, depth + 1) for item in value]
