"""Output of scripts: ``print``, ``printnumber``, ``printbuffer`` and ``format`` (2600BS-901-01, section 7)."""

import math
import struct
from collections.abc import Generator, Sequence
from typing import Any, Protocol

from tsbench.simulated_backends.scpi.executing import Wait
from tsbench.simulated_backends.tsp.errors import TspError
from tsbench.simulated_backends.tsp.instrument import TspParts
from tsbench.simulated_backends.tsp.tables import TspTable, global_function, number, whole

ASCII, REAL32, REAL64 = 1, 2, 3
NETWORK, SWAPPED = 0, 1
LOOK_AGAIN = 1e-3  #: [s] until ``printbuffer`` looks again for readings that are still being taken


class PrintedColumn(Protocol):
    """One column of a reading buffer, for example its readings."""

    def at(self, place: float) -> Any:
        """Return its value at ``place``, from 1 on; nil where it was not collected."""
        ...

    @property
    def size(self) -> int:
        """Return how many values it has."""
        ...

    @property
    def filling(self) -> bool:
        """Whether an overlapped measurement still adds values."""
        ...


class Output:
    """Writes numbers as the instrument does.

    Parameters
    ----------
    parts : TspParts
    precision : significant digits after a reset; 0: automatic
    """

    def __init__(self, parts: TspParts, precision: int) -> None:
        self._parts = parts
        self._precision_after_reset = precision
        self._exchange = parts.instrument.exchange
        self.reset()
        interpreter = parts.interpreter
        interpreter.host.printer(interpreter.function(self._print))
        global_function(interpreter, "printnumber", self._print_numbers, 1)
        global_function(interpreter, "printbuffer", self._print_buffer, 3)
        table = TspTable(interpreter, "format")
        table.make_global("format")
        table.constants(
            ASCII=ASCII, REAL32=REAL32, SREAL=REAL32, REAL64=REAL64, REAL=REAL64, DREAL=REAL64, NORMAL=NETWORK,
            NETWORK=NETWORK, BIGENDIAN=NETWORK, SWAPPED=SWAPPED, LITTLEENDIAN=SWAPPED)
        table.attribute("data", lambda: self.data, self._set_data)
        table.attribute("byteorder", lambda: self.byteorder, self._set_byteorder)
        table.attribute("asciiprecision", lambda: self.precision, self._set_precision)

    def reset(self) -> None:
        """Go back to what a reset leaves."""
        self.data, self.byteorder, self.precision = ASCII, SWAPPED, self._precision_after_reset

    def _set_data(self, value: Any) -> None:
        if number(value) not in (ASCII, REAL32, REAL64):
            raise TspError(1406)
        self.data = int(value)

    def _set_byteorder(self, value: Any) -> None:
        if number(value) not in (NETWORK, SWAPPED):
            raise TspError(1404)
        self.byteorder = int(value)

    def _set_precision(self, value: Any) -> None:
        if not 0 <= number(value) <= 16:
            raise TspError(1405)
        self.precision = int(value)

    def text(self, value: float) -> str:
        """Return a number as text.

        With automatic precision, it is what Lua itself writes: 14 digits and no exponent where none is needed. This
        is what the examples of the 2450 show (2450-901-01 rev. B, p. 7-25: ``1``; p. 8-25: ``-9.6420389034124e-12``).
        """
        if not math.isfinite(value):
            return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
        return f"{value:.{self.precision - 1}e}" if self.precision else f"{value:.14g}"

    def _print(self, *values: Any) -> None:
        texts = [value if isinstance(value, str) else self.text(float(value)) for value in values]
        self._exchange.answer("\t".join(texts).encode("latin-1"))

    def _print_numbers(self, *values: Any) -> None:
        self.answer([number(value) for value in values])

    def answer(self, values: Sequence[float]) -> None:
        """Answer numbers in the format that is set: as text, or as a block of floats."""
        if self.data == ASCII:
            self._exchange.answer(", ".join([self.text(value) for value in values]).encode())
            return
        code = "f" if self.data == REAL32 else "d"
        order = "<" if self.byteorder == SWAPPED else ">"
        try:
            block = struct.pack(f"{order}{len(values)}{code}", *values)
        except OverflowError:   # beyond a float of 32 bits
            block = struct.pack(f"{order}{len(values)}f", *(max(min(value, 3.4e38), -3.4e38) for value in values))
        self._exchange.answer(b"#0" + block)

    def _print_buffer(self, start: Any, end: Any, *buffers: Any) -> Generator[Wait, None, None]:
        first, last = whole(start, 1), whole(end, 1)
        columns: list[PrintedColumn] = []
        for place, buffer in enumerate(buffers, 3):
            column = self._parts.object(buffer)
            if column is None or not hasattr(column, "size"):
                raise TspError(1401, "", place)
            columns.append(column)
        while any(column.filling and column.size < last for column in columns):
            yield LOOK_AGAIN
        chosen = [[column.at(k) for k in range(first, min(last, column.size) + 1)] for column in columns]
        for place, values in enumerate(chosen, 3):
            if any(value is None for value in values):   # a column that was not collected
                raise TspError(1401, "", place)
        shortest = min(len(values) for values in chosen)
        self._answer_mixed([values[index] for index in range(shortest) for values in chosen])

    def _answer_mixed(self, values: Sequence[float | str]) -> None:
        """Answer numbers and texts; a text cannot be in a block of floats: error -221."""
        if not any(isinstance(value, str) for value in values):
            self.answer([float(value) for value in values])
        elif self.data == ASCII:
            texts = [value if isinstance(value, str) else self.text(float(value)) for value in values]
            self._exchange.answer(", ".join(texts).encode("latin-1"))
        else:
            raise TspError(-221)
