"""How the records of a Tektronix oscilloscope are read: raw codes with the scale of its preamble, and time stamps."""

import math
import re
from calendar import timegm
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tsbench.errors import CommunicationError, InstrumentError
from tsbench.instruments.languages.scpi import parse_number
from tsbench.instruments.languages.tektronix import TEKTRONIX
from tsbench.instruments.oscilloscopes.driver import OscilloscopeDriver, Scaling
from tsbench.instruments.tektronix_mso import data_sheet
from tsbench.records import Waveform

#: width of the codes -> bytes, and what numpy calls it
TRANSFERS: Mapping[str, tuple[int, str]] = {"byte": (1, "i1"), "word": (2, "<i2")}
_PREAMBLE = ";".join(f":WFMO:{name}?" for name in ("XIN", "XZE", "PT_O", "YMU", "YOF", "YZE", "NR_P"))
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_STAMP = re.compile(
    r"(\d{1,2})[ .]([A-Za-z]{3}|\d{1,2})[ .](\d{4})[ .:](\d{1,2}):+(\d{1,2}):+(\d{1,2})\.(\d[\d ]*)")


@dataclass(frozen=True)
class WaveformPreamble:
    """What turns codes into volts and seconds: ``(code - YOFf) YMUlt + YZEro``, ``XZEro + XINcr (n - PT_Off)``."""

    x_increment: float  #: [s]
    x_zero: float  #: [s]
    trigger_sample: float
    y_multiplier: float  #: [V]
    y_offset: float  #: [codes]
    y_zero: float  #: [V]
    points: int  #: of one frame

    @classmethod
    def parse(cls, reply: str) -> "WaveformPreamble":
        """Build from the reply to the seven queries; ValueError where it is none."""
        values = [parse_number(part) for part in reply.split(";")]
        if (len(values) != 7 or not all(map(math.isfinite, values)) or values[0] <= 0 or values[3] <= 0
                or values[6] != int(values[6])):
            raise ValueError("not a preamble")  # the caller names the reply
        return cls(values[0], values[1], values[2], values[3], values[4], values[5], int(values[6]))

    @property
    def first_sample(self) -> float:
        """Return the time [s] of sample 0 after the trigger."""
        return self.x_zero - self.trigger_sample * self.x_increment

    @property
    def volts_at_zero(self) -> float:
        """Return the voltage [V] of code 0."""
        return self.y_zero - self.y_offset * self.y_multiplier


def parse_stamps(reply: str) -> list[float]:
    """Return the times [s] of frames after the first: ``02 Mar 2000 20:10:54.542 037 272 620`` has picoseconds.

    Raises
    ------
    ValueError
        There is no time stamp in the reply, or one that comes before the first.
    """
    times: list[int] = []
    for day, month, year, hour, minute, second, fraction in _STAMP.findall(reply):
        number = int(month) if month.isdigit() else _MONTHS.index(month.upper()) + 1
        whole = timegm((int(year), number, int(day), int(hour), int(minute), int(second)))
        times.append(whole * 10**12 + int(fraction.replace(" ", "").ljust(12, "0")[:12]))
    if not times or min(times) < times[0]:
        raise ValueError(f"the reply {reply[:60]!r} has no time stamps in their order")
    return [(time - times[0]) * 1e-12 for time in times]


def _read_times(instrument: OscilloscopeDriver, question: str, frames: int) -> list[float]:
    """Return the time [s] of each frame after the first."""
    def parse(reply: str) -> list[float]:
        times = parse_stamps(reply)
        if len(times) < frames:
            raise ValueError("a frame has no time stamp")
        return times[:frames]

    return instrument.questions.parsed(question, parse)


def _read_codes(instrument: OscilloscopeDriver, transfer: str, frames: int) -> npt.NDArray[Any]:
    """Return the codes of all frames, shape (frames, samples)."""
    payload = instrument.questions.block(":CURV?")
    kind = np.dtype(TRANSFERS[transfer][1])
    if not payload or len(payload) % (kind.itemsize * frames):
        raise CommunicationError(
            f"{instrument.label}: a record has {len(payload)} bytes, which is not a whole number of samples of "
            f"{kind.itemsize} byte{'s' * (kind.itemsize > 1)} in {frames} segment{'s' * (frames > 1)}. Repeat the "
            "acquisition"
        )
    return np.frombuffer(payload, dtype=kind).reshape(frames, -1)


class TektronixReadout(OscilloscopeDriver):
    """What reads records.

    :class:`~tsbench.instruments.tektronix_mso.driver.TektronixMso` adds what sets up, arms and waits.
    """

    language = TEKTRONIX
    divisions = data_sheet.DIVISIONS
    transfer: str
    series: data_sheet.TektronixSeries
    _part: tuple[int, int]  #: first and last sample of the record that belong to the time base

    def fetch(self, channels: Sequence[int]) -> dict[int, Waveform]:
        """Read the finished acquisition of each channel, all segments."""
        width, _ = TRANSFERS[self.transfer]
        frames = self._frames_acquired()
        first, last = self._part
        self.send(":DAT:ENC SRI", f":WFMO:BYT_N {width}", f":DAT:STAR {first}", f":DAT:STOP {last}",
                  ":DAT:FRAMESTAR 1", f":DAT:FRAMESTOP {frames}")
        records: dict[int, Waveform] = {}
        for channel in channels:
            self.require_channel(channel)
            self.write(f":DAT:SOU CH{channel}")
            codes = _read_codes(self, self.transfer, frames)
            times = [0.0] if self._timebase.segments == 1 else _read_times(
                self, self.series.dialect.stamps.format(channel=channel, frames=frames), frames)
            records[channel] = self.waveform(
                channel, self._scaling(channel, codes), codes, np.array(times) - times[0], data_sheet.BANDWIDTH_LIMIT)
        self.check_errors()
        return records

    def _frames_acquired(self) -> int:
        if self._timebase.segments == 1:
            return 1
        count = int(self.ask_number(":ACQ:NUMFRAMESACQ?"))
        if count < 1:
            raise InstrumentError(f"{self.label}: the oscilloscope acquired no segment. Check the trigger")
        return min(count, self._timebase.segments)

    def _scaling(self, channel: int, codes: npt.NDArray[Any]) -> Scaling:
        """Read the preamble of ``codes``; one that does not fit what was set up is a garbled reply."""
        high = data_sheet.CLIPPED << (8 * (codes.dtype.itemsize - 1))

        def parse(reply: str) -> Scaling:
            preamble = WaveformPreamble.parse(reply)
            if preamble.points != codes.shape[1]:
                raise ValueError("the preamble belongs to another record")
            scaling = Scaling(preamble.y_multiplier, preamble.volts_at_zero, preamble.first_sample,
                              preamble.x_increment, -high, high)
            return self.fitting(channel, codes.shape[1], scaling)

        return self.questions.parsed(_PREAMBLE, parse)
