"""How the records of an InfiniiVision oscilloscope are read: raw codes with the preamble's scale."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tsbench.errors import CommunicationError, InstrumentError
from tsbench.instruments.keysight_infiniivision import data_sheet
from tsbench.instruments.keysight_infiniivision.preamble import Preamble
from tsbench.instruments.languages.scpi import parse_list, parse_number
from tsbench.instruments.oscilloscopes.driver import OscilloscopeDriver, Scaling
from tsbench.records import Waveform

#: width of the codes -> word for the instrument, and what numpy calls it
TRANSFERS: Mapping[str, tuple[str, str]] = {"byte": ("BYTE", "u1"), "word": ("WORD", "<u2")}
_LONGEST_RECORD = 1e6  #: [s] a segment later than this is none


def _segment_time(reply: str) -> float:
    time = parse_number(reply)
    if not 0.0 <= time < _LONGEST_RECORD:
        raise ValueError(f"the reply {reply!r} is not the time of a segment")
    return time


class RecordReadout(OscilloscopeDriver):
    """What reads records.

    :class:`~tsbench.instruments.keysight_infiniivision.driver.KeysightInfiniiVision` adds what sets up, arms and waits.
    """

    transfer: str

    def fetch(self, channels: Sequence[int]) -> dict[int, Waveform]:
        """Read the finished acquisition of each channel, all segments."""
        word, _ = TRANSFERS[self.transfer]
        points = self._timebase.points
        self.send(
            f":WAV:FORM {word}", ":WAV:UNS 1", ":WAV:BYT LSBF",
            ":WAV:POIN MAX" if points is None else f":WAV:POIN {points}",   # MAX sets the mode, too
            ":WAV:POIN:MODE RAW",
        )
        segments = self._segments_acquired()
        records: dict[int, Waveform] = {}
        for channel in channels:
            self.require_channel(channel)
            self.write(f":WAV:SOUR CHAN{channel}")
            codes, times = self._read_segments(segments)
            found = np.vstack(codes)
            records[channel] = self.waveform(
                channel, self._scaling(channel, found), found, np.array(times) - times[0], data_sheet.BANDWIDTH_LIMIT)
        self.check_errors()
        return records

    def _segments_acquired(self) -> int:
        if self._timebase.segments == 1:
            return 1
        count = int(self.ask_number(":WAV:SEGM:COUN?"))
        if count < 1:
            raise InstrumentError(f"{self.label}: the oscilloscope acquired no segment. Check the trigger")
        return count

    def _read_segments(self, segments: int) -> tuple[list[npt.NDArray[Any]], list[float]]:
        if self._timebase.segments == 1:
            return [self._codes()], [0.0]
        codes: list[npt.NDArray[Any]] = []
        times: list[float] = []
        for index in range(1, segments + 1):
            self.write(f":ACQ:SEGM:IND {index}")
            times.append(self.questions.parsed(":WAV:SEGM:TTAG?", _segment_time))
            codes.append(self._codes())
        return codes, times

    def _codes(self) -> npt.NDArray[Any]:
        payload = self.questions.block(":WAV:DATA?")
        kind = np.dtype(TRANSFERS[self.transfer][1])
        if not payload or len(payload) % kind.itemsize:
            raise CommunicationError(
                f"{self.label}: a record has {len(payload)} bytes, which is not a whole number of samples of "
                f"{kind.itemsize} byte{'s' * (kind.itemsize > 1)}. Repeat the acquisition"
            )
        return np.frombuffer(payload, dtype=kind)

    def _scaling(self, channel: int, codes: npt.NDArray[Any]) -> Scaling:
        """Read the preamble of ``codes``; one that does not fit what was set up is a garbled reply."""
        shift = 8 * (codes.dtype.itemsize - 1)

        def parse(reply: str) -> Scaling:
            preamble = Preamble.parse(parse_list(reply))
            if preamble.points != codes.shape[1]:
                raise ValueError("the preamble belongs to another record")
            return self.fitting(channel, codes.shape[1], Scaling(
                preamble.volts_per_code(), preamble.volts_at_zero(), preamble.first_sample(),
                preamble.x_increment, data_sheet.CLIP_LOW << shift, data_sheet.CLIP_HIGH << shift))

        return self.questions.parsed(":WAV:PRE?", parse)
