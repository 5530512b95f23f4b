"""The automation of a WaveSurfer: ``VBS`` and ``VBS?`` run statements that read, set and call what ``app`` has."""

from collections.abc import Mapping
from types import GeneratorType
from typing import Any

from tsbench.simulated_backends.lecroy.script import Member, Statement, parse_script, written
from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.executing import Handler
from tsbench.simulated_backends.scpi.parameters import Many, Parameter
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.lecroy_scope.command_table import ShortTable
from tsbench.simulated_backends.virtual_instruments.lecroy_wavesurfer import (
    acquisition_variables,
    application_variables,
)
from tsbench.simulated_backends.virtual_instruments.lecroy_wavesurfer.scope import WaveSurferScope
from tsbench.simulated_backends.virtual_instruments.lecroy_wavesurfer.variables import (
    Method,
    ScriptName,
    Variable,
    expanded,
    name_of,
)

VARIABLES: Mapping[str, Variable] = {**acquisition_variables.VARIABLES, **application_variables.VARIABLES}
METHODS: Mapping[str, Method] = {**acquisition_variables.METHODS, **application_variables.METHODS}


class ScriptPart(Parameter):
    """A part of a script between two commas, as it is written."""

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> str:
        return raw.decode("latin-1")

    def format(self, value: Any, owner: Any) -> str:
        return str(value)


def _script(parts: tuple[str, ...]) -> list[Statement]:
    """Return the statements of a script in quotes, or without them; the quote at the end may be missing."""
    text = ",".join(parts).strip()
    if text[:1] in {"'", '"'}:
        quote = text[0]
        text = text[1:-1] if len(text) > 1 and text.endswith(quote) else text[1:]
        text = text.replace(quote * 2, quote)
    try:
        return parse_script(text)
    except ValueError:
        raise ScpiError(-224) from None


class AutomationCommands(ShortTable):
    """Runs scripts. What ``set`` has named stays named until the scope is switched off."""

    def __init__(self, scope: WaveSurferScope) -> None:
        super().__init__(scope)
        self.app = scope
        self.objects: dict[str, tuple[Member, ...]] = {}

    @command("VBS", Many(ScriptPart(), 1))
    def automate(self, *parts: str) -> Handler:
        """``VBS 'app.Acquisition.TriggerMode = "Single"'``: run statements."""
        for statement in _script(parts):
            yield from self._run(statement)

    @command("VBS?", Many(ScriptPart(), 1))
    def ask_automation(self, *parts: str) -> Handler:
        """``VBS? 'return=app.Acquisition.TriggerMode'``: run statements, and answer what they return."""
        reply = ""
        for statement in _script(parts):
            found = yield from self._run(statement)
            if statement.kind == "return":
                reply = written(found)
        return reply

    def _run(self, statement: Statement) -> Handler:
        if statement.kind == "set":
            self.objects[statement.name] = (Member("app"), *expanded(statement.path, self.objects))
            return None
        try:
            name = name_of(statement.path, self.objects)
            return (yield from _done(self._begin(statement, name)))
        except ValueError:
            raise ScpiError(-224) from None

    def _begin(self, statement: Statement, name: ScriptName) -> Any:
        """Do what a statement says; a generator lets time pass."""
        variable, method = VARIABLES.get(name.key), METHODS.get(name.key)
        self._check(name)
        if statement.kind == "assign":
            if variable is None or variable.write is None:
                raise ScpiError(-224)
            return variable.write(self.app, name.number, statement.value)
        if method is not None:
            return method(self.app, name.number, name.arguments)
        if statement.kind == "return" and variable is not None and variable.read is not None and not name.arguments:
            return variable.read(self.app, name.number)
        raise ScpiError(-224)

    def _check(self, name: ScriptName) -> None:
        """Refuse a channel or a measurement that there is not."""
        if "p#" in name.key:
            self.app.measure_commands.slot(name.number)
        elif name.number and name.number not in self.panel.channels:
            raise ScpiError(-224)


def _done(result: Any) -> Handler:
    """Return what a variable or a method gives, after the time that it takes."""
    if isinstance(result, GeneratorType):
        return (yield from result)
    return result
