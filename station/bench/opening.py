"""Opening and making safe all instruments of a bench at once, so that a silent one holds up no other."""

import contextlib
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tsbench.errors import InstrumentError, InstrumentInUse
from tsbench.instruments.interfaces import OutputState
from tsbench.instruments.links.liveness import UNWATCHED, Liveness
from tsbench.plugins import in_words
from tsbench.station.bench.at_once import at_once, groups
from tsbench.station.bench.bench_file import BenchFile
from tsbench.station.bench.connection import Connection, NamedInstrument, connect, quietly
from tsbench.station.bench.ownership import Ownership

_ROUNDS = 3  #: of making safe: Ctrl-C may interrupt one


def open_all(
    file: BenchFile,
    managers: Mapping[str, Any],
    connections: dict[str, Connection],
    wait: Callable[[float], None],
    ownership: Ownership,
    look: bool = False,
) -> None:
    """Open, identify and reset (outputs off) every instrument of a bench file.

    Parameters
    ----------
    file : BenchFile
    managers : mapping of str to pyvisa.ResourceManager
        By VISA library.
    connections : dict
        Takes every instrument that could be opened, by name, also where another one fails: it can be made safe.
    wait : callable
        Waits [s] on the bench's clock.
    ownership : Ownership
        Of the instruments by their addresses; asked whether another process owns one by its serial number.
    look : bool
        Whether to note before the reset which outputs are on.

    Raises
    ------
    ConfigurationError, WrongInstrument, InstrumentError, CommunicationError, InstrumentInUse
        The first failure in the order of the bench file, when all have been tried.
    """
    named = [NamedInstrument(name, table, file.library(name)) for name, table in file.table.instruments.items()]
    failures: dict[str, BaseException] = {}
    found: dict[str, Connection] = {}

    def open_group(group: list[NamedInstrument], liveness: Liveness) -> None:
        for instrument in group:
            try:
                connection = connect(
                    managers[instrument.library], instrument.name, instrument.table, instrument.library)
                found[instrument.name] = connection
                connection.identify(wait)
                ownership.identified(instrument.name, instrument.table.resource, connection.driver.identity)
                if look:
                    connection.look_what_is_on()
                connection.reset()
            except InstrumentInUse as error:  # another process's: not to be made safe by this one
                if instrument.name in found:
                    quietly(found.pop(instrument.name).transport.close)
                failures[instrument.name] = error
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # noqa: BLE001  raised below, when the others have been reached
                failures[instrument.name] = error

    try:
        at_once([functools.partial(open_group, group) for group in groups(named, managers)])
    finally:
        connections.update((one.name, found[one.name]) for one in named if one.name in found)
    for instrument in named:
        error = failures.get(instrument.name)
        if isinstance(error, Exception):
            raise error
        if error is not None:  # it would end the program without a message
            raise InstrumentError(f"{instrument.name}: this instrument cannot be opened ({in_words(error)}). Correct "
                                  f"the driver '{instrument.table.driver}'") from error


def make_all_safe(
    connections: Sequence[Connection], managers: Mapping[str, Any], reopen: bool
) -> list[OutputState]:
    """Switch every output off, then read all back; raises nothing.

    Where instruments have to take turns, first all are switched off: sources first, and those that were silent last.
    Then all are read back, those that failed last.

    Parameters
    ----------
    connections : sequence of Connection
    managers : mapping of str to pyvisa.ResourceManager
        By VISA library.
    reopen : bool
        Whether to open every connection anew before.
    """
    states: dict[str, list[OutputState]] = {}

    def make_group_safe(group: list[Connection], liveness: Liveness) -> None:
        for connection in sorted(group, key=lambda one: one.in_doubt):
            with connection.reporting_to(liveness):
                connection.switch_off(reopen)
        for connection in sorted(group, key=lambda one: bool(one.problem)):
            with connection.reporting_to(liveness):
                states[connection.name] = connection.read_back()

    liveness = connections[0].transport.liveness if connections else UNWATCHED
    for _ in range(_ROUNDS):
        left = [connection for connection in connections if connection.name not in states]
        with contextlib.suppress(KeyboardInterrupt):  # a second Ctrl-C must not keep an output on
            at_once([functools.partial(make_group_safe, group) for group in groups(left, managers)], liveness)
    return [
        state
        for connection in connections
        for state in (states[connection.name] if connection.name in states else connection.unknown_outputs())
    ]
