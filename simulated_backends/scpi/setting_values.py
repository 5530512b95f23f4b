"""The values of all settings of an instrument, in one place."""

from collections.abc import Iterator, MutableMapping
from typing import Any

from tsbench.simulated_backends.scpi.tree import KeyedValues

Place = tuple[str, tuple[Any, ...]]   #: name of a setting, and what its header captured


def _inner(key: tuple[Any, ...]) -> Any:
    return key[0] if len(key) == 1 else key


class SettingValues(MutableMapping[Place, Any]):
    """What was set, by name and key: ``values["delay", ()]``, ``values["range", ("VOLT",)]``."""

    def __init__(self) -> None:
        self.plain: dict[str, Any] = {}   #: of the settings without a key
        self._keyed: dict[str, KeyedValues] = {}

    def of(self, name: str) -> KeyedValues:
        """Return the values of one setting with a key: always the same object."""
        if name not in self._keyed:
            self._keyed[name] = KeyedValues()
        return self._keyed[name]

    def __getitem__(self, place: Place) -> Any:
        name, key = place
        if not key:
            return self.plain[name]
        held, inner = self.of(name), _inner(key)
        if inner not in held:
            raise KeyError(place)
        return held[inner]

    def __setitem__(self, place: Place, value: Any) -> None:
        name, key = place
        if key:
            self.of(name)[key] = value
        else:
            self.plain[name] = value

    def __delitem__(self, place: Place) -> None:
        name, key = place
        if key:
            del self.of(name)[_inner(key)]
        else:
            del self.plain[name]

    def __iter__(self) -> Iterator[Place]:
        for name in self.plain:
            yield name, ()
        for name, held in self._keyed.items():
            for key in held:
                yield name, key if isinstance(key, tuple) else (key,)

    def __len__(self) -> int:
        return len(self.plain) + sum(map(len, self._keyed.values()))
