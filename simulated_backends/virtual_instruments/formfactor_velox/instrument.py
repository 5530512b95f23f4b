"""Virtual FormFactor Velox.

The commands and their arguments are those of the maker's list of SCI commands ("API status: published") and of
PyMeasure's driver.

Behaviour of the software that the virtual instrument reproduces
----------------------------------------------------------------
- Each command has a reply: an error number, a colon and the values, separated by spaces (``0: 1 -2 0 4``). Only
  ``*IDN?`` and ``*OPC?`` reply without a number.
- A step beyond the last die is number 703. Then nothing moves.
- A step from contact goes to the separation height first, and returns to contact.
- ``MoveChuck`` beside the devices leaves the needles on nothing: contact there connects no device.

Not compared with a manual: the numbers of the other errors, the text of ``*IDN?``, the letters of the preset heights
and of the mode in ``ReadProberStatus``, and the commands ``GetNumDies``, ``GetDieDataAsColRow`` and ``ReadMapPosition``
beyond their first two values.
"""

import functools
import re
from typing import ClassVar

from tsbench.simulated_backends.scpi.executing import Handler
from tsbench.simulated_backends.scpi.plain_numbers import plain_number, plain_whole_number
from tsbench.simulated_backends.scpi.syntax import WHITE_TEXT, Framing, capitals
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.instrument import Placement
from tsbench.simulated_backends.virtual_instruments.line_commands import (
    LineError,
    LineInstrument,
    LineTable,
    argument,
    line_command,
)
from tsbench.simulated_backends.virtual_instruments.prober.station import (
    ALIGN,
    CONTACT,
    DIE_SIZE,
    HEIGHTS,
    SEPARATION,
    ProberStation,
)

UNKNOWN_COMMAND, WRONG_ARGUMENTS, OUT_OF_RANGE, NO_SUCH_DIE, END_OF_WAFER = 10, 11, 12, 701, 703
TRAVEL = 155_000.0  #: [um] of the chuck from its centre; not compared with a data sheet
UNITS = {"Y": 1.0, "I": 25.4}  #: [um] of a micron and of a mil; jogs and encoder steps are those of a machine
_BLANKS = re.compile(f"[{re.escape(WHITE_TEXT)}]+")
PLAIN = ("*idn?", "*opc?")  #: commands whose reply has no error number


whole_number = functools.partial(argument, plain_whole_number, code=WRONG_ARGUMENTS, said="Wrong argument {}")
number = functools.partial(argument, plain_number, code=WRONG_ARGUMENTS, said="Wrong argument {}")


class VeloxStation(LineInstrument):
    """What the commands see of the instrument."""

    station: ProberStation
    die_size: tuple[float, float] = DIE_SIZE  #: [um] that MoveChuckIndex steps


class VeloxChuck(LineTable[VeloxStation]):
    """Heights and positions of the chuck."""

    def _to(self, height: str, velocity: str) -> Handler:
        if not 0 < number(velocity) <= 100:
            raise LineError(OUT_OF_RANGE, f"Velocity {velocity} is out of range")
        yield from self.instrument.station.go_to_height(height)

    @line_command("MoveChuckContact")
    def _contact(self, velocity: str = "100") -> Handler:
        return self._to(CONTACT, velocity)

    @line_command("MoveChuckSeparation")
    def _separation(self, velocity: str = "100") -> Handler:
        return self._to(SEPARATION, velocity)

    @line_command("MoveChuckAlign")
    def _align(self, velocity: str = "100") -> Handler:
        return self._to(ALIGN, velocity)

    def _origin(self, reference: str) -> tuple[float, float]:
        """Return where a position counts from [um from the home die]; home, zero and centre are one place here."""
        letter = capitals(reference)[:1]
        if letter == "R":
            return self.instrument.station.position
        if letter not in ("H", "Z", "C", "D"):
            raise LineError(WRONG_ARGUMENTS, f"Wrong argument {reference}")
        return 0.0, 0.0

    def _moved(self, x: float, y: float, reference: str, velocity: str) -> Handler:
        if not 0 < number(velocity) <= 100:
            raise LineError(OUT_OF_RANGE, f"Velocity {velocity} is out of range")
        along, across = self._origin(reference)
        if max(abs(x + along), abs(y + across)) > TRAVEL:
            raise LineError(OUT_OF_RANGE, f"Position {x + along:g} {y + across:g} is out of range")
        yield from self.instrument.station.move(x + along, y + across)

    def _um(self, unit: str) -> tuple[float, float]:
        letter = capitals(unit)[:1]
        if letter == "X":   # in steps of the index
            return self.instrument.die_size
        if letter not in UNITS:
            raise LineError(WRONG_ARGUMENTS, f"Wrong argument {unit}")
        return UNITS[letter], UNITS[letter]

    @line_command("MoveChuck")
    def _move(
        self, x: str = "0", y: str = "0", reference: str = "H", unit: str = "Y", velocity: str = "100",
        compensation: str = "D",
    ) -> Handler:
        along, across = self._um(unit)
        return self._moved(number(x) * along, number(y) * across, reference, velocity)

    @line_command("MoveChuckIndex")
    def _index(self, x: str, y: str, reference: str = "H", velocity: str = "100") -> Handler:
        along, across = self.instrument.die_size
        return self._moved(whole_number(x) * along, whole_number(y) * across, reference, velocity)

    @line_command("ReadChuckIndex")
    def _read_index(self, unit: str = "Y") -> str:
        along, across = self._um(unit)
        return f"{self.instrument.die_size[0] / along:.1f} {self.instrument.die_size[1] / across:.1f}"

    @line_command("SetChuckIndex")
    def _set_index(self, x: str, y: str, unit: str = "Y") -> None:
        along, across = self._um(unit)
        found = number(x) * along, number(y) * across
        if min(found) <= 0 or max(found) > TRAVEL:
            raise LineError(OUT_OF_RANGE, f"Index size {x} {y} is out of range")
        self.instrument.die_size = found

    @line_command("ReadProberStatus")
    def _prober_status(self) -> str:
        """Flags of what moves, contact, mode, quiet. A command is replied when it has ended: nothing moves then."""
        return f"0 {int(self.instrument.station.height == CONTACT)} R 0"

    @line_command("ReadChuckPosition")
    def _position(self, unit: str = "Y", reference: str = "H", compensation: str = "D") -> str:
        x, y = self.instrument.station.position
        return f"{x:.1f} {y:.1f} {HEIGHTS[self.instrument.station.height]:.1f}"

    @line_command("ReadChuckStatus")
    def _status(self) -> str:
        letter = {CONTACT: "C", SEPARATION: "S", ALIGN: "A"}[self.instrument.station.height]
        return f"15 16 0 0 None 1 {letter} 0 0 0 0"


class VeloxMap(LineTable[VeloxStation]):
    """The wafer map."""

    def _step(self, column: int, row: int, subsite: int) -> Handler:
        station = self.instrument.station
        if not station.has(column, row, subsite):
            raise LineError(NO_SUCH_DIE, f"Die {column} {row} {subsite} is not in the wafer map")
        yield from station.step(column, row, subsite)
        return f"{column} {row} {subsite} {len(station.dies[column, row])}"

    @line_command("StepFirstDie")
    def _first(self) -> Handler:
        return self._step(*self.instrument.station.route[0], 0)

    @line_command("StepNextDie")
    def _next(self, column: str = "", row: str = "", subsite: str = "0") -> Handler:
        station = self.instrument.station
        if column and not row:
            raise LineError(WRONG_ARGUMENTS, "Wrong number of arguments")
        if column:
            return self._step(*(whole_number(text) for text in (column, row, subsite)))
        following = station.index() + 1
        if following >= len(station.route):
            raise LineError(END_OF_WAFER, "End of wafer reached")
        return self._step(*station.route[following], station.subsite)

    @line_command("ReadMapPosition")
    def _position(self) -> str:
        station = self.instrument.station
        x, y = station.position
        total = len(station.dies.get((station.column, station.row), ()))
        return (f"{station.column} {station.row} {x:.1f} {y:.1f} {station.subsite} {total} "
                f"{station.index() + 1} {len(station.route)}")

    @line_command("GetNumDies")
    def _dies(self) -> str:
        return str(len(self.instrument.station.route))

    @line_command("GetDieDataAsColRow")
    def _die(self, number: str) -> str:
        index = whole_number(number)
        route = self.instrument.station.route
        if not 1 <= index <= len(route):
            raise LineError(NO_SUCH_DIE, f"Die {number} is not in the wafer map")
        return f"{route[index - 1][0]} {route[index - 1][1]} 0 1"

    @line_command("IsAppRegistered")
    def _registered(self, name: str) -> str:
        return str(int(name.lower() == "wafermap"))


class VeloxSoftware(LineTable[VeloxStation]):
    """The software."""

    @line_command("*IDN?")
    def _identify(self) -> str:
        return self.instrument.identification

    @line_command("*OPC?")
    def _complete(self) -> str:
        return "1"

    @line_command("ReportSoftwareVersion")
    def _version(self) -> str:
        return self.instrument.firmware


class VirtualVelox(VeloxStation):
    """The prober with its software."""

    line_tables = (VeloxChuck, VeloxMap, VeloxSoftware)
    manufacturer, model, firmware = "FormFactor", "Velox", "3.3.1"
    terminals = ()
    option_names = ("wafer",)
    moves_devices = True
    bus_latency: ClassVar[float] = 5e-3
    framing: ClassVar[Framing] = Framing(blocks=False)

    def __init__(self, bench: BenchServices, placement: Placement) -> None:
        super().__init__(bench, placement)
        self.station = ProberStation(bench, self.name, str(placement.options.get("wafer", "")))

    def connect(self) -> None:
        """Find the wafer."""
        _ = self.station.dies

    def may_answer(self, message: bytes) -> bool:
        """Every command has a reply."""
        return True

    def cut(self, line: str) -> tuple[str, list[str]]:
        """Cut at spaces."""
        word, *arguments = _BLANKS.split(line)
        return word, arguments

    def unknown(self, word: str) -> LineError:
        """Return the error of an unknown word."""
        return LineError(UNKNOWN_COMMAND, f"Unknown command {word}".rstrip())

    def wrong_arguments(self, word: str) -> LineError:
        """Return the error of too many or too few arguments."""
        return LineError(WRONG_ARGUMENTS, "Wrong number of arguments")

    def refused(self, error: LineError) -> str | None:
        """Reply number and text."""
        return f"{error.code}: {error.text}"

    def replied(self, word: str, result: str | None) -> str | None:
        """Reply 0 and the values."""
        return result if word.lower() in PLAIN else f"0: {result or ''}"
