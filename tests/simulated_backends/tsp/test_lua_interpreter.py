"""The interpreter of scripts by itself: results, waits, errors of Lua 5.0, what a script cannot reach, bounded work."""

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tsbench.simulated_backends.tsp.errors import ScriptError, TspError
from tsbench.simulated_backends.tsp.interpreter import Interpreter, LuaTable, ScriptFailure, elements
from tsbench.simulated_backends.tsp.syntax import LuaSyntaxError, prepare
from tsbench.simulated_backends.tsp.tables import TspTable, global_function, number


@dataclass
class Outcome:
    """What a script printed, how long it took, and how it failed."""

    printed: list[tuple[Any, ...]] = field(default_factory=list)
    seconds: float = 0.0
    code: int = 0
    text: str = ""


class Machine:
    """An interpreter with one table ``smu`` of an instrument."""

    def __init__(self) -> None:
        self.errors: list[int] = []
        self.interpreter = Interpreter(lambda error: self.errors.append(error.code))
        self.level = 1.0
        self._out: list[tuple[Any, ...]] = []
        self.interpreter.host.printer(self.interpreter.function(lambda *values: self._out.append(values)))
        table = TspTable(self.interpreter, "smu")
        table.attribute("level", lambda: self.level, self._set_level)
        table.attribute("n", lambda: 3)
        table.method("i", self._measure)
        table.method("refuse", self._refuse)
        table.constant("ON", 1)
        table.make_global("smu")
        global_function(self.interpreter, "sum", self._sum, 1)
        global_function(self.interpreter, "pair", lambda: (1, 2))

    def _set_level(self, value: Any) -> None:
        self.level = number(value, 0.0, 5.0)
        self.interpreter.owe(0.25)

    def _measure(self) -> Generator[float, None, tuple[float, float]]:
        yield 0.5
        return 3.25, 4.5

    def _refuse(self) -> None:
        raise ScriptError("refused")

    def _sum(self, table: Any) -> Any:
        found = elements(self.interpreter, table)
        if found is None:
            raise TspError(1401, "", 1)
        return sum(found)

    def run(self, script: str) -> Outcome:
        self._out.clear()
        outcome = Outcome(self._out)
        try:
            for wait in self.interpreter.run(self.interpreter.compile(script)):
                assert isinstance(wait, float)
                outcome.seconds += wait
        except ScriptFailure as failure:
            outcome.code, outcome.text = failure.code, str(failure)
        outcome.printed = list(self._out)
        return outcome


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.mark.parametrize(("script", "printed"), [
    ("print(1, nil, true, 'a')", [(1, "nil", "true", "a")]),
    ("smu.level = 2 print(smu.level, smu.foo, smu.ON)", [(2, "nil", 1)]),
    ("print(sum({1, 2, 3}), pair())", [(6, 1, 2)]),
    ("for i = 1, 2 do print(i, smu.i()) end", [(1, 3.25, 4.5), (2, 3.25, 4.5)]),
    ("print(pcall(smu.i))", [("true", 3.25, 4.5)]),
    ("print(pcall(smu.refuse))", [("false", "refused")]),
    ("c = coroutine.wrap(function() local a = smu.i() coroutine.yield(a) return 9 end) print(c(), c())", [(3.25, 9)]),
    ("print(xpcall(function() error('x', 0) end, function(m) return 'seen ' .. m end))", [("false", "seen x")]),
    ("print(math.mod(7, 4), table.getn({4, 5}), string.format('%03d', 7), 1 .. 'a')", [(3, 2, "007", "1a")]),
    ("f = function(...) return arg[2] end print(f(4, 5))", [(5,)]),
    ("print(loadstring('return ...'))", [("nil", "line 1: unexpected symbol near `...'")]),
    ("print(loadstring('return 4')())", [(4,)]),
    ("print(next(getmetatable(smu).Setters, nil) == 'level', getmetatable(smu).luatype)", [("true", "smu")]),
    ("t = {} table.foreachi({7, 8}, function(i, v) t[i] = v end) print(t[2])", [(8,)]),
])
def test_scripts(machine: Machine, script: str, printed: list[tuple[Any, ...]]) -> None:
    assert machine.run(script).printed == printed
    assert machine.errors == []


@pytest.mark.parametrize(("script", "code", "text"), [
    ("x.y = 1", -286, "TSP Runtime error at line 1: attempt to index global `x' (a nil value)"),
    ("smu.foo.bar = 1", -286, "TSP Runtime error at line 1: attempt to index field `foo' (a nil value)"),
    ("a = 1\nsmu.nope()", -286, "TSP Runtime error at line 2: attempt to call field `nope' (a nil value)"),
    ("smu.n = 1", -286, "TSP Runtime error at line 1: cannot modify the read-only attribute `n'"),
    ("smu.refuse()", -286, "TSP Runtime error at line 1: refused"),
    ("*", -285, "TSP Syntax error at line 1: unexpected symbol near `*'"),
    ("for i = 1, 2 do", -285, "TSP Syntax error at line 1: `end' expected near `<eof>'"),
    ("\nprint(#'a')", -285, "TSP Syntax error at line 2: unexpected symbol near `#'"),
    ("print(5 % 2)", -285, "TSP Syntax error at line 1: unexpected symbol near `%'"),
    ("print(('x').len)", -286, "TSP Runtime error at line 1: attempt to index a string value"),
    ("coroutine.yield(1)", -286, "TSP Runtime error at line 1: attempt to yield from outside a coroutine"),
    ("x = string.rep('x', 1e9)", -225, ""),
    ("t = {} i = 1 while true do t[i] = string.rep('x', 1e6) .. i i = i + 1 end", -225, ""),
])
def test_failures_in_the_makers_words(machine: Machine, script: str, code: int, text: str) -> None:
    outcome = machine.run(script)
    assert (outcome.code, outcome.text) == (code, text)
    assert machine.run("print(1)").printed == [(1,)], "the interpreter goes on"


@pytest.mark.parametrize(("script", "code"), [
    ("smu.level = 7", 1101), ("smu.level = -1", 1102), ("smu.level = 'x'", -104), ("sum()", 1400), ("sum(1)", 1401),
])
def test_an_error_of_the_instrument_does_not_stop_a_script(machine: Machine, script: str, code: int) -> None:
    assert machine.run(f"{script} print('on')").printed == [("on",)]
    assert machine.errors == [code] and machine.level == 1.0


def test_what_attributes_cost_is_paid_by_the_next_function_or_the_end(machine: Machine) -> None:
    assert machine.run("smu.level = 2 smu.i()").seconds == 0.75
    assert machine.run("smu.level = 2").seconds == 0.25


@pytest.mark.parametrize("name", [
    "python", "io", "require", "debug", "package", "dofile", "loadfile", "load", "getfenv", "setfenv", "newproxy",
    "module", "string.dump", "string.gmatch", "coroutine.running", "os",
])
def test_a_script_cannot_reach(machine: Machine, name: str) -> None:
    assert machine.run(f"print({name})").printed == [("nil",)]


def test_no_python_object_is_in_reach_of_a_script(machine: Machine) -> None:
    found = machine.run("""
        seen = {}
        function walk(value)
          if type(value) == 'userdata' or type(value) == 'thread' then print(value) end
          if type(value) ~= 'table' or seen[value] then return end
          seen[value] = true
          for k, v in pairs(value) do walk(k) walk(v) end
          if getmetatable(value) then walk(getmetatable(value)) end
        end
        walk(_G) print(getmetatable(smu.i), getmetatable('x'))""")
    assert found.printed == [("nil", "nil")]
    binary = machine.run("f, m = loadstring(string.char(27) .. 'Lua') print(f, m)")
    assert binary.printed[0][0] == "nil"


@pytest.mark.parametrize("script", [
    "while true do end",
    "repeat until false",
    "f = function() return f() end f()",
    "while true do pcall(function() while true do end end) end",
    "table.sort({3, 2, 1}, function(a, b) while true do end end)",
])
def test_a_script_without_end_costs_time_and_bounded_work(
    machine: Machine, script: str, monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in (("LOOPS", 20_000), ("INSTRUCTIONS", 2)):
        monkeypatch.setattr(f"tsbench.simulated_backends.tsp.interpreter.{name}", value)
    outcome = machine.run(script)
    assert outcome.code == -286 and "did not end" in outcome.text
    assert machine.run("print(1)").printed == [(1,)]


def test_an_endless_loop_yields_so_that_it_can_be_stopped(machine: Machine) -> None:
    script = machine.interpreter.run(machine.interpreter.compile("while true do end"))
    waits = [next(script) for _ in range(3)]
    assert all(isinstance(wait, float) and wait > 0 for wait in waits)
    script.close()
    assert machine.run("print(2)").printed == [(2,)]


def test_patterns_that_would_take_for_ever_are_refused(machine: Machine) -> None:
    outcome = machine.run("string.find(string.rep('a', 300), string.rep('.-', 8) .. 'b')")
    assert "too complex" in outcome.text


def test_a_table_as_result(machine: Machine) -> None:
    global_function(machine.interpreter, "both", lambda: LuaTable((5.0,), {"n": 1.0}))
    assert machine.run("t = both() print(t[1], t.n)").printed == [(5, 1)]


def test_the_preparation_keeps_lines_texts_and_comments() -> None:
    text = "-- 100 % #\nfor i = 1, 2 do print('%d #') end --[[ % ]]\nx = [[ # ]]"
    assert prepare("print(1)") == "print(1)"
    assert prepare(text).count("\n") == text.count("\n")
    for wrong in ("x = a % b", "x = [=[a]=]", "f(...)", "x = #t"):
        with pytest.raises(LuaSyntaxError):
            prepare(wrong)
    assert "function f(a, ...)" in prepare("function f(a, ...) return arg end")
