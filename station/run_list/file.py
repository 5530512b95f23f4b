"""A plain list of protocols as a TOML file, read into entries.

::

    bench = "nbo2.bench.toml"     # for all; relative to this file
    device = "D1"
    fixture = { load_resistance = "4.7 kOhm" }   # for boxes and gates of [fixture.control]; the rest as in the netlist
    leave_out = ["short"]         # devices that look so get no further entries; "open" as well; [] for none

    [[protocol]]
    name = "iv_sweep"
    stop = "1.2 V"

    [[protocol]]
    name = "oscillation"
    device = "D2"                 # or bench or fixture, for this one
    bias = [2.0, 2.5, 3.0]
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tsbench.errors import ConfigurationError, TsbenchError, nearest
from tsbench.protocols import Protocol, protocol_named
from tsbench.records import Flag
from tsbench.station.bench.fixture_values import fixture_values
from tsbench.storage.codec import to_json
from tsbench.text_files import read_toml

_LARGEST = 2**20  #: [bytes] of a list
_TOP = ("bench", "device", "fixture", "leave_out", "protocol")
_CONTACTS = {"short": Flag.SHORT, "open": Flag.OPEN}


@dataclass(frozen=True)
class ListEntry:
    """One line of the list: a protocol on a device of a bench; without a protocol where it has a problem."""

    number: int  #: in the list, from 1
    name: str
    device: str
    bench: Path
    protocol: Protocol | None = None
    problem: TsbenchError | None = None
    fixture: Mapping[str, float] = field(default_factory=dict)  #: quantity -> [Ohm or F] that is set before

    @property
    def where(self) -> str:
        """How messages call it."""
        on = f" on {self.device}" if self.device else ""
        return f"protocol {self.number} ({self.name}{on})" if self.name else f"protocol {self.number}"

    def key(self) -> tuple[str, str, str, str]:
        """What makes two entries the same measurement."""
        assert self.protocol is not None
        return self.name, self.device, to_json(self.protocol.parameters()), to_json(dict(sorted(self.fixture.items())))


@dataclass(frozen=True)
class ListFile:
    """What a list says."""

    entries: tuple[ListEntry, ...]
    leave_out: Flag = Flag.SHORT  #: devices that look so get no further entries


def read_list(path: Path | str) -> ListFile:
    """Read a list; what is wrong with one entry stands in the entry.

    Raises
    ------
    ConfigurationError
        One line: the file and why it is no list.
    """
    path = Path(path)
    content = read_toml(path, "list of protocols", _LARGEST)
    for name in content:
        if name not in _TOP:
            raise ConfigurationError(f"{path}: unknown key '{name}'{nearest(name, _TOP)}")
    entries = content.get("protocol")
    if not isinstance(entries, list) or not entries:
        raise ConfigurationError(f"{path}: the list has no [[protocol]] table. Add at least one, and give it a name")
    return ListFile(
        tuple(_entry(path, number, item, content) for number, item in enumerate(entries, start=1)),
        _contacts(path, content.get("leave_out", ["short"])),
    )


def _contacts(path: Path, words: Any) -> Flag:
    found = Flag.NONE
    for word in words if isinstance(words, list) else [words]:
        if word not in _CONTACTS:
            raise ConfigurationError(f'{path}: leave_out must not contain {word!r}. Write "short", "open", both in a '
                                     'list, or []')
        found |= _CONTACTS[word]
    return found


def _entry(path: Path, number: int, item: Any, defaults: Mapping[str, Any]) -> ListEntry:
    if not isinstance(item, Mapping):
        raise ConfigurationError(f"{path}: protocol {number} is not a table. Write [[protocol]]")
    settings = dict(item)
    values = settings.pop("fixture", defaults.get("fixture", {}))
    words: dict[str, str] = {}
    missing = ""
    for key in ("name", "device", "bench"):
        word = settings.pop(key, defaults.get(key))
        good = isinstance(word, str) and bool(word) and word.isprintable()
        words[key] = str(word) if good else ""
        missing = missing or ("" if good else f'{key} is missing. Add {key} = "…"')
    entry = ListEntry(number, words["name"], words["device"], (path.parent / words["bench"]).resolve())
    try:
        if missing:
            raise ConfigurationError(missing)
        if not isinstance(values, Mapping):
            raise ConfigurationError(
                'fixture must be a table of values, for example fixture = { load_resistance = "4.7 kOhm" }')
        fixture = fixture_values(values)
        protocol = protocol_named(entry.name).parse(settings)
    except TsbenchError as error:
        return replace(entry, problem=error)
    return replace(entry, protocol=protocol, fixture=fixture)
