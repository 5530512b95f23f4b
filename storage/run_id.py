"""Identifiers of runs: they sort by time, contain protocol and device, and are valid file names on every system."""

import datetime
import re
import secrets

from tsbench.errors import ConfigurationError

_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+@ -]*(/[A-Za-z0-9][A-Za-z0-9_.+@ -]*)*")
_LONGEST = 80


def now() -> datetime.datetime:
    """Return the time in UTC."""
    return datetime.datetime.now(datetime.UTC)


def timestamp(moment: datetime.datetime | None = None) -> str:
    """Return ISO 8601 with milliseconds and offset."""
    return (moment or now()).isoformat(timespec="milliseconds")


def new_run_id(protocol: str, device: str, moment: datetime.datetime | None = None) -> str:
    """Return ``20261124T231721123Z-iv_sweep-D1-3fa9c1``.

    Raises
    ------
    ConfigurationError
        The device's name cannot be part of a file name ("/" between its parts is welcome).
    """
    stamp = (moment or now()).astimezone(datetime.UTC)
    time = f"{stamp:%Y%m%dT%H%M%S}{stamp.microsecond // 1000:03d}Z"
    return f"{time}-{file_part(protocol)}-{file_part(device)}-{secrets.token_hex(3)}"


def file_part(name: str) -> str:
    """Return a device's or protocol's name as part of a file name, "/" and spaces as "-"."""
    if len(name) > _LONGEST or not _SAFE.fullmatch(name) or ".." in name:
        raise ConfigurationError(
            f"device name {name!r} cannot be part of a file name. Use letters, digits, '_', '-', '.', '+', '@', and "
            f"'/' between parts. The name may have at most {_LONGEST} characters, and each part must begin with a "
            "letter or digit"
        )
    return name.replace("/", "-").replace(" ", "-").rstrip(".")


def parts_of(text: str) -> tuple[datetime.datetime, str] | None:
    """Return when the run of an identifier began, to the millisecond, and its protocol and device, ``iv_sweep-D1``.

    None where the text is not made like the identifier of a run (:func:`new_run_id`).
    """
    found = re.fullmatch(r"(\d{8}T\d{6})(\d{3})Z-([A-Za-z0-9_.+@-]+)-[0-9a-f]{6}", text)
    if found is None:
        return None
    second, milliseconds, name = found.groups()
    try:
        began = datetime.datetime.strptime(second, "%Y%m%dT%H%M%S").replace(tzinfo=datetime.UTC)
    except ValueError:   # the 31st of February
        return None
    return began.replace(microsecond=1000 * int(milliseconds)), name


def check(identifier: str) -> None:
    """Raise ConfigurationError where a run's identifier would lead out of its directory."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.+@-]{0,199}", identifier) or ".." in identifier:
        raise ConfigurationError(f"run identifier {identifier!r} cannot be a file name")
