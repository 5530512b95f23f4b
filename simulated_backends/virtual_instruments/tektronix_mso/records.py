"""What a Tektronix oscilloscope has in its memory: codes of its channels, and their records in volts."""

import numpy as np
import numpy.typing as npt

from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition import Acquisition
from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import Sampling
from tsbench.simulated_backends.virtual_instruments.oscilloscope.front_end import HOLE, MIDDLE, InputChannel
from tsbench.simulated_backends.virtual_instruments.oscilloscope.shown_trace import ShownTrace
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.command_table import TektronixBase
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.horizontal import HorizontalCommands

Codes = npt.NDArray[np.uint16]
_KEPT = 8  #: records


class TektronixRecords:
    """The records of one oscilloscope; each is computed when it is first read, and kept.

    Parameters
    ----------
    scope : TektronixBase
    settings : HorizontalCommands
    """

    def __init__(self, scope: TektronixBase, settings: HorizontalCommands) -> None:
        self.scope = scope
        self.settings = settings
        self._of: Acquisition | None = None
        self._rendered: dict[tuple[int, int, int], Codes] = {}

    @property
    def acquisition(self) -> Acquisition | None:
        """Return the acquisition that can be read."""
        found = self.scope.control.finished
        return found if found is not None and found.records else None

    def has(self, channel: int) -> bool:
        """Whether a channel was acquired."""
        return self.acquisition is not None and channel in self.acquisition.plan.channels

    def input(self, channel: int) -> InputChannel:
        """Return a channel as it was set when the acquisition began; as it is set now if it was not acquired."""
        if self.acquisition is not None and channel in self.acquisition.plan.channels:
            return self.acquisition.plan.channels[channel]
        return self.settings.channels.channel(channel)

    @property
    def sampling(self) -> Sampling:
        """Return rate and points of what can be read, or of what is set if there is nothing."""
        return self.settings.sampling() if self.acquisition is None else self.acquisition.plan.sampling

    @property
    def first(self) -> float:
        """Return the time [s] of the first sample after the trigger."""
        return self.settings.record_start() if self.acquisition is None else self.acquisition.plan.first_sample

    @property
    def frames(self) -> int:
        """Return how many frames can be read."""
        acquisition = self.acquisition
        return 1 if acquisition is None or acquisition.plan.averaged else len(acquisition.records)

    def codes(self, channel: int, first: int = 1, last: int = 1) -> Codes:
        """Return the 16-bit codes of frames, one after the other; what was not acquired has the code of a hole."""
        acquisition = self.acquisition
        if acquisition is None or channel not in acquisition.plan.channels:
            return np.full(self.sampling.points, HOLE, dtype=np.uint16)
        if self._of is not acquisition:
            self._of = acquisition
            self._rendered.clear()
        wanted = (channel, first, last)
        if wanted not in self._rendered:
            if len(self._rendered) >= _KEPT:
                self._rendered.pop(next(iter(self._rendered)))
            plan = acquisition.plan
            records = acquisition.records if plan.averaged else acquisition.records[first - 1:last]
            self._rendered[wanted] = self.scope.digitiser.read(plan, records, channel)
        return self._rendered[wanted]

    def trace(self, channel: int) -> ShownTrace | None:
        """Return the record of a channel [V at the display]; None if it was not acquired."""
        if not self.has(channel):
            return None
        codes, shown = self.codes(channel), self.input(channel)
        volts = np.asarray((codes * (1.0 / 256) - MIDDLE) * shown.step + shown.offset, dtype=np.float64)
        low, high = bool(np.any(codes == 0x0001)), bool(np.any(codes == 0xFFFF))
        volts[codes == HOLE] = np.nan
        return ShownTrace(self.first, self.sampling.interval, volts, 0.0, low, high)
