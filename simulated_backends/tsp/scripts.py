"""Scripts that are kept in the instrument: ``loadscript``, ``loadandrunscript``, ``script.*`` (section 6)."""

from dataclasses import dataclass
from typing import Any

from tsbench.simulated_backends.tsp.errors import TspError
from tsbench.simulated_backends.tsp.instrument import TspParts
from tsbench.simulated_backends.tsp.interpreter import ScriptFailure
from tsbench.simulated_backends.tsp.tables import TspTable, text

LONGEST = 4 * 1024 * 1024  #: [letters] of one script
MOST_SCRIPTS = 100
ANONYMOUS = ""


@dataclass
class Script:
    """One script of the user."""

    name: str
    source: str
    table: TspTable
    functions: range  #: that its table needs
    autorun: str = "no"


class Scripts:
    """The scripts of one instrument, and the lines of the one that is being sent.

    Parameters
    ----------
    parts : TspParts
    """

    def __init__(self, parts: TspParts) -> None:
        self._parts = parts
        self._interpreter = parts.interpreter
        self._lines: list[str] | None = None
        self._name, self._run_it, self._length = ANONYMOUS, False, 0
        self._scripts: dict[str, Script] = {}
        self._table = TspTable(parts.interpreter, "script")
        self._table.make_global("script")
        self._table.method("new", self._new, 1, makes_table=True)
        self._table.method("newautorun", self._new, 1, makes_table=True)
        self._table.method("load", lambda path: self._refuse(), 1)
        self._table.method("delete", self._delete, 1)
        self._table.method("restore", lambda name: None, 1)
        self._user = self._table.table("user")
        self._user.table("scripts")

    @property
    def loading(self) -> bool:
        """Whether lines of a script are awaited."""
        return self._lines is not None

    def begin(self, name: str, run_it: bool) -> None:
        """The lines that follow are a script."""
        self._lines, self._name, self._run_it, self._length = [], name, run_it, 0

    def add(self, line: str) -> None:
        """Take one line of the script; ScriptFailure if it grows too long."""
        assert self._lines is not None
        self._length += len(line) + 1
        if self._length > LONGEST:
            self.cancel()
            raise ScriptFailure(-225, "")
        self._lines.append(line)

    def cancel(self) -> None:
        """Forget the lines so far."""
        self._lines = None

    def end(self) -> Any:
        """The script is complete: keep it. Returns the function to run, or None.

        Raises
        ------
        ScriptFailure
            It does not compile; the lines are forgotten.
        """
        lines, self._lines = self._lines or [], None
        script = self._keep(self._name, "\n".join(lines))
        return script if self._run_it else None

    def _keep(self, name: str, source: str) -> Any:
        function = self._interpreter.compile(source)
        old = self._scripts.pop(name, None)
        if old is not None:
            self._interpreter.release(old.functions)
        if len(self._scripts) >= MOST_SCRIPTS:
            raise ScriptFailure(-225, "")
        before = self._interpreter.registered
        table = TspTable(self._interpreter, "script")
        script = Script(name, source, table, range(before + 1, before + 1))
        host = self._interpreter.host
        host.object(table.lua, "run", function)
        host.callable(table.lua, function)
        table.attribute("name", lambda: script.name, lambda value: setattr(script, "name", text(value)))
        table.attribute("source", lambda: script.source)
        table.attribute("autorun", lambda: script.autorun, lambda value: setattr(script, "autorun", text(value)))
        table.method("list", lambda: self._list(script))
        table.method("save", lambda *path: None)
        script.functions = range(before + 1, self._interpreter.registered + 1)
        self._scripts[name] = script
        if name == ANONYMOUS:
            host.object(self._table.lua, "anonymous", table.lua)
            host.object(self._table.lua, "run", function)
        else:
            host["global"](name, table.lua)
            self._parts.interpreter.host.object(self._user.lua, name, table.lua)
        return function

    def _list(self, script: Script) -> None:
        for line in script.source.split("\n"):
            self._parts.instrument.exchange.answer(line.encode("latin-1", "replace"))

    def _new(self, source: Any, name: Any = ANONYMOUS) -> Any:
        try:
            self._keep(text(name), text(source, LONGEST))
        except ScriptFailure as error:
            raise TspError(-285) from error
        found = self._scripts.get(str(name))
        return found.table.lua if found is not None else None

    def _delete(self, name: Any) -> None:
        if text(name) == ANONYMOUS or self._scripts.pop(text(name), None) is None:
            raise TspError(-292)

    def _refuse(self) -> None:
        raise TspError(2203)
