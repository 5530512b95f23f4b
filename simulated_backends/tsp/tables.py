"""Tables of the instrument in its scripts: attributes, functions, constants, and tables in tables."""

import math
from collections.abc import Callable
from typing import Any

from tsbench.simulated_backends.tsp.errors import TspError
from tsbench.simulated_backends.tsp.interpreter import Interpreter

Reader = Callable[[], Any]
Writer = Callable[[Any], None]


class TspTable:
    """One table of the instrument, for example ``smua.source``.

    Parameters
    ----------
    interpreter : Interpreter
    luatype : what its metatable says it is, for example "reading_buffer"
    identity : number by which functions know what a table stands for; 0: they need not
    """

    def __init__(self, interpreter: Interpreter, luatype: str | None = None, identity: int = 0) -> None:
        self.interpreter = interpreter
        self.lua = interpreter.host.table(luatype, identity or None)

    def attribute(self, name: str, read: Reader | None, write: Writer | None = None) -> None:
        """Give it an attribute; without ``write`` it is read-only, without ``read`` write-only."""
        reader = self.interpreter.function(read) if read is not None else None
        writer = self.interpreter.function(write) if write is not None else None
        self.interpreter.host.attribute(self.lua, name, reader, writer)

    def constant(self, name: str, value: float | str) -> None:
        """Give it a constant."""
        self.interpreter.host.object(self.lua, name, value)

    def constants(self, **values: float | str) -> None:
        """Give it several constants."""
        for name, value in values.items():
            self.constant(name, value)

    def method(self, name: str, function: Callable[..., Any], least: int = 0, makes_table: bool = False) -> None:
        """Give it a function; with fewer than ``least`` arguments, it is error 1400."""
        number = self.interpreter.function(at_least(least, function), makes_table)
        self.interpreter.host.method(self.lua, name, number)

    def list_attribute(self, name: str, write: Callable[..., None]) -> None:
        """Give it an attribute that is set to a list of up to 1000 values, which ``write`` gets as its arguments."""
        self.interpreter.host.list_attribute(self.lua, name, self.interpreter.function(write))

    def put(self, name: str | int, table: "TspTable") -> None:
        """Put a table into this one."""
        self.interpreter.host.object(self.lua, name, table.lua)

    def table(self, name: str | int, luatype: str | None = None) -> "TspTable":
        """Make a table in this one."""
        made = TspTable(self.interpreter, luatype)
        self.put(name, made)
        return made

    def elements(self, read: Callable[[float], Any], write: Callable[[float, Any], None] | None = None) -> None:
        """Let elements be read, and written, by their number."""
        function = self.interpreter.function
        self.interpreter.host.indexed(self.lua, function(read), function(write) if write is not None else None)

    def make_global(self, name: str) -> None:
        """Make it a global variable."""
        self.interpreter.host["global"](name, self.lua)


def global_function(interpreter: Interpreter, name: str, function: Callable[..., Any], least: int = 0) -> None:
    """Make a function of the instrument a global one."""
    interpreter.host.global_function(name, interpreter.function(at_least(least, function)))


def at_least(least: int, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function; with fewer than ``least`` arguments it is error 1400. More than it takes are ignored."""
    code = function.__code__ if hasattr(function, "__code__") else None
    most = None
    if code is not None and not code.co_flags & 0x04:
        most = code.co_argcount - (1 if hasattr(function, "__self__") else 0)

    def checked(*arguments: Any) -> Any:
        if len(arguments) < least:
            raise TspError(1400, "", least)
        return function(*(arguments if most is None else arguments[:most]))

    return checked


def number(value: Any, low: float | None = None, high: float | None = None) -> float:
    """Return a parameter that must be a number within bounds: errors -104, 1102 and 1101."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or math.isnan(value):
        raise TspError(-104)
    if low is not None and value < low:
        raise TspError(1102)
    if (high is not None and value > high) or math.isinf(value):
        raise TspError(1101)
    return float(value)


def whole(value: Any, low: int | None = None, high: int | None = None) -> int:
    """Return a whole number within bounds; what stands behind the point is cut off."""
    return int(number(value, low, high))


def boolean(value: Any) -> bool:
    """Return a parameter that is true or false, or 1 or 0."""
    return value if isinstance(value, bool) else bool(whole(value, 0, 1))


def text(value: Any, longest: int = 255) -> str:
    """Return a parameter that must be a text: errors -104 and -154."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)) or value != value:   # noqa: PLR0124 - NaN
        raise TspError(-104)
    if len(str(value)) > longest:
        raise TspError(-154)
    return str(value)
