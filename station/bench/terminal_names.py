"""Which terminals a bench file may name, and the one name of a terminal that it names in two ways."""

from collections.abc import Iterator, Mapping
from typing import Any

from tsbench.errors import ConfigurationError
from tsbench.instruments.driver import SOURCES, DriverDeclaration
from tsbench.instruments.registry import entry
from tsbench.station.bench.bench_tables import BenchTable, FixtureTable

#: role of the protocols of tsbench -> the kinds of instrument that it may have
ROLE_KINDS: Mapping[str, tuple[str, ...]] = {
    "drive": ("source meter",), "pulser": ("pulse generator", "pulse measure unit"),
    "bias": ("pulse generator", "source meter"), "scope": ("oscilloscope",),
}


def with_article(kind: str) -> str:
    """Return a kind of instrument with its article: ``"an oscilloscope"``."""
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def require_terminal(declared: DriverDeclaration, where: str, terminal: str) -> None:
    """Raise ConfigurationError unless an instrument with this driver may have a terminal of this name."""
    _, dot, channel = terminal.partition(".")
    if not dot:
        return
    single = declared.kind == "source meter" and not (declared.terminal or declared.channels or declared.terminals)
    if single:   # the instrument is its only output
        raise ConfigurationError(
            f"{where}: '{terminal}' names a channel, but a {declared.name} has only one output. Write "
            f"'{terminal.partition('.')[0]}'")
    if declared.kind == "decade box":
        raise ConfigurationError(
            f"{where}: '{terminal}' names a channel, but a {declared.name} has none. A decade box is an element of the "
            "netlist. Write its element into [fixture.control], and remove this line")
    if not (channel and declared.kinds_of(channel)) or (channel.isdigit() and channel != str(int(channel) or "")):
        raise ConfigurationError(
            f"{where}: '{terminal}' must be an instrument's name, a dot and a channel. The channels of "
            f"{declared.name} are {declared.channel_names()}")


def channel_of_instrument(table: BenchTable, channel: str) -> str:
    """Return a channel such as ``"scope.1"``, which an instrument or a role names, by the name of the instrument."""
    name, _, number = channel.partition(".")
    instrument = name if name in table.instruments else table.roles.get(name, "").partition(".")[0]
    return f"{instrument}.{number}"


def require_role_kind(role: str, terminal: str, table: BenchTable) -> None:
    """Raise ConfigurationError where an instrument cannot do what the protocols of tsbench ask of its role."""
    name, _, channel = terminal.partition(".")
    found, needed = entry(table.instruments[name].driver).kinds_of(channel), ROLE_KINDS.get(role)
    if needed is not None and not set(found) & set(needed):
        raise ConfigurationError(
            f"role '{role}' must be {' or '.join(map(with_article, needed))}, but '{terminal}' is "
            f"{' and '.join(map(with_article, found))}. Choose "
            "another name for this role, or another instrument")


def roles_for_scripts(table: BenchTable) -> Iterator[tuple[str, str]]:
    """Yield role and terminal where no protocol can use the terminal: a pulse measure unit as ``pulser``."""
    for role, terminal in table.roles.items():
        name, _, channel = terminal.partition(".")
        kinds = entry(table.instruments[name].driver).kinds_of(channel)
        if role in ROLE_KINDS and set(kinds) == {"pulse measure unit"}:
            yield role, terminal


def advice_for_scripts(role: str) -> str:
    """Return what a pulse measure unit with a role is for."""
    return ("No protocol uses a pulse measure unit; a script of your own gets it by "
            f"bench.pulse_measure(\"{role}\")")


def first_channels(table: BenchTable) -> dict[str, str]:
    """Return instrument -> its first channel, which the name of the instrument alone means.

    Left out are boxes of which only the modules that are plugged in tell it.
    """
    found = {}
    for name, instrument in table.instruments.items():
        declared = entry(instrument.driver)
        if declared.channels:
            found[name] = declared.channels[0]
        elif declared.kind in SOURCES and declared.terminal and not declared.terminals:
            found[name] = "1"
    return found


def with_one_name(table: BenchTable, first: Mapping[str, str]) -> BenchTable:
    """Return the tables with one name for each terminal, the one that the roles use.

    Parameters
    ----------
    table : BenchTable
    first : instrument -> its first channel, which the name of the instrument alone also means

    Raises
    ------
    ConfigurationError
        A table names one terminal twice.
    """
    def full(terminal: str) -> str:
        return f"{terminal}.{first[terminal]}" if terminal in first else terminal

    names: dict[str, str] = {}
    for terminal in table.roles.values():
        names.setdefault(full(terminal), terminal)

    def renamed(where: str, given: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for terminal, value in given.items():
            if (name := names.get(full(terminal), full(terminal))) in found:
                raise ConfigurationError(
                    f"{where}: '{terminal}' and '{name}' are the same terminal. Remove one of the two")
            found[name] = value
        return found

    fixture = table.fixture
    return table.model_copy(update={
        "roles": {role: names[full(terminal)] for role, terminal in table.roles.items()},
        "fixture": fixture.model_copy(update={
            "terminals": renamed("fixture.terminals", fixture.terminals),
            "withstands": renamed("fixture.withstands", fixture.withstands)})})


def roles_without_node(table: BenchTable, gates: set[str], unknown: set[str]) -> Iterator[str]:
    """Yield why a role whose terminal has no node cannot be right.

    Another terminal of its instrument has a node, so the name of one of the two may be wrong.

    Parameters
    ----------
    table : BenchTable
    gates : terminals that do not reach the device
    unknown : instruments whose first channel is not known yet
    """
    fixture: FixtureTable = table.fixture
    for role, terminal in table.roles.items():
        name, _, channel = terminal.partition(".")
        kinds = entry(table.instruments[name].driver).kinds_of(channel)
        if terminal in fixture.terminals or terminal in gates or not set(kinds) & set(SOURCES):
            continue
        others = [one for one in fixture.terminals if one.partition(".")[0] == name]
        if name in unknown and (not channel or name in others):
            continue   # the two may be the same
        if others:
            yield (f"fixture.terminals: role '{role}' is at '{terminal}', which has no node, but "
                   f"'{others[0]}' has one. Add the node of '{terminal}', or correct the name of the terminal")
