"""A Lua interpreter for the scripts of one instrument, closed off from Python and bounded in work and memory.

A script runs as a coroutine. A function of the instrument that takes time is a Python generator of waits: the coroutine
yields, the bench's clock goes on, and the coroutine is resumed with what the generator returns. An attribute cannot
wait. What its change costs is a debt, which the next function or the end of the message pays.

A script gets no Python object: its functions are Lua functions, and only numbers, texts and tables pass.

While Lua calls Python, Python must not call Lua again, and what Python keeps of a table must not belong to a
coroutine, which Lua may free before. So a function with a table among its arguments, or one that makes a table, is
called only when the coroutine has yielded.
"""

import importlib.resources
import re
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from types import GeneratorType
from typing import Any

from lupa.lua51 import LuaError, LuaRuntime, lua_type

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.executing import Handler, Wait
from tsbench.simulated_backends.tsp.errors import OUT_OF_MEMORY, RUNTIME, SYNTAX, ScriptError, TspError
from tsbench.simulated_backends.tsp.syntax import LuaSyntaxError, prepare

MEMORY = 16 * 1024 * 1024  #: [bytes] for the variables and scripts of the user
RESERVE = 1024 * 1024  #: [bytes] that each message has, even if the memory is full
#: [bytes] beyond the limit, in which only the host works: what it gives Lua outside of protected calls (a text of a
#: script, a list) must always find room, else Lua ends the process
HEADROOM = 12 * 1024 * 1024
HIGHEST_MEMORY = 64 * 1024 * 1024  #: [bytes]
LOOP_TIME = 2e-6  #: [s] of one turn of an empty loop; not compared with a data sheet
LOOPS = 10_000_000  #: the most turns of loops in one script, beside what it waits
INSTRUCTIONS = 100  #: the most millions of Lua instructions in one script
SECONDS = 2.0  #: [s] of computing that one script may use, in Lua
CACHED = 256  #: compiled messages

_DONE, _WAIT, _ERROR = 0, 1, 2
_PLACE = re.compile(r"^\w*:(\d+): (.*)$", re.DOTALL)
_PLAIN = (int, float, str, type(None))
_QUOTED = re.compile(r"'([^'\n]*)'")

Function = Callable[..., Any]


@dataclass(frozen=True)
class LuaTable:
    """A result that becomes a table of a script: values counted from 1, and values by name."""

    values: tuple[Any, ...]
    named: Mapping[str, float] = field(default_factory=dict)


class ScriptFailure(Exception):
    """A script did not compile, or stopped; ``code`` and text go into the instrument's error queue."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class Interpreter:
    """Compiles and runs scripts.

    Parameters
    ----------
    post : puts an error into the instrument's queue
    """

    def __init__(self, post: Callable[[ScpiError], None]) -> None:
        self._post = post
        self._failure: Exception | None = None  #: of the simulation, not of the script
        self._functions: dict[int, Function] = {0: self._prepared}
        self.registered = 0  #: number of the last function that was registered
        self._makers: set[int] = set()  #: the functions that call Lua
        self._pending: Generator[Wait, None, Any] | None = None
        self._debt = 0.0
        self._loops = self._work = 0
        self._computed = self._resumed_at = 0.0  # [s] of processor time
        self._compiled: dict[str, Any] = {}
        self._limit = MEMORY  #: [bytes] for the script that runs
        self._lua = LuaRuntime(
            encoding="latin-1", unpack_returned_tuples=True, register_eval=False, register_builtins=False,
            attribute_filter=_nothing, max_memory=MEMORY + HEADROOM)
        text = importlib.resources.files("tsbench.simulated_backends.tsp").joinpath("prelude.lua").read_text("utf-8")
        self.host = self._lua.execute(
            text, self._call, self._call_with_tables, self._attribute, self._attribute, self._tick_due, self._work_left)
        self._start, self._resume = self.host.start, self.host.resume

    # ------------------------------------------------------------------------------------------- scripts

    def compile(self, text: str) -> Any:
        """Return a script as a Lua function; ScriptFailure if it is none."""
        found = self._compiled.get(text)
        if found is not None:
            return found
        try:
            prepared = prepare(text)
            self._make_room()
            result = self.host.compile(prepared, "=tsp")
        except LuaSyntaxError as error:
            raise ScriptFailure(SYNTAX, f"TSP Syntax error at line {error.line}: {error}") from error
        except LuaError as error:
            raise ScriptFailure(OUT_OF_MEMORY, "") from error
        if isinstance(result, tuple):
            line, message = _placed(str(result[1]))
            raise ScriptFailure(SYNTAX, f"TSP Syntax error at line {line}: {message}")
        function = self.host.wrapped(result) if prepared is not text else result
        if len(self._compiled) >= CACHED:
            self._compiled.clear()
        if len(text) < 1000:
            self._compiled[text] = function
        return function

    def run(self, function: Any) -> Handler:
        """Run a compiled script to its end.

        Raises
        ------
        ScriptFailure
            It stopped with an error.
        """
        self._loops, self._work, self._debt, self._computed = LOOPS, INSTRUCTIONS, 0.0, 0.0
        try:
            self._make_room()
            self._resumed_at = time.thread_time()
            outcome = self._start(function)
            while outcome == 1:
                self._computed += time.thread_time() - self._resumed_at
                reply = yield from self._served()
                self._resumed_at = time.thread_time()
                outcome = self._resume(*reply)
        except LuaError as error:
            self.host.collect()
            raise ScriptFailure(OUT_OF_MEMORY, "") from error
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure
        if outcome != 0:
            message = str(outcome[1])
            if message.endswith("not enough memory"):
                self.host.collect()
                raise ScriptFailure(OUT_OF_MEMORY, "")
            line, message = _placed(message)
            raise ScriptFailure(RUNTIME, f"TSP Runtime error at line {line}: {message}")
        if self._debt > 0.0:
            yield self._debt

    def _make_room(self) -> None:
        used = self._lua.get_memory_used()
        if used + RESERVE > MEMORY:
            self.host.collect()
            used = self._lua.get_memory_used()
        self._limit = min(max(MEMORY, used + RESERVE), HIGHEST_MEMORY)
        self._lua.set_max_memory(self._limit + HEADROOM)

    def _served(self) -> Generator[Wait, None, tuple[Any, ...]]:
        """Do what the coroutine waits for, and return what it is resumed with."""
        pending, self._pending = self._pending, None
        if pending is None:
            return (_DONE,)
        return self._packed((yield from self._guarded(pending)))

    def _guarded(self, steps: Generator[Wait, None, Any]) -> Generator[Wait, None, Any]:
        try:
            return (yield from steps)
        except (ScpiError, ScriptError) as error:
            return error

    # -------------------------------------------------------------------------------- calls from a script

    def function(self, function: Function, makes_table: bool = False) -> int:
        """Register a function for calls from Lua, and return its number.

        ``makes_table`` says that it calls Lua. It gets the arguments as numbers, texts, booleans, None and Lua
        tables. It may be a generator, and may raise
        :class:`ScpiError` (the script goes on) or :class:`ScriptError` (the script stops).
        """
        self.registered += 1
        self._functions[self.registered] = function
        if makes_table:
            self._makers.add(self.registered)
        return self.registered

    def release(self, numbers: range) -> None:
        """Forget functions of a table that is gone; a script that has kept one gets error 4903."""
        for number in numbers:
            self._functions.pop(number, None)
            self._makers.discard(number)

    def _of_number(self, number: int) -> Function:
        found = self._functions.get(number)
        if found is None:
            raise TspError(4903)
        return found

    def owe(self, seconds: float) -> None:
        """Let the script wait ``seconds`` at its next function."""
        self._debt += max(seconds, 0.0)

    def _call(self, number: int, *arguments: Any) -> Any:
        try:
            if self._lua.get_memory_used() > self._limit:
                return _ERROR, "not enough memory"
            if self._debt > 0.0 or number in self._makers:
                self._pending = self._paid(self._of_number(number), arguments)
                return _WAIT
            result = self._of_number(number)(*arguments)
            if isinstance(result, LuaTable):
                result = _given(result)
            if isinstance(result, GeneratorType):
                self._pending = result
                return _WAIT
        except (ScpiError, ScriptError) as error:
            result = error
        except Exception as error:   # noqa: BLE001 - no Python object may reach a script, not even an exception
            return self._surprised(error)
        return self._packed(result)

    def _call_with_tables(self, number: int) -> None:
        self._pending = self._fetched(number)

    def _fetched(self, number: int) -> Generator[Wait, None, Any]:
        if self._lua.get_memory_used() > self._limit:
            raise ScriptError("not enough memory")
        count, *arguments = self.host.fetch()
        return (yield from self._paid(self._of_number(number), tuple(arguments[: int(count)])))

    def _attribute(self, number: int, *arguments: Any) -> Any:
        try:
            if self._lua.get_memory_used() > self._limit:
                return _ERROR, "not enough memory"
            result = self._of_number(number)(*arguments)
        except (ScpiError, ScriptError) as error:
            result = error
        except Exception as error:   # noqa: BLE001
            return self._surprised(error)
        return self._packed(result)

    def _surprised(self, error: Exception) -> Any:
        self._failure = error
        return _ERROR, "internal error"

    def _packed(self, result: Any) -> tuple[Any, ...]:
        if isinstance(result, ScpiError):
            self._post(result)
            return (_DONE,)
        if isinstance(result, ScriptError):
            return _ERROR, str(result)
        if isinstance(result, LuaTable):
            made = self.host.array(*result.values)
            for name, value in result.named.items():
                made[name] = value
            return _DONE, made
        if result is None:
            return (_DONE,)
        return (_DONE, *result) if isinstance(result, tuple) else (_DONE, result)

    def _paid(self, function: Function, arguments: tuple[Any, ...]) -> Generator[Wait, None, Any]:
        debt, self._debt = self._debt, 0.0
        if debt:
            yield debt
        result = function(*arguments)
        if isinstance(result, GeneratorType):
            result = yield from result
        return result

    def _prepared(self, text: Any) -> Any:
        """Return the text that ``loadstring`` compiles, or None and a message."""
        if not isinstance(text, str):
            return None, "string expected"
        try:
            return prepare(text)
        except LuaSyntaxError as error:
            return None, f"line {error.line}: {error}"

    # --------------------------------------------------------------------------------------- bounded work

    def _tick_due(self, ticks: float) -> bool:
        self._loops -= int(ticks)
        debt, self._debt = self._debt, 0.0
        self._pending = _waiting(debt + ticks * LOOP_TIME)
        return self._enough_left()

    def _work_left(self) -> bool:
        self._work -= 1
        return self._enough_left()

    def _enough_left(self) -> bool:
        computed = self._computed + time.thread_time() - self._resumed_at
        return self._work > 0 and self._loops > 0 and computed < SECONDS


def _waiting(seconds: float) -> Generator[Wait, None, None]:
    yield seconds


def _given(result: LuaTable) -> Generator[Wait, None, LuaTable]:
    yield from ()
    return result


def _nothing(owner: object, name: object, setting: bool) -> object:
    """Give no attribute of any Python object to Lua."""
    raise AttributeError("not accessible")


def _placed(message: str) -> tuple[int, str]:
    """Return line and text of an error message, with the quotes of Lua 5.0."""
    found = _PLACE.match(message)
    line, text = (int(found.group(1)), found.group(2)) if found else (1, message)
    return line, _QUOTED.sub(r"`\1'", text)


def elements(interpreter: Interpreter, table: Any) -> list[Any] | None:
    """Return the elements of a Lua table that counts from 1; None if it is no such table."""
    if not is_table(table):
        return None
    found = interpreter.host.sequence(table)
    return None if found is None else [found[index] for index in range(1, len(found) + 1)]


def is_table(value: Any) -> bool:
    """Whether an argument from a script is a Lua table."""
    return not isinstance(value, _PLAIN) and bool(lua_type(value) == "table")
