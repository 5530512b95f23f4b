"""Tables of a 2600B beside its units: ``setup``, ``lan``, ``serial``, ``io`` and ``fs`` (2600BS-901-01, section 7).

A setup holds what is set of the units; a recall leaves the outputs off. The instrument always starts as after a reset,
whatever ``setup.poweron`` is. There is no flash drive: what would use one is error 2203, as for scripts. The settings
of the interfaces are kept and change nothing.
"""

import copy
import functools
from collections.abc import Callable, Generator, Sequence
from typing import Any

from tsbench.simulated_backends.tsp.errors import TspError
from tsbench.simulated_backends.tsp.instrument import TspParts
from tsbench.simulated_backends.tsp.tables import TspTable, global_function, text, whole
from tsbench.simulated_backends.virtual_instruments.keithley_2600.channel import SmuChannel

NO_DRIVE = 2203  #: error: cannot open the file
LAST_SETUP = 5  #: user setups are numbered from 1; 0 is the factory's (not compared with the manual)
BAUD_RATES = (300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
_FILES = {
    "fs": ("chdir", "cwd", "is_dir", "is_file", "mkdir", "readdir", "rmdir"),
    "io": ("open", "input", "output", "close", "read", "write"),
}
Resetting = Callable[[], Generator[Any, None, None]]
#: what a setup holds of each unit: its settings, and the state that only this family has
Setups = dict[int, list[tuple[dict[str, Any], dict[str, Any]]]]


def show_system(parts: TspParts, channels: Sequence[SmuChannel], setups: Setups, reset: Resetting) -> None:
    """Make the tables of one instrument.

    Parameters
    ----------
    parts : TspParts
    channels : its units
    setups : that are kept, also when the instrument restarts
    reset : does what ``reset()`` does
    """
    _show_setups(parts, channels, setups, reset)
    _show_lan(parts)
    _show_serial(parts)
    for name, functions in _FILES.items():
        table = TspTable(parts.interpreter, name)
        table.make_global(name)
        for function in functions:
            table.method(function, _no_drive)
    global_function(parts.interpreter, "savebuffer", _no_drive)


def _no_drive(*arguments: Any) -> None:
    raise TspError(NO_DRIVE)


def _show_setups(parts: TspParts, channels: Sequence[SmuChannel], setups: Setups, reset: Resetting) -> None:
    chosen = {"poweron": 0}

    def save(number: Any = 1) -> None:
        setups[whole(number, 1, LAST_SETUP)] = [
            copy.deepcopy((vars(channel.settings), vars(channel.state))) for channel in channels]

    def recall(number: Any) -> Generator[Any, None, None]:
        place = whole(number, 0, LAST_SETUP)
        if place and place not in setups:
            raise TspError(1401, "", 1)
        yield from reset()
        if place:
            for channel, (settings, state) in zip(channels, copy.deepcopy(setups[place]), strict=True):
                vars(channel.settings).update(settings)
                vars(channel.state).update(state)
                channel.output.refresh()
                channel.show_limits()

    table = TspTable(parts.interpreter, "setup")
    table.make_global("setup")
    table.method("save", save)
    table.method("recall", recall, 1)
    table.attribute(
        "poweron", lambda: chosen["poweron"], lambda value: chosen.__setitem__("poweron", whole(value, 0, LAST_SETUP)))


def _show_lan(parts: TspParts) -> None:
    lan = TspTable(parts.interpreter, "lan")
    lan.make_global("lan")
    lan.constants(AUTO=0, MANUAL=1)
    lan.method("reset", lambda: None)
    lan.method("applysettings", lambda: None)
    lan.method("restoredefaults", lambda: None)
    shown = {
        "ipaddress": "127.0.0.1", "subnetmask": "255.0.0.0", "gateway": "0.0.0.0", "macaddress": "00:60:1A:00:00:00",
        "duplex": 1.0, "speed": 100.0}
    status = lan.table("status")
    for name, value in shown.items():
        status.attribute(name, functools.partial(_same, value))
    ports = status.table("port")
    for name, number in (("rawsocket", 5025), ("telnet", 23), ("vxi11", 1024), ("dst", 5030)):
        ports.attribute(name, functools.partial(float, number))
    config = lan.table("config")
    kept: dict[str, Any] = {"method": 0.0, "ipaddress": "0.0.0.0", "subnetmask": "255.255.255.0", "gateway": "0.0.0.0"}
    for name, first in kept.items():
        check: Callable[[Any], Any] = functools.partial(whole, low=0, high=1) if isinstance(first, float) else text
        _kept(config, kept, name, check)


def _show_serial(parts: TspParts) -> None:
    table = TspTable(parts.interpreter, "serial")
    table.make_global("serial")
    table.constants(PARITY_NONE="none", PARITY_EVEN="even", PARITY_ODD="odd", FLOW_NONE="none",
                    FLOW_HARDWARE="hardware")
    kept: dict[str, Any] = {"baud": 9600.0, "databits": 8.0, "parity": "none", "flowcontrol": "none"}
    _kept(table, kept, "baud", lambda value: _one_of(whole(value), BAUD_RATES))
    _kept(table, kept, "databits", lambda value: whole(value, 7, 8))
    _kept(table, kept, "parity", lambda value: _one_of(text(value), ("none", "even", "odd")))
    _kept(table, kept, "flowcontrol", lambda value: _one_of(text(value), ("none", "hardware")))
    table.method("read", lambda most: "", 1)
    table.method("write", lambda data: text(data) and None, 1)


def _same(value: Any) -> Any:
    return value


def _one_of(value: Any, allowed: Sequence[Any]) -> Any:
    if value not in allowed:
        raise TspError(1401, "", 1)
    return value


def _kept(table: TspTable, kept: dict[str, Any], name: str, check: Callable[[Any], Any]) -> None:
    """Give a table an attribute that is kept and changes nothing."""
    table.attribute(name, lambda: kept[name], lambda value: kept.__setitem__(name, check(value)))
