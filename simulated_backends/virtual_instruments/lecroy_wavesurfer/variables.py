"""Names of the automation: which variables and methods there are, and how a path in a script leads to one."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tsbench.simulated_backends.lecroy.script import Member, Value
from tsbench.simulated_backends.virtual_instruments.lecroy_wavesurfer.scope import WaveSurferScope

_NUMBERED = re.compile(r"(c|p|viewp)([1-9])(level|coupling)?")
_COLLECTIONS = {"channels", "measure", "statistics"}  #: Channels("C1") is C1


@dataclass(frozen=True)
class Variable:
    """A control variable or a property of a result.

    Parameters
    ----------
    read : returns its value; a generator lets time pass first. None: it cannot be read
    write : sets it; may return a generator. None: it cannot be set

    Both have the scope and the number in the name (of a channel or a measurement; 0 without one).
    """

    read: Callable[[WaveSurferScope, int], Any] | None = None
    write: Callable[[WaveSurferScope, int, Value], Any] | None = None


#: has the scope, the number in the name and the arguments; returns its value, or a generator
Method = Callable[[WaveSurferScope, int, Sequence[Value]], Any]
#: in small letters, without "app"; "#" stands for the number: "acquisition.c#.verscale"
Variables = Mapping[str, Variable]
Methods = Mapping[str, Method]


@dataclass(frozen=True)
class ScriptName:
    """What a path names: a key of :data:`Variables` or :data:`Methods`, the number in it, the arguments at its end."""

    key: str
    number: int = 0
    arguments: tuple[Value, ...] = ()


def name_of(path: Sequence[Member], objects: Mapping[str, Sequence[Member]]) -> ScriptName:
    """Return what a path names.

    Parameters
    ----------
    path : as it is written
    objects : what ``set`` has named

    Raises
    ------
    ValueError
        There are arguments within the path that choose nothing.
    """
    members = expanded(path, objects)
    if len(members) > 1 and members[-1].name == "actnow":
        members = members[:-1]
    if len(members) > 1 and members[-1].name == "value" and members[-2].name != "result":
        members = members[:-1]
    parts: list[str] = []
    number = 0
    for place, member in enumerate(members):
        word = member.name
        if member.arguments and place < len(members) - 1:
            if word not in _COLLECTIONS or len(member.arguments) != 1:
                raise ValueError(f"no object: {word}")
            if not (word == "measure" and not parts):   # app.Measure("P1") is a part of Measure
                word = ""
            parts += [word] if word else []
            word = str(member.arguments[0]).lower()
        if (found := _NUMBERED.fullmatch(word)) is not None:
            word, number = f"{found[1]}#{found[3] or ''}", int(found[2])
        parts.append(word)
    return ScriptName(".".join(parts), number, members[-1].arguments if members else ())


def expanded(path: Sequence[Member], objects: Mapping[str, Sequence[Member]]) -> list[Member]:
    """Return a path from the application on, without ``app``."""
    members = list(path)
    while members and members[0].name in objects and not members[0].arguments:
        members = [*objects[members[0].name], *members[1:]]
    return members[1:] if members and members[0].name == "app" else members
