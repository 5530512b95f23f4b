"""What an InfiniiVision oscilloscope has in its memory: codes of its channels, and the measurement record."""

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.command_table import ScopeBase
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.settings import AcquisitionCommands
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition import Acquisition, TriggeredRecord
from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import Sampling
from tsbench.simulated_backends.virtual_instruments.oscilloscope.front_end import MIDDLE, InputChannel
from tsbench.simulated_backends.virtual_instruments.oscilloscope.shown_trace import ShownTrace

Codes = npt.NDArray[np.uint16]
_KEPT = 8  #: rendered records


class ScopeRecords:
    """The records of one oscilloscope; each is computed when it is first read, and kept.

    Parameters
    ----------
    scope : ScopeBase
    settings : AcquisitionCommands
    """

    def __init__(self, scope: ScopeBase, settings: AcquisitionCommands) -> None:
        self.scope = scope
        self.settings = settings
        self._of: Acquisition | None = None
        self._rendered: dict[tuple[int, ...], Codes] = {}
        self._traces: dict[int, ShownTrace] = {}

    @property
    def segment(self) -> int:
        """Return the number of the segment that is shown."""
        return int(self.scope.setting_values.get(("segment_index", ()), 1))

    @property
    def acquisition(self) -> Acquisition | None:
        """Return the acquisition that can be read."""
        found = self.scope.control.finished
        return found if found is not None and found.records else None

    def has(self, channel: int) -> bool:
        """Whether a channel was acquired."""
        return self.acquisition is not None and channel in self.acquisition.plan.channels

    def input(self, channel: int) -> InputChannel:
        """Return a channel as it was set when the acquisition began."""
        assert self.acquisition is not None
        return self.acquisition.plan.channels[channel]

    @property
    def sampling(self) -> Sampling:
        """Return rate and points of what can be read, or of what is set if there is nothing."""
        return self.settings.sampling() if self.acquisition is None else self.acquisition.plan.sampling

    @property
    def first(self) -> float:
        """Return the time [s] of the first sample after the trigger."""
        return self.settings.record_start() if self.acquisition is None else self.acquisition.plan.first_sample

    @property
    def averaged(self) -> bool:
        """Whether it is an average."""
        return self.acquisition is not None and self.acquisition.plan.averaged

    @property
    def stopped(self) -> bool:
        """Whether the whole memory can be read: while it runs, only the measurement record can."""
        return not self.scope.control.running

    def stride(self, wanted: int | None, raw: bool) -> int:
        """Return how many samples of the memory make one point.

        Parameters
        ----------
        wanted : points that were asked for; None for all
        raw : of the memory; else of the measurement record
        """
        sheet, points = self.scope.data_sheet, self.sampling.points
        most = points if wanted is None else wanted
        if self.averaged or not (raw and self.stopped):
            most = min(most, sheet.normal_points)
        return math.ceil(points / most)

    def codes(self, channel: int, stride: int, every_segment: bool = False) -> Codes:
        """Return the 16-bit codes of every ``stride``-th sample, as ``WORD`` has them. They are not to be changed."""
        acquisition = self.acquisition
        assert acquisition is not None
        records = self._chosen(acquisition, every_segment)
        wanted = (channel, stride, *(record.number for record in records))
        self._forget_others(acquisition)
        if wanted not in self._rendered:
            if len(self._rendered) >= _KEPT:
                self._rendered.pop(next(iter(self._rendered)))
            self._rendered[wanted] = self.scope.digitiser.read(acquisition.plan, records, channel, stride)
        return self._rendered[wanted]

    def _chosen(self, acquisition: Acquisition, every_segment: bool) -> list[TriggeredRecord]:
        if acquisition.plan.averaged or every_segment:
            return acquisition.records
        return [acquisition.records[min(self.segment, len(acquisition.records)) - 1]]

    def _forget_others(self, acquisition: Acquisition) -> None:
        if self._of is not acquisition:
            self._of = acquisition
            self._rendered.clear()
            self._traces.clear()

    def trace(self, channel: int) -> ShownTrace | None:
        """Return the measurement record of a channel [V at the display]; None if it was not acquired."""
        if not self.has(channel):
            return None
        stride = self.stride(None, False)
        codes = self.codes(channel, stride)
        found = self._traces.get(id(codes))
        if found is None:
            shown = self.input(channel)
            volts = np.asarray((codes * (1.0 / 256) - MIDDLE) * shown.step + shown.offset, dtype=np.float64)
            low, high = bool(np.any(codes == 0x0001)), bool(np.any(codes == 0xFFFF))
            volts[codes == 0] = np.nan
            found = ShownTrace(self.first, self.sampling.interval * stride, volts, 0.0, low, high)
            self._traces[id(codes)] = found
        return replace(found, reference=self.settings.position)
