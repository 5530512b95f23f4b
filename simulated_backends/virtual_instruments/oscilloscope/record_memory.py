"""The memory of a :class:`~.panel_scope.PanelScope`: 16-bit codes of its channels, and what they show."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition import Acquisition
from tsbench.simulated_backends.virtual_instruments.oscilloscope.conversion import CLIPPED_HIGH
from tsbench.simulated_backends.virtual_instruments.oscilloscope.digitiser import Digitiser
from tsbench.simulated_backends.virtual_instruments.oscilloscope.front_end import MIDDLE
from tsbench.simulated_backends.virtual_instruments.oscilloscope.shown_trace import ShownTrace

Codes = npt.NDArray[np.uint16]
_KEPT = 16  #: rendered records
_SHOWN_POINTS = 14_000  #: points that the screen and the measurements use, at most


class RecordMemory:
    """The records of one oscilloscope; each is computed when it is first read, and kept.

    Parameters
    ----------
    finished : returns the acquisition that can be read
    digitiser : Digitiser
    """

    def __init__(self, finished: Callable[[], Acquisition | None], digitiser: Digitiser) -> None:
        self._finished = finished
        self._digitiser = digitiser
        self._of: Acquisition | None = None
        self._rendered: dict[tuple[int, int, int], Codes] = {}

    @property
    def acquisition(self) -> Acquisition | None:
        """Return the acquisition that can be read."""
        found = self._finished()
        return found if found is not None and found.records else None

    def has(self, channel: int) -> bool:
        """Whether a channel was acquired."""
        return self.acquisition is not None and channel in self.acquisition.plan.channels

    def codes(self, channel: int, stride: int = 1, segment: int = 0) -> Codes:
        """Return the 16-bit codes of every ``stride``-th sample of one segment. They are not to be changed."""
        acquisition = self.acquisition
        assert acquisition is not None
        if self._of is not acquisition:
            self._of = acquisition
            self._rendered.clear()
        wanted = (channel, stride, segment)
        if wanted not in self._rendered:
            if len(self._rendered) >= _KEPT:
                self._rendered.pop(next(iter(self._rendered)))
            records = acquisition.records if acquisition.plan.averaged else acquisition.records[segment:segment + 1]
            self._rendered[wanted] = self._digitiser.read(acquisition.plan, records, channel, stride)
        return self._rendered[wanted]

    def signed(self, channel: int, stride: int = 1, segment: int = 0) -> npt.NDArray[np.int16]:
        """Return codes about mid-screen, 256 for one step of an 8-bit converter."""
        codes = self.codes(channel, stride, segment)
        return np.asarray(codes ^ np.uint16(MIDDLE << 8)).view(np.int16)

    def trace(self, channel: int, segment: int = 0, points: int = _SHOWN_POINTS) -> ShownTrace | None:
        """Return a record of a channel [V at the display] as it is measured; None if it was not acquired.

        ``points``: it has fewer than twice as many; of a longer record every n-th is taken.
        """
        acquisition = self.acquisition
        if acquisition is None or not self.has(channel):
            return None
        plan = acquisition.plan
        stride = max(plan.sampling.points // points, 1)
        codes, shown = self.codes(channel, stride, segment), plan.channels[channel]
        volts = np.asarray((codes * (1.0 / 256) - MIDDLE) * shown.step + shown.offset, dtype=np.float64)
        low, high = bool(np.any(codes == 0x0001)), bool(np.any(codes >= CLIPPED_HIGH << 8))
        volts[codes == 0] = np.nan
        return ShownTrace(plan.first_sample, plan.sampling.interval * stride, volts, 0.0, low, high)

    def heights(self, channel: int) -> npt.NDArray[np.float64]:
        """Return the record of a channel in screen heights from the middle."""
        trace, acquisition = self.trace(channel), self.acquisition
        if trace is None or acquisition is None:
            return np.empty(0)
        shown = acquisition.plan.channels[channel]
        return np.asarray((trace.values - shown.offset) / (shown.scale * shown.divisions))

    def measured(self, channel: int, reference: float) -> ShownTrace | None:
        """Return the record of a channel whose measurements are made nearest ``reference`` [s]."""
        trace = self.trace(channel)
        return None if trace is None else replace(trace, reference=reference)
