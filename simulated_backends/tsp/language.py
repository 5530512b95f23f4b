"""The language TSP of one instrument: executes messages, each a line of Lua, a common command or a line of a script.

Words that are no Lua (2600BS-901-01, section 6): ``loadscript NAME`` and ``loadandrunscript NAME`` begin a script,
``endscript`` ends it, ``abort`` stops the script that runs.
"""

import re

from tsbench.errors import TsbenchError
from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.executing import (
    LONGEST_TEXT,
    Handler,
    execute_scpi,
    report_failure,
    report_trouble,
)
from tsbench.simulated_backends.scpi.syntax import Framing
from tsbench.simulated_backends.tsp.display import Display
from tsbench.simulated_backends.tsp.errors import ERROR_TEXTS, RUNTIME
from tsbench.simulated_backends.tsp.events import EventBus
from tsbench.simulated_backends.tsp.instrument import TspHost, TspParts
from tsbench.simulated_backends.tsp.interpreter import Interpreter, ScriptFailure
from tsbench.simulated_backends.tsp.output import Output
from tsbench.simulated_backends.tsp.scripts import ANONYMOUS, Scripts
from tsbench.simulated_backends.tsp.status import StatusTree
from tsbench.simulated_backends.tsp.system import SystemTables
from tsbench.simulated_backends.tsp.triggers import Triggers

#: a message is a line, whatever it holds; an empty line counts in a script
TSP_FRAMING = Framing(blocks=False, empty=True)

_COMMON = re.compile(rb"\s*\*(CLS|ESE|ESR|IDN|OPC|RST|SRE|STB|TRG|TST|WAI)\b", re.IGNORECASE)
_BEGIN = re.compile(r"\s*(loadscript|loadandrunscript)(?:\s+([A-Za-z_]\w*))?\s*$")


class TspLanguage:
    """Executes the messages of one instrument.

    Parameters
    ----------
    instrument : TspHost
    channels : names of the source-measure units: "smua", "smub"
    precision : default of ``format.asciiprecision``
    """

    def __init__(self, instrument: TspHost, channels: tuple[str, ...], precision: int) -> None:
        self._instrument = instrument
        self._status = instrument.status
        self.interpreter = Interpreter(self._note)
        self.parts = TspParts(instrument, self.interpreter)
        self.bus = EventBus()
        self.output = Output(self.parts, precision)
        self.system = SystemTables(self.parts)
        self.status = StatusTree(self.parts)
        self.triggers = Triggers(self.parts, self.bus)
        self.display = Display(self.parts, self.bus, channels)
        self.scripts = Scripts(self.parts)

    def reset(self) -> None:
        """Do what ``reset()`` does to everything but the source-measure units."""
        for one in (self.output, self.system, self.triggers, self.display):
            one.reset()

    # ---------------------------------------------------------------------------------------- messages

    def interrupts(self, message: bytes) -> bool:
        """Whether a message stops the script that runs."""
        return message.strip() == b"abort"

    def execute(self, message: bytes) -> Handler:
        """Execute one line; ``print`` and its sisters answer meanwhile."""
        if not self.scripts.loading and _COMMON.match(message):
            return (yield from execute_scpi(self._instrument, message.rstrip().upper()))
        before = len(self._status.errors)
        ended = False
        try:
            yield from self._line(message.decode("latin-1").strip("\r\0"))
            ended = True
        except ScriptFailure as failure:
            ended = True
            self._post(failure.code, str(failure))
        except TsbenchError as error:
            ended = True
            self._post(-310, f"System error; {error}")
        except Exception as error:   # noqa: BLE001 - a fault of the simulation ends the script and nothing else
            ended = True
            report_failure(self._instrument, self._status, error)
        finally:
            if self._instrument.trouble:
                report_trouble(self._instrument)
            if not ended:
                self._post(RUNTIME, "TSP Runtime error at line 1: script aborted")
                self._instrument.script_stopped()
        self._prompt(len(self._status.errors) > before)
        return None

    def cleared(self) -> None:
        """A device clear has come: the lines of an unfinished script are forgotten."""
        self.scripts.cancel()

    def _line(self, line: str) -> Handler:
        scripts = self.scripts
        word = line.strip()
        if scripts.loading:
            if word != "endscript":
                scripts.add(line)
                return
            function = scripts.end()
            if function is not None:
                yield from self.interpreter.run(function)
            return
        found = _BEGIN.match(line)
        if found is not None:
            scripts.begin(found.group(2) or ANONYMOUS, found.group(1) == "loadandrunscript")
        elif word not in ("", "abort", "endscript"):
            yield from self.interpreter.run(self.interpreter.compile(line))

    def _note(self, error: ScpiError) -> None:
        self._status.post(error)   # looked up at each error: the acceptance benchmark replaces it later, to listen

    def _post(self, code: int, text: str) -> None:
        self._note(ScpiError(code, text=(text or ERROR_TEXTS[code])[:LONGEST_TEXT]))

    def _prompt(self, failed: bool) -> None:
        exchange, system = self._instrument.exchange, self.system
        if failed and system.show_errors:
            while self._status.errors:
                code, text, _, _ = system.next_error()
                exchange.answer(f"{self.output.text(code)}\t{text}".encode("latin-1", "replace"))
        if system.prompts:
            if self.scripts.loading:
                exchange.answer(b">>>>")
            else:
                exchange.answer(b"TSP?" if self._status.errors else b"TSP>")
