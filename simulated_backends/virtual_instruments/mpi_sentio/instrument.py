"""Virtual MPI SENTIO: the native remote command set (``*RCS 1``) that the package ``sentio-prober-control`` uses.

Behaviour of the software that the virtual instrument reproduces
----------------------------------------------------------------
- Each command has a reply of three parts: error number and status, number of an asynchronous command (0), and the text:
  ``0,0,1,-2,0``. The status stands from bit 10 on: 1024 says that the last die of the route is reached.
- A command that begins with an asterisk has no such reply: ``*IDN?`` replies its text alone, the others nothing.
- A step beyond the end of the route is error 11. A step of a locked chuck in contact is error 38. Then nothing moves.
- After a step from contact, the chuck returns to contact, or stays at separation. ``set_stepping_contact_mode`` sets
  which.

- ``move_chuck_xy`` beside the devices leaves the needles on nothing: contact there connects no device.

Not compared with a manual: texts of errors, the reply to ``*IDN?``, heights and sizes. Moves to a height in um, the
loader, the cameras and the editing of wafer maps are not modelled: their commands are error 3.
"""

from typing import ClassVar

from tsbench.simulated_backends.scpi.syntax import WHITE_TEXT, Framing
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.instrument import Placement
from tsbench.simulated_backends.virtual_instruments.line_commands import LineError
from tsbench.simulated_backends.virtual_instruments.mpi_sentio.commands import (
    INVALID_COMMAND,
    WRONG_COUNT,
    SentioChuck,
    SentioMap,
    SentioStation,
    SentioStatus,
)
from tsbench.simulated_backends.virtual_instruments.prober.station import ProberStation


class VirtualSentio(SentioStation):
    """The prober with its software."""

    line_tables = (SentioChuck, SentioMap, SentioStatus)
    manufacturer, model, firmware = "MPI Corporation", "SENTIO", "26.2.0"
    terminals = ()
    option_names = ("wafer",)
    moves_devices = True
    bus_latency: ClassVar[float] = 2e-3
    framing: ClassVar[Framing] = Framing(blocks=False)

    def __init__(self, bench: BenchServices, placement: Placement) -> None:
        super().__init__(bench, placement)
        self.station = ProberStation(bench, self.name, str(placement.options.get("wafer", "")))

    def connect(self) -> None:
        """Find the wafer."""
        _ = self.station.dies

    def may_answer(self, message: bytes) -> bool:
        """Every command has a reply, but most of those with an asterisk."""
        return b"?" in message or not message.lstrip().startswith(b"*")

    def cut(self, line: str) -> tuple[str, list[str]]:
        """Cut the word at a space, the arguments at commas."""
        word, _, rest = line.partition(" ")
        rest = rest.strip(WHITE_TEXT)
        return word, [part.strip(WHITE_TEXT) for part in rest.split(",")] if rest else []

    def unknown(self, word: str) -> LineError:
        """Return the error of an unknown word."""
        return LineError(INVALID_COMMAND, f"Command handler not found: {word}")

    def wrong_arguments(self, word: str) -> LineError:
        """Return the error of too many or too few arguments."""
        return LineError(WRONG_COUNT, f"Invalid number of parameters: {word}")

    def refused(self, error: LineError) -> str | None:
        """Reply the error number with the status, and the text."""
        bits, self.status_bits = self.status_bits, 0
        return f"{error.code | bits},0,{error.text}"

    def replied(self, word: str, result: str | None) -> str | None:
        """Reply 0 with the status, and the text."""
        if word.startswith("*"):
            return result
        bits, self.status_bits = self.status_bits, 0
        return f"{bits},0,{'OK' if result is None else result}"
