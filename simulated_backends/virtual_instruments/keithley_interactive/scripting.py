"""Virtual interactive source meter in its language TSP: scripts that use the tables smu, trigger.model and buffers.

Each attribute and function of ``smu`` and ``trigger.model`` does what a command of the language SCPI does, with the
same settings and errors. Constants are their names, as ``print`` shows them. Not part of the model: ``trigger.timer``,
``trigger.blender``, ``trigger.digin``, ``buffer.math`` and the pulses of the 2461. Tables that have nothing to do with
the source meter (``format``, ``script``, ``localnode``, ``status``, ``display``) are those of the 2600B.
"""

from collections.abc import Callable, Generator
from typing import Any

from tsbench.simulated_backends.scpi.executing import Handler, Idle, execute_scpi
from tsbench.simulated_backends.tsp.errors import TspError
from tsbench.simulated_backends.tsp.instrument import TspHost
from tsbench.simulated_backends.tsp.language import TspLanguage
from tsbench.simulated_backends.tsp.tables import TspTable, global_function, whole
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.buffers import (
    Buffers,
    ReadingBuffer,
    format_elements,
)
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.command_table import MeterBase
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.script_names import (
    ATTRIBUTES,
    BLOCKS,
    COLUMNS,
    FUNCTIONS,
    NUMERIC,
    READ_ONLY,
    SMU,
    TRIGGER,
)
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.script_tables import (
    show_digital_lines,
    show_event_log,
    show_timer,
)

_SWEEPS = {"sweeplinear": "LIN", "sweeplinearstep": "LIN:STEP", "sweeplog": "LOG"}
_LISTS = {"sweeplinear": "LinearSweepList", "sweeplinearstep": "LinearSweepList", "sweeplog": "LogSweepList"}
#: what a constant is in a command
_WORDS = {f"smu.{name}": word for name, word in SMU.items()} | {
    f"trigger.{name}": word for name, word in TRIGGER.items()}
_DIGITS = 15  #: of a reading
PRECISION = 0  #: of a number that is printed: automatic (2450-901-01 rev. B, p. 8-62)


class ScriptColumn:
    """One column of a buffer, as ``printbuffer`` takes it.

    Parameters
    ----------
    buffers : of the instrument; a reset makes new ones
    name : of the buffer
    element : of its readings
    """

    filling = False

    def __init__(self, buffers: Buffers, name: str, element: str) -> None:
        self._buffers = buffers
        self._name = name
        self._element = element

    @property
    def buffer(self) -> ReadingBuffer:
        """Return the buffer. ScpiError if a reset has deleted it."""
        return self._buffers[self._name]

    @property
    def size(self) -> int:
        """Return how many values it has."""
        return len(self.buffer.readings)

    def at(self, place: float) -> Any:
        """Return the value of reading ``place``, from 1 on; nil behind the last."""
        if not 1 <= int(place) <= len(self.buffer.readings):
            return None
        text = format_elements(self.buffer, [self.buffer.readings[int(place) - 1]], (self._element,), _DIGITS)
        return float(text) if self._element in NUMERIC else text


class MeterScripts:
    """The language TSP of one source meter.

    Parameters
    ----------
    meter : MeterBase
    instrument : TspHost
        The same, as the language sees it.
    """

    def __init__(self, meter: MeterBase, instrument: TspHost) -> None:
        self._meter = meter
        self._instrument = instrument
        self.language = TspLanguage(instrument, (), PRECISION)
        self._interpreter = self.language.interpreter
        self._made = 0   #: buffers that scripts have made
        smu = self._global("smu")
        smu.constants(**{name: f"smu.{name}" for name in SMU})
        self._tables: dict[str, TspTable] = {"": smu}
        for names, writable in ((ATTRIBUTES, True), (READ_ONLY, False)):
            for name, (header, constants) in names.items():
                self._attribute(name, header, constants, writable)
        for name, (header, least) in FUNCTIONS.items():
            self._table(name).method(name.rpartition(".")[2], self._command(header), least)
        self._measuring()
        self._buffers()
        self._trigger_model()
        show_event_log(self._interpreter, meter.event_log)
        show_digital_lines(self._interpreter, self._at_once)
        show_timer(self._interpreter, lambda: meter.clock.now)
        global_function(self._interpreter, "reset", lambda: self._run("*RST"))

    def _global(self, name: str) -> TspTable:
        table = TspTable(self._interpreter, name)
        table.make_global(name)
        return table

    def _table(self, name: str) -> TspTable:
        """Return the table that holds an attribute: ``smu.source.ilimit`` for ``source.ilimit.level``."""
        path, _, _ = name.rpartition(".")
        if path not in self._tables:
            self._tables[path] = self._table(path).table(path.rpartition(".")[2])
        return self._tables[path]

    # ----------------------------------------------------------------------------------------- commands

    def _header(self, header: str) -> str:
        settings = self._meter.settings
        return header.format(s=settings.source_function, m=settings.sense_function)

    def _run(self, message: str) -> Handler:
        """Execute a command or query of SCPI; a generator, which returns the reply as text."""
        reply = yield from execute_scpi(self._instrument, message.encode("latin-1"))
        return None if reply is None else reply.decode("latin-1")

    def _at_once(self, message: str) -> str:
        """Execute it now. What it costs in time is owed by the script."""
        steps, reply = self._run(message), None
        while True:
            try:
                wait = next(steps)
            except StopIteration as end:
                reply = end.value
                break
            if not isinstance(wait, Idle):
                self._interpreter.owe(wait)
        return reply or ""

    def _argument(self, value: Any) -> str:
        """Return an argument of a script as a command has it."""
        if isinstance(value, bool):
            return str(int(value))
        if isinstance(value, (int, float)):
            return f"{value:.15g}"
        if isinstance(value, str):
            return _WORDS.get(value) or "'" + value.replace("'", "''") + "'"
        return f"'{self._buffer(value).name}'"

    def _buffer(self, table: Any) -> ReadingBuffer:
        found = self.language.parts.object(table)
        if not isinstance(found, ScriptColumn):
            raise TspError(-104)
        return found.buffer

    def _command(self, header: str) -> Callable[..., Handler]:
        def call(*arguments: Any) -> Handler:
            return self._run(f"{self._header(header)} {','.join(map(self._argument, arguments))}".strip())
        return call

    def _attribute(self, name: str, header: str, constants: tuple[str, ...], writable: bool) -> None:
        shown = {SMU[constant]: f"smu.{constant}" for constant in constants}

        def read() -> Any:
            reply = self._at_once(self._header(header) + "?").strip('"').removesuffix(":DC")
            return shown.get(reply, reply) if constants else float(reply or "nan")

        def write(value: Any) -> None:
            given = self._argument(value)
            if constants and given not in shown:
                raise TspError(-224)
            if header == ":SENS:FUNC":
                given = f"'{given}'"
            self._at_once(f"{self._header(header)} {given}")

        self._table(name).attribute(name.rpartition(".")[2], read, write if writable else None)

    # ---------------------------------------------------------------------------------- readings, sweeps

    def _measuring(self) -> None:
        measure, source = self._table("measure.read"), self._table("source.level")

        def read(buffer: Any = None) -> Generator[Any, None, Any]:
            name = self._buffer(buffer).name if buffer is not None else "defbuffer1"
            reply = yield from self._run(f":READ? '{name}'")
            return None if reply is None else float(reply)

        def read_with_time(buffer: Any = None) -> Generator[Any, None, Any]:
            name = self._buffer(buffer).name if buffer is not None else "defbuffer1"
            reply = yield from self._run(f":READ? '{name}',READ,SEC,FRAC")
            return None if reply is None else tuple(map(float, reply.split(",")))

        measure.method("read", read)
        measure.method("readwithtime", read_with_time)
        for name, kind in _SWEEPS.items():
            source.method(name, self._sweep(name, kind), 4)
        for side, word in (("source", "SOUR"), ("measure", "SENS")):
            lists = self._table(f"{side}.configlist.size")
            lists.method("size", self._list_size(word), 1)

    def _list_size(self, word: str) -> Callable[[Any], float]:
        return lambda name: float(self._at_once(f":{word}:CONF:LIST:SIZE? {self._argument(name)}") or 0)

    def _sweep(self, name: str, kind: str) -> Callable[..., None]:
        def sweep(given: Any, *arguments: Any) -> None:
            function = self._meter.settings.source_function
            self._at_once(f":SOUR:SWE:{function}:{kind} {','.join(map(self._argument, arguments))}")
            made = ("Volt" if function == "VOLT" else "Curr") + _LISTS[name]
            if made in self._meter.lists.lists:
                self._meter.lists.lists[str(given)] = self._meter.lists.lists[made]
        return sweep

    def _buffers(self) -> None:
        for name in ("defbuffer1", "defbuffer2"):
            self._shown(name).make_global(name)
        self._global("buffer").method("make", self._make_buffer, 1, makes_table=True)

    def _make_buffer(self, size: Any) -> Any:
        self._made += 1
        name = f"buffer{self._made}"
        self._meter.buffers.make(name, whole(size, 10, 6_875_000), continuous=False)
        return self._shown(name).lua

    def _shown(self, name: str) -> TspTable:
        """Return the table of a buffer."""
        parts, meter = self.language.parts, self._meter

        def column(element: str, luatype: str) -> TspTable:
            shown = ScriptColumn(meter.buffers, name, element)
            made = TspTable(self._interpreter, luatype, parts.identify(shown))
            made.elements(shown.at)
            return made

        table = column("READ", "reading_buffer")
        for word, element in COLUMNS.items():
            table.put(word, column(element, "synchronous_table"))
        table.attribute("n", lambda: len(meter.buffers[name].readings))
        table.attribute("capacity", lambda: meter.buffers[name].capacity)
        table.method("clear", lambda: self._at_once(f":TRAC:CLE '{name}'") and None)
        return table

    # ------------------------------------------------------------------------------------- trigger model

    def _trigger_model(self) -> None:
        trigger = self._global("trigger")
        trigger.constants(**{name: f"trigger.{name}" for name in TRIGGER})
        trigger.constants(**{f"BLOCK_{name}": f"trigger.BLOCK_{name}" for name in BLOCKS})
        model = trigger.table("model")
        model.method("load", lambda name, *rest: self._at_once(
            f":TRIG:LOAD {','.join(map(self._argument, (name, *rest)))}") and None, 1)
        model.method("setblock", self._set_block, 2)
        model.method("getblocklist", lambda: self._at_once(":TRIG:BLOC:LIST?"))
        model.method("getbranchcount", lambda number: float(
            self._at_once(f":TRIG:BLOC:BRAN:COUN:COUN? {whole(number)}") or 0), 1)
        model.method("initiate", self._command(":INIT"))
        model.method("abort", self._command(":ABOR"))
        model.method("state", self._state)

    def _set_block(self, number: Any, kind: Any, *arguments: Any) -> None:
        header = BLOCKS.get(str(kind).removeprefix("trigger.BLOCK_"))
        if header is None:
            raise TspError(-224)
        given = [self._argument(argument) for argument in arguments]
        if header == "NOT":
            given = [word.removeprefix("NOT") for word in given]
        self._at_once(f":TRIG:BLOC:{header} {','.join([str(whole(number)), *given])}")

    def _state(self) -> tuple[str, str, float]:
        if self._meter.trigger_model.running:
            self._meter.clock.busy()
        model = self._meter.trigger_model
        state = f"trigger.STATE_{model.state}"
        return state, state, float(model.block)
