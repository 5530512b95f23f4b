"""What :mod:`benchmarks.fuzz` looks at: what an instrument does to circuit, chuck and needles, and in which unit."""

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

#: methods that change what is around an instrument, and functions that execute one unit of a message
CHANGING = (
    *(("circuit.circuit", "Circuit", name) for name in (
        "set_source", "set_resistance", "set_capacitance", "set_stage", "set_device", "set_temperature")),
    ("services.services", "BenchServices", "moved"))
#: of a message, or of one of its units. Where a unit of a language has no function of its own, one that begins it
BEGINNING = (("scpi.exchange", "MessageExchange", "_begin"), ("scpi.executing", "", "called"),
             ("lecroy.execution", "", "_resolve"))
#: generators: where one ends without an exception, the next unit begins
EXECUTING = (("flex.execution", "", "execute_command"), ("kxci.execution", "", "_execute"),
             ("virtual_instruments.line_commands", "LineInstrument", "obey"))


@dataclass(frozen=True)
class State:
    """What an instrument is set to do, and how often circuit, chuck and needles were changed until now."""

    changes: int
    set_to: Mapping[str, Any]


def place_of(module: str, kind: str) -> Any:
    """Return the module, or the class in it."""
    found = importlib.import_module(f"tsbench.simulated_backends.{module}")
    return getattr(found, kind) if kind else found


def state_of(instrument: Any) -> dict[str, Any]:
    """Return what an instrument is set to do to what is around it: relays of outputs, heaters, place of its chuck."""
    found = dict(instrument.output_states())
    for number, loop in enumerate(getattr(instrument, "loops", ()), 1):
        for name, value in vars(loop).items():
            if name != "output" and not name.startswith("_"):   # these follow the time
                found[f"{name} of heater {number}"] = list(value) if isinstance(value, list) else value
    found.update({f"limit {letter}": limit for letter, limit in getattr(instrument, "limits", {}).items()})
    if (station := getattr(instrument, "station", None)) is not None:
        found["chuck"] = (station.height, station.position)
    return found


def difference(before: State, after: State) -> str:
    """Return in words what is not as it was."""
    if found := [f"{name}: {before.set_to.get(name)} -> {value}" for name, value in after.set_to.items()
                 if before.set_to.get(name) != value]:
        return ", ".join(found)
    return f"{after.changes - before.changes} settings of the circuit, or places of a chuck"


class Setting:
    """Notes each change of a source, a relay, a device or a chuck on any bench, and tells where units begin."""

    def __init__(self) -> None:
        self.changes: list[str] = []
        self.count = 0   #: of all changes that were ever noted
        self.begin_unit: Callable[[], None] = lambda: None   #: is called where a message or a unit begins
        self._held: dict[tuple[object, str], Any] = {}
        for module, kind, name in CHANGING:
            place = place_of(module, kind)
            setattr(place, name, self._noting(getattr(place, name)))
        for module, kind, name in BEGINNING:
            place = place_of(module, kind)
            setattr(place, name, self._beginning(getattr(place, name)))
        for module, kind, name in EXECUTING:
            place = place_of(module, kind)
            setattr(place, name, self._executing(getattr(place, name)))

    def _noting(self, method: Callable[..., None]) -> Callable[..., None]:
        def act(bench: Any, name: str, value: Any, *rest: Any) -> None:
            what = f"{method.__name__} of {name}"
            if method.__name__ == "moved" or not _same(self._held.get((bench, what), self), value):
                self.changes.append(f"{what}: {value}"[:200])
                self.count += 1
            self._held[bench, what] = value
            method(bench, name, value, *rest)

        return act

    def _beginning(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def act(*arguments: Any) -> Any:
            self.begin_unit()
            return function(*arguments)

        return act

    def _executing(self, function: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
        def act(*arguments: Any) -> Iterator[Any]:
            self.begin_unit()
            result = yield from function(*arguments)
            self.begin_unit()   # of the next one, which may have no name by which it is executed
            return result

        return act


def _same(one: Any, other: Any) -> bool:
    try:
        return one is other or bool(one == other)
    except ValueError:   # arrays
        return False
