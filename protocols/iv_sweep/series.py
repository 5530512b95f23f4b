"""Several sweeps in one run: each within its own condition, in one table with more columns."""

from collections.abc import Iterator

from tsbench.instruments import Station
from tsbench.protocols.iv_sweep.acquisition import SweepAcquisition
from tsbench.protocols.iv_sweep.parameters import SweepParameters
from tsbench.records import Point, Recorder, RunEvent, Step, Waveform

_INDEX, _CYCLE = 0, 2  #: columns of a sweep whose numbers go on from sweep to sweep


class WithinSeries:
    """Records the points of one sweep of a series: numbers go on, and the condition is appended to each row.

    Parameters
    ----------
    recorder : of the run
    rows, cycles : how many were before
    condition : values of the additional columns
    """

    def __init__(self, recorder: Recorder, rows: int, cycles: int, condition: tuple[float, ...]) -> None:
        self._recorder, self._rows, self._cycles, self._condition = recorder, rows, cycles, condition

    def point(self, point: Point) -> None:
        values = list(point.values)
        values[_INDEX] += self._rows
        values[_CYCLE] += self._cycles
        self._recorder.point(Point((*values, *self._condition), point.flags))

    def waveform(self, waveform: Waveform) -> None:
        self._recorder.waveform(waveform)

    def event(self, event: RunEvent) -> None:
        self._recorder.event(event)


def one_sweep(
    settings: SweepParameters, station: Station, recorder: Recorder, number: int, parts: int,
    condition: tuple[float, ...],
) -> Iterator[Step]:
    """Take one sweep of a series of ``parts``; ``number`` from 0.

    Parameters
    ----------
    settings, station, recorder : of the run
    number, parts : of this sweep, from 0, and how many there are
    condition : values of the additional columns, in SI units
    """
    rows = number * len(settings.path())
    within = WithinSeries(recorder, rows, number * settings.cycles, condition)
    for step in SweepAcquisition(settings, station, within).run():
        yield Step(rows + step.done, parts * len(settings.path()), step.message, step.idle)


