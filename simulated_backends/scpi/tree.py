"""Declares the commands of an instrument: methods, settings, and the command tables that hold them.

::

    class Meter(MessageDevice):
        delay = Setting("[:SOURce]:DELay", Number("s", 0, 1e4), default=0.0, change="_delay_changed")
        level = Setting(":SOURce<1-2>:{VOLTage|CURRent}[:LEVel][:IMMediate]", Number(), default=0.0)

        @command(":TRACe:DATA?", Integer(1), Integer(1), Optional(Text()))
        def trace_data(self, first, last, buffer="defbuffer1"):
            return "1.5"

Pattern language: ``VOLTage`` long form with its short form in capitals; ``[...]`` optional nodes; ``<n>`` a
numeric suffix (``<1-4>`` with its range; absent means the lowest); ``{A|B}`` alternatives; ``?`` a query.
Suffixes and alternatives are captured and become the first arguments of the method, or the key of the setting
(``self.level[2, "VOLT"]``). Any node accepts the suffix 1.

An instrument with many commands holds one :class:`CommandTable` for each subsystem::

    class SourceCommands(CommandTable):
        delay = Setting("[:SOURce]:DELay", Number("s", 0, 1e4), default=0.0)

    class Meter(MessageDevice):
        source = Subsystem(SourceCommands)
"""

import functools
import operator
from collections.abc import Callable, Iterator, MutableMapping
from typing import Any, Generic, Self, TypeVar, overload

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.headers import CommandTree, HeaderEntry
from tsbench.simulated_backends.scpi.parameters import Parameter, parse_arguments, text_of
from tsbench.simulated_backends.scpi.status import StatusModel
from tsbench.simulated_backends.scpi.syntax import WHITE, capitals
from tsbench.simulated_backends.services.clock import BenchClock

T = TypeVar("T")
Place = tuple[str, tuple[Any, ...]]   #: name of a setting, and what its header captured


def command(pattern: str, *parameters: Parameter) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a method as the command (or query, ``?``) of ``pattern``; may be stacked for several patterns.

    The method gets what the header captured, then the converted arguments. A query returns its reply as
    ``str`` or ``bytes``. It may be a generator: ``yield 0.02`` lets 20 ms of bench time pass, ``yield IDLE``
    waits until no overlapped operation is pending; other instruments go on meanwhile.
    """

    def mark(method: Callable[..., Any]) -> Callable[..., Any]:
        declared = method.__dict__.setdefault("__scpi__", [])
        declared.append((pattern, parameters))
        return method

    return mark


def _inner(key: tuple[Any, ...]) -> Any:
    """Return a key of several parts as it is, and of a key of one part this part."""
    return key[0] if len(key) == 1 else key


class KeyedValues(dict[Any, Any]):
    """The values of a setting whose header captures something: ``values["VOLT"]``, ``values[2, "HIGH"]``.

    It is a dictionary for speed: a command reads about ten settings. A key that was not set has the default. A key of
    one part, ``("VOLT",)``, is the part itself.
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
        self.keyed: dict[str, KeyedValues] = {}   #: of the settings with a key, by name

    def of(self, name: str) -> KeyedValues:
        """Return the values of one setting with a key: always the same object."""
        if name not in self.keyed:
            self.keyed[name] = KeyedValues()
        return self.keyed[name]

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
        for name, held in self.keyed.items():
            for key in held:
                yield name, key if isinstance(key, tuple) else (key,)

    def __len__(self) -> int:
        return len(self.plain) + sum(map(len, self.keyed.values()))


class Setting:
    """A value that a command sets and its query returns, back to ``default`` at ``*RST``.

    The instrument holds it in ``setting_values``, or a part of the instrument does, as plain state.

    Parameters
    ----------
    pattern : str
        Header without ``?``; ``also`` has further spellings.
    parameter : Parameter
        What it may be.
    default : Any
        Value, or callable ``(owner, *key)``. The owner is the instrument, or the command table that declares the
        setting.
    coerce : str, optional
        Method ``(*key, value) -> value`` that may round, refuse (ScpiError) or replace a new value.
    change : str, optional
        Method ``(*key)`` called after a new value is stored by a command; may be a generator. ``"output.refresh"`` is
        that of a part of the instrument.
    reset : bool
        False: ``*RST`` leaves it.
    part : str, optional
        Name of the part that holds the value in a field of this setting's name (of each key, if the header captures
        something). ``*RST`` is then the part's own affair. Where the field is None, ``default`` answers the query. In
        Python, the setting is the field itself: None, or the mapping of all keys.
    """

    def __init__(
        self,
        pattern: str,
        parameter: Parameter,
        default: Any = None,
        *,
        coerce: str = "",
        change: str = "",
        reset: bool = True,
        also: tuple[str, ...] = (),
        part: str = "",
    ) -> None:
        self.patterns = (pattern, *also)
        self.parameter = parameter
        self.default = default
        self._computed = callable(default)
        self.coerce = coerce
        self._changed = operator.attrgetter(change) if change else None
        self.reset = reset
        self.part = part
        self.keyed = any("<" in p or "{" in p for p in self.patterns)
        self.name = ""

    def __set_name__(self, declaring: type, name: str) -> None:
        self.name = name

    def __get__(self, owner: Any, declaring: type) -> Any:
        if owner is None:
            return self
        if self.part:
            return getattr(getattr(owner, self.part), self.name)
        if not self.keyed:
            return self.value(owner, ())
        held: dict[str, Any] = owner.__dict__
        return held[self.name] if self.name in held else self._held(owner)

    def _held(self, owner: Any) -> KeyedValues:
        """Return the values of all keys, and let the owner keep them: settings are read several times in a command."""
        values: KeyedValues = owner.setting_values.of(self.name)
        if self._computed:
            values.computed = functools.partial(self.default, owner)
        else:
            values.default = self.default
        owner.__dict__[self.name] = values
        return values

    def __set__(self, owner: Any, value: Any) -> None:
        if self.keyed:
            raise AttributeError(f"{self.name} has a key: use {self.name}[key] = value")
        self.store(owner, (), value)

    def value(self, owner: Any, key: tuple[Any, ...]) -> Any:
        """Return the present value of one key."""
        if self.part:
            held = getattr(getattr(owner, self.part), self.name)
            if (found := held[key[0]] if key else held) is not None:
                return found
        elif self.keyed:
            return self.__get__(owner, type(owner))[_inner(key)]
        elif self.name in owner.setting_values.plain:
            return owner.setting_values.plain[self.name]
        return self.default(owner, *key) if self._computed else self.default

    def store(self, owner: Any, key: tuple[Any, ...], value: Any) -> None:
        """Replace the value of one key."""
        if self.part:
            if key:
                getattr(getattr(owner, self.part), self.name)[key[0]] = value
            else:
                setattr(getattr(owner, self.part), self.name, value)
        elif self.keyed:
            self.__get__(owner, type(owner))[key] = value
        else:
            owner.setting_values.plain[self.name] = value

    def write(self, owner: Any, key: tuple[Any, ...], raw: list[bytes]) -> Any:
        """Carry out the command form."""
        (value,) = parse_arguments((self.parameter,), raw, owner, key)
        if self.coerce:
            value = getattr(owner, self.coerce)(*key, value)
        self.store(owner, key, value)
        return self._changed(owner)(*key) if self._changed is not None else None

    def query(self, owner: Any, key: tuple[Any, ...], raw: list[bytes]) -> Any:
        """Carry out the query form, with MIN, MAX or DEF where the parameter has them."""
        if len(raw) > 1:
            raise ScpiError(-108)
        if raw:
            value = self.parameter.special(capitals(text_of(raw[0])), owner, key)
        else:
            value = self.value(owner, key)
        return self.parameter.format(value, owner)


class CommandTable:
    """The commands and settings of one subsystem, such as SOURce: a part that an instrument holds.

    Commands, bounds of parameters and the strings of settings are looked up in the table, not in the instrument. The
    values of all settings of an instrument are in one place, so the names of settings differ from table to table.

    Parameters
    ----------
    instrument : MessageDevice
        Holds the table.
    """

    def __init__(self, instrument: Any) -> None:
        self.setting_values: SettingValues = instrument.setting_values
        self.clock: BenchClock = instrument.clock
        self.status: StatusModel = instrument.status
        # how the model writes numbers, and its error queue: the table's own by these names, for parameters
        self.format_number: Callable[[float], str] = instrument.format_number
        self.format_integer: Callable[[int], str] = instrument.format_integer
        self.post_error: Callable[..., None] = instrument.post_error


class Subsystem(Generic[T]):
    """Declares in the class of an instrument that it holds a command table.

    The table is made when it is first used: by the first command of the table, or by the first line of the instrument
    that names it. If the table reads a member of the instrument when it is made (``self.output = meter.output``), the
    instrument must have this member before that.

    Parameters
    ----------
    kind : type
        A :class:`CommandTable`.
    make : callable, optional
        Makes the table of an instrument. Default: ``kind`` itself, called with the instrument.
    """

    def __init__(self, kind: type[T], make: Callable[[Any], T] | None = None) -> None:
        self.kind = kind
        self._make: Callable[[Any], T] = make or kind
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instrument: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instrument: object, owner: type) -> T: ...
    def __get__(self, instrument: object, owner: type) -> Any:
        if instrument is None:
            return self
        made = self._make(instrument)
        setattr(instrument, self.name, made)   # found without this method from now on
        return made


def _method_call(method: Callable[..., Any], parameters: tuple[Parameter, ...]) -> Callable[..., Any]:
    may_be_bare = all(parameter.optional and not parameter.many for parameter in parameters)
    only = parameters[0].parse if len(parameters) == 1 and not parameters[0].many else None

    def call(owner: Any, key: tuple[Any, ...], raw: list[bytes]) -> Any:
        if may_be_bare and not raw:   # most queries
            return method(owner, *key)
        if only is not None and len(raw) == 1 and raw[0].strip(WHITE):   # most settings
            return method(owner, *key, only(raw[0], owner, key))
        return method(owner, *key, *parse_arguments(parameters, raw, owner, key))

    return call


def _members(cls: type) -> dict[str, Any]:
    """Return what ``cls`` and its bases declare, by name (a subclass's name replaces a base's)."""
    members: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        members.update(vars(base))
    return members


def declared(cls: type, place: str = "") -> Iterator[tuple[str, HeaderEntry]]:
    """Yield each pattern that ``cls``, its bases and its tables declare, with what it leads to.

    ``place`` is the attribute of the instrument that holds the table ``cls``; empty for the instrument itself.
    """
    table = operator.attrgetter(place) if place else None
    for name, member in _members(cls).items():
        if isinstance(member, Subsystem):
            yield from declared(member.kind, f"{place}.{name}" if place else name)
        if isinstance(member, Setting):
            for pattern in member.patterns:
                yield pattern, HeaderEntry(member.write, name, table, pattern)
                yield pattern + "?", HeaderEntry(member.query, name, table, pattern + "?")
        for pattern, parameters in getattr(member, "__scpi__", ()):
            yield pattern, HeaderEntry(_method_call(member, parameters), name, table, pattern)


def build_tree(cls: type, any_length: bool = False) -> CommandTree:
    """Collect the commands and settings that ``cls``, its bases and its command tables declare.

    ``any_length``: as of :class:`CommandTree`.

    Raises
    ------
    TypeError
        Two settings have the same name, in different tables.
    """
    settings_of(cls)
    tree = CommandTree(any_length)
    for pattern, entry in declared(cls):
        tree.add(pattern, entry)
    return tree


def settings_of(cls: type) -> dict[str, Setting]:
    """Return the settings that ``cls``, its bases and its command tables declare, by name.

    Raises
    ------
    TypeError
        Two settings have the same name, in different tables.
    """
    members = _members(cls)
    found = {name: member for name, member in members.items() if isinstance(member, Setting)}
    for table in (member for member in members.values() if isinstance(member, Subsystem)):
        there = settings_of(table.kind)
        if twice := found.keys() & there:
            raise TypeError(f"{cls.__name__} has two settings with the name {min(twice)!r}")
        found |= there
    return found
