"""A running measurement of a B1500A: the program that it runs, and the readings that have come.

While it runs, the instrument answers no query. Its status byte says whether data are ready and whether it has ended.
"""

import numpy as np

from tsbench.errors import GarbledReply, InstrumentError
from tsbench.instruments.interfaces import Reading, SourceSettings
from tsbench.instruments.keysight_b1500a.mainframe import ParameterAnalyser
from tsbench.instruments.keysight_b1500a.readings import decoded
from tsbench.instruments.languages.flex import DATA_READY, SET_READY, FlexDatum, parse_data
from tsbench.records import FloatArray

PROGRAM = 1  #: number of the program


def readings_in(data: list[FlexDatum]) -> list[list[FlexDatum]]:
    """Cut data into readings: each begins with a time, unless the same time stands before both quantities of one."""
    rows: list[list[FlexDatum]] = []
    for datum in data:
        if datum.kind == "T" and rows and len(rows[-1]) == 2 and rows[-1][0] == datum:
            continue
        if datum.kind == "T" or not rows:
            rows.append([])
        rows[-1].append(datum)
    return rows


class MeasurementRun:
    """The measurement that one channel runs.

    Parameters
    ----------
    box : ParameterAnalyser
    label : of the channel, for messages
    """

    def __init__(self, box: ParameterAnalyser, label: str) -> None:
        self._box = box
        self._label = label
        self._source = SourceSettings("voltage", compliance_current=0.0)
        self._full_scale = 0.0  #: [V or A] of the range that sources the levels
        self.forget()

    def forget(self) -> None:
        """Nothing runs, nothing was measured."""
        self._levels: FloatArray = np.zeros(0)
        self._found: list[Reading] = []
        self.running = False
        self._whole = False  #: the data come in one piece, at the end

    def forget_data(self) -> None:
        """The measurement was aborted: what it still has to give is not read. What has come stays."""
        self.running = False

    def store(self, lines: list[str]) -> None:
        """Store a program, one message for each of its lines."""
        self._box.send(f"SCR {PROGRAM}", f"ST {PROGRAM}", *lines, "END")
        self._box.check_errors()

    def start_program(self, source: SourceSettings, full_scale: float, levels: FloatArray) -> None:
        """Run the stored program, which takes one reading at each level [V or A]."""
        self.start(f"DO {PROGRAM}", source, full_scale, levels, whole=False)

    def start(
        self, command: str, source: SourceSettings, full_scale: float, levels: FloatArray, whole: bool,
    ) -> None:
        """Start a measurement. ``whole``: all its data come in one piece, at its end."""
        self._box.write("BC")
        self._source, self._full_scale = source, full_scale
        self._levels, self._found = np.array(levels, dtype=np.float64), []
        self.running, self._whole = True, whole
        self._box.write(command)

    def poll(self) -> int:
        """Read the data that are ready, and return how many readings have come."""
        if not self.running:
            return len(self._found)
        status = self._box.status_byte()
        ended = bool(status & SET_READY)
        while status & DATA_READY and (ended or not self._whole):
            for part in readings_in(self._data()):
                index = min(len(self._found), len(self._levels) - 1)
                level = float(self._levels[index])
                self._found.append(decoded(part, level, self._source, self._full_scale, self._label))
            status = self._box.status_byte()
        if ended and not status & DATA_READY:
            self.running = False
            self._box.check_errors()
        return len(self._found)

    def _data(self) -> list[FlexDatum]:
        reply = self._box.read_text()
        try:
            return parse_data(reply)
        except ValueError as error:
            raise GarbledReply(
                f"{self._label}: the data of a measurement cannot be read ({error}). Repeat the measurement") from None

    def fetch(self, first: int, last: int) -> list[Reading]:
        """Return readings ``first`` up to but not including ``last``."""
        if last > len(self._found):
            late = (". At a short sampling interval, the instrument leaves out readings that would be late"
                    if self._whole and not self.running else "")
            raise InstrumentError(f"{self._label}: {last} readings were requested, but {len(self._found)} were taken"
                                  f"{late}. Fetch as many as poll_sweep tells; each has its time")
        return self._found[first:last]
