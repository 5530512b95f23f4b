"""The values of all settings of an instrument, in one place, and those of one setting by key.

Written by hand for speed: a command reads about ten settings, each through a :class:`KeyedValues`, a dictionary.
"""

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any, Self

Place = tuple[str, tuple[Any, ...]]   #: name of a setting, and what its header captured


def _inner(key: tuple[Any, ...]) -> Any:
    return key[0] if len(key) == 1 else key


class KeyedValues(dict[Any, Any]):
    """The values of a setting whose header captures something: ``values["VOLT"]``, ``values[2, "HIGH"]``.

    What was not set has its default. A key of one part, ``("VOLT",)``, is the part itself.
    """

    __slots__ = ("computed", "default")

    def __init__(self) -> None:
        super().__init__()
        self.default: Any = None   #: of a key that was not set
        self.computed: Callable[..., Any] | None = None   #: returns that of a key, if it differs

    def __missing__(self, key: Any) -> Any:
        if not isinstance(key, tuple):
            return self.default if self.computed is None else self.computed(key)
        if len(key) == 1 and key[0] in self:
            return self[key[0]]
        return self.default if self.computed is None else self.computed(*key)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(_inner(key) if isinstance(key, tuple) else key, value)


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

    def __ior__(self, others: Mapping[Place, Any]) -> Self:
        self.update(others)
        return self
