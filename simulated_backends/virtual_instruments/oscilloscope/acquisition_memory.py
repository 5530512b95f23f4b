"""The memory of a :class:`~.converter_scope.ConverterScope`: samples in parts of an ADC step, and what they show."""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from tsbench.records import FloatArray
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition import (
    Acquisition,
    AcquisitionPlan,
    TriggeredRecord,
)
from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import ConverterSheet
from tsbench.simulated_backends.virtual_instruments.oscilloscope.digitiser import Digitiser
from tsbench.simulated_backends.virtual_instruments.oscilloscope.front_end import InputChannel
from tsbench.simulated_backends.virtual_instruments.oscilloscope.shown_trace import ShownTrace

Levels = npt.NDArray[np.int32]
FINE = 256  #: parts of an ADC step: what averaging and high resolution resolve
_KEPT = 8  #: rendered records


class AcquisitionMemory:
    """The records of the acquisition that can be read; each is computed when it is first read, and kept.

    Parameters
    ----------
    sheet : ConverterSheet
    digitiser : Digitiser
    finished : gives the acquisition that can be read, or None
    """

    def __init__(
        self, sheet: ConverterSheet, digitiser: Digitiser, finished: Callable[[], Acquisition | None],
    ) -> None:
        self._sheet = sheet
        self._digitiser = digitiser
        self._finished = finished
        self._of: Acquisition | None = None
        self._rendered: dict[tuple[int, int], Levels] = {}

    @property
    def acquisition(self) -> Acquisition | None:
        """Return the acquisition that can be read."""
        found = self._finished()
        return found if found is not None and found.records else None

    @property
    def plan(self) -> AcquisitionPlan | None:
        """Return how it was acquired."""
        return None if self.acquisition is None else self.acquisition.plan

    def has(self, channel: int) -> bool:
        """Whether a channel was acquired."""
        return self.plan is not None and channel in self.plan.channels

    def input(self, channel: int) -> InputChannel:
        """Return a channel as it was set when the acquisition began."""
        assert self.plan is not None
        return self.plan.channels[channel]

    @property
    def count(self) -> int:
        """Return the number of records (segments): an average is one."""
        if self.acquisition is None:
            return 0
        return 1 if self.acquisition.plan.averaged else len(self.acquisition.records)

    def record_times(self) -> list[float]:
        """Return the time [s] of each record's trigger after the first, by the clock of the oscilloscope."""
        if self.acquisition is None:
            return []
        begun = self.acquisition.records[0].trigger
        error = self.acquisition.plan.timebase_error
        return [(record.trigger - begun) / (1 + error) for record in self.acquisition.records]

    # ------------------------------------------------------------------------------------------------- codes

    def levels(self, channel: int, record: int = 0) -> Levels:
        """Return the samples of one record in parts (1 / ``FINE``) of an ADC step from mid-screen. Do not change them.

        What is beyond the ADC has its lowest or highest code.
        """
        acquisition = self.acquisition
        assert acquisition is not None
        if self._of is not acquisition:
            self._of = acquisition
            self._rendered.clear()
        wanted = (channel, record)
        if wanted not in self._rendered:
            if len(self._rendered) >= _KEPT:
                self._rendered.pop(next(iter(self._rendered)))
            self._rendered[wanted] = self._render(acquisition, channel, record)
        return self._rendered[wanted]

    def _render(self, acquisition: Acquisition, channel: int, record: int) -> Levels:
        if acquisition.plan.averaged:
            total = np.zeros(acquisition.plan.sampling.points)
            for one in acquisition.records:
                total += self._convert(acquisition.plan, one, channel)
            return np.asarray(np.rint(total / len(acquisition.records)), dtype=np.int32)
        return self._convert(acquisition.plan, acquisition.records[record], channel)

    def _convert(self, plan: AcquisitionPlan, record: TriggeredRecord, channel: int) -> Levels:
        sheet = self._sheet
        parts = FINE if plan.high_resolution else sheet.resolved
        return self._digitiser.levels(
            plan, record, plan.channels[channel], parts, sheet.lowest_code * parts, sheet.highest_code * parts,
            FINE // parts)

    def volts(self, channel: int, levels: npt.NDArray[np.int32]) -> FloatArray:
        """Return what samples of a channel mean [V at the display]."""
        screen = self.input(channel)
        return np.asarray(levels * (screen.step / FINE) + screen.offset, dtype=np.float64)

    # ------------------------------------------------------------------------------------------------- screen

    def on_screen(self, channel: int, start: float, interval: float, points: int, record: int = 0) -> Levels:
        """Return the samples at ``points`` times from ``start`` [s] on; between two samples, a line."""
        plan = self.plan
        assert plan is not None
        levels = self.levels(channel, record)
        places = (start + interval * np.arange(points) - plan.first_sample) / plan.sampling.interval
        if interval >= plan.sampling.interval:
            chosen = np.clip(np.floor(places + 0.5), 0, len(levels) - 1).astype(np.int64)
            return np.asarray(levels[chosen], dtype=np.int32)
        between = np.interp(places, np.arange(len(levels)), levels)
        # a display has the steps of the ADC
        parts = 1 if plan.averaged or plan.high_resolution else FINE // self._sheet.resolved
        return np.asarray(np.rint(between / parts) * parts, dtype=np.int32)

    def trace(self, channel: int, start: float, span: float, points: int, record: int = 0) -> ShownTrace | None:
        """Return what the screen shows of a channel, at most ``points`` of the samples; None if it was not acquired."""
        if not self.has(channel) or self.plan is None:
            return None
        interval = self.plan.sampling.interval
        first = max(round((start - self.plan.first_sample) / interval), 0)
        last = min(first + max(round(span / interval), 2), self.plan.sampling.points)
        stride = max(math.ceil((last - first) / points), 1)
        levels = self.levels(channel, record)[first:last:stride]
        low, high = self._sheet.lowest_code * FINE, self._sheet.highest_code * FINE
        return ShownTrace(
            self.plan.first_sample + first * interval, interval * stride, self.volts(channel, levels), 0.0,
            bool(np.any(levels <= low)), bool(np.any(levels >= high)))
