"""When each frame of a FastFrame acquisition was triggered: ``HORizontal:FASTframe:TIMEStamp`` and ``:XZEro``.

Source: the programmer's guides: a time stamp has picoseconds; the DPO gives those of a channel from one frame to
another ("DD MON YYYY HH:MM:SS.xxx xxx xxx xxx"), the MSO those of all frames ("frame:DD.MM.YYYY HH:MM:SS.xxx").
Not compared with a manual: what separates frame and time.
"""

import time

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Integer
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.command_table import TektronixBase, TektronixTable
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.events import NO_WAVEFORM, event_text
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.records import TektronixRecords


class FrameCommands(TektronixTable):
    """What the time stamps are made of.

    Parameters
    ----------
    scope : TektronixBase
    records : TektronixRecords
        Of the same scope.
    """

    def __init__(self, scope: TektronixBase, records: TektronixRecords) -> None:
        super().__init__(scope)
        self.records = records

    def stamp(self, frame: int) -> tuple[time.struct_time, int]:
        """Return (date and time, picoseconds) of the trigger of a frame, counted from 1."""
        acquisition = self.records.acquisition
        if acquisition is None:
            raise ScpiError(NO_WAVEFORM, text=event_text(NO_WAVEFORM))
        if not 1 <= frame <= len(acquisition.records):
            raise ScpiError(-222)
        trigger = acquisition.records[frame - 1].trigger / (1 + acquisition.plan.timebase_error)
        seconds, picoseconds = divmod(round(trigger * 1e12), 1_000_000_000_000)
        return time.gmtime(self.scope.date + seconds), picoseconds

    @property
    def count(self) -> int:
        """Return how many frames were acquired."""
        acquisition = self.records.acquisition
        return 0 if acquisition is None else len(acquisition.records)

    def seconds(self, frame: int) -> float:
        """Return the time [s] of a frame after the first."""
        acquisition = self.records.acquisition
        if acquisition is None or not 1 <= frame <= len(acquisition.records):
            raise ScpiError(-222)
        records = acquisition.records
        return (records[frame - 1].trigger - records[0].trigger) / (1 + acquisition.plan.timebase_error)


class MsoFrameCommands(FrameCommands):
    """Time stamps of the 4, 5 and 6 Series."""

    def _stamp(self, frame: int) -> str:
        when, picoseconds = self.stamp(frame)
        return f"{time.strftime('%d.%m.%Y %H:%M:%S', when)}.{picoseconds:012d}"

    @command(":HORizontal:FASTframe:TIMEStamp:ALL?")
    def _all_stamps(self) -> str:
        """``HORizontal:FASTframe:TIMEStamp:ALL?``: frame and time of each."""
        self.stamp(1)
        return '"' + ",".join(f"{frame}:{self._stamp(frame)}" for frame in range(1, self.count + 1)) + '"'

    @command(":HORizontal:FASTframe:TIMEStamp:{SELECTED|REFerence}?")
    def _one_stamp(self, which: str) -> str:
        return f'"{self._stamp(self._frame(which))}"'

    def _frame(self, which: str) -> int:
        name = "selected_frame" if which == "SELECTED" else "reference_frame"
        return int(self.setting_values.get((name, ()), 1))

    @command(":HORizontal:FASTframe:TIMEStamp:DELTa?")
    def _difference(self) -> str:
        """``HORizontal:FASTframe:TIMEStamp:DELTa?``: from the reference to the selected frame [s]."""
        return f'"{self.seconds(self._frame("SELECTED")) - self.seconds(self._frame("REF")):.12f}"'

    @command(":HORizontal:FASTframe:XZEro:ALL?")
    def _all_zeros(self) -> str:
        return '"' + ",".join(f"{frame}:{self.scope.zero}" for frame in range(1, self.count + 1)) + '"'


class DpoFrameCommands(FrameCommands):
    """Time stamps of the MSO5000, DPO5000 and DPO7000."""

    def _stamp(self, frame: int) -> str:
        when, picoseconds = self.stamp(frame)
        digits = f"{picoseconds:012d}"
        fraction = " ".join(digits[place:place + 3] for place in (0, 3, 6, 9))
        return f"{time.strftime('%d %b %Y %H:%M:%S', when)}.{fraction}"

    @command(":HORizontal:FASTframe:TIMEStamp:ALL:CH<1-4>?", Integer("", 1), Integer("", 1))
    def _all_stamps(self, channel: int, one: int, other: int) -> str:
        """``HORizontal:FASTframe:TIMEStamp:ALL:CH1? 1,10``: frame and time of each, in any order of the limits."""
        low, high = sorted((one, other))
        frames = range(low, min(high, self.count) + 1)
        return '"' + ",".join(f"{frame} : {self._stamp(frame)}" for frame in frames) + '"'

    @command(":HORizontal:FASTframe:TIMEStamp:FRAMe:CH<1-4>?", Integer("", 1))
    def _one_stamp(self, channel: int, frame: int) -> str:
        return f'{frame},"{self._stamp(frame)}"'

    @command(":HORizontal:FASTframe:XZEro:FRAme:CH<1-4>?", Integer("", 1))
    def _zero(self, channel: int, frame: int) -> str:
        self.stamp(frame)
        return self.scope.zero
