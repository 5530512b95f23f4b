"""Driver of the Teledyne LeCroy WaveSurfer 3000z and 4000HD: set up, arm and verify, wait, fetch.

Commands follow the MAUI Oscilloscopes Remote Control and Automation Manual. Errors are in the registers ``CMR?`` and
``EXR?``. An acquisition is ``ARM``; ``INR?`` tells when it waits for its trigger, ``TRMD?`` when it is over. The delay
is the place of the trigger relative to mid-screen, so it has the other sign than the position of a record.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tsbench.errors import CommunicationError
from tsbench.instruments.driver import Driver
from tsbench.instruments.interfaces import Oscilloscope, Vertical
from tsbench.instruments.languages.lecroy import LECROY_REGISTERS
from tsbench.instruments.lecroy_scope.short_scope import ShortCommandScope
from tsbench.instruments.lecroy_wavesurfer import data_sheet
from tsbench.instruments.lecroy_wavesurfer.descriptor import WaveDescriptor
from tsbench.instruments.oscilloscopes.driver import Scaling
from tsbench.records import Flag, FloatArray, Waveform

_NEW_SIGNAL, _TRIGGER_READY = 1, 8192  #: bits of INR?
_CLIP_LOW, _CLIP_HIGH = -32768 + 255, 32767 - 255  #: the last step of an 8-bit converter in 16 bits


class LeCroyWaveSurfer(ShortCommandScope):
    """An :class:`~tsbench.instruments.Oscilloscope`."""

    language = LECROY_REGISTERS
    title = "LeCroy WaveSurfer"
    models = data_sheet.MODELS
    delay_sign = -1.0
    holdoff_range = (2e-9, 20.0)
    externals = (("EX", 0.4), ("EX10", 4.0))

    def initialise(self) -> None:
        """After a reset: stopped, words with the low byte first, no channel set up."""
        super().initialise()
        self.send("CFMT DEF9,WORD,BIN", "CORD LO")

    def set_segments(self, count: int) -> None:
        """Send the number of segments, and read it back."""
        if count == 1:
            self.write("SEQ OFF")
            return
        self.write(f"SEQ ON,{count}")
        self.accepted("segments", count, float(self.ask("SEQ?").split(",")[1]), "", 0.0)

    def armed(self) -> bool:
        """Return whether it waits for its trigger, or has taken it."""
        return bool(int(self.ask_value("INR?")) & (_NEW_SIGNAL | _TRIGGER_READY)) or self.complete()

    def triggered(self) -> bool:
        """Return whether the acquisition is over: the instrument does not tell a trigger before."""
        return self.complete()

    def complete(self) -> bool:
        """Return whether the acquisition is over."""
        return self.ask("TRMD?").strip().upper() == "STOP"

    def fetch(self, channels: Sequence[int]) -> dict[int, Waveform]:
        """Read the finished acquisition of each channel, all segments: the part that was asked for."""
        records: dict[int, Waveform] = {}
        for channel in channels:
            self.require_channel(channel)
            records[channel] = self._waveform(channel)
        self.check_errors()
        return records

    def _described(self, channel: int) -> WaveDescriptor:
        block = self.questions.block(f"C{channel}:WF? DESC", b"DESC,", b"\n\n")
        try:
            return WaveDescriptor.parse(block)
        except ValueError as error:
            raise CommunicationError(f"{self.label}: {error}. Switch channel {channel} on before the acquisition, and "
                                     "repeat it") from None

    def _waveform(self, channel: int) -> Waveform:
        self.write("WFSU SP,0,NP,0,FP,0,SN,0")
        whole = self._described(channel)
        first, stride, count = self.part(1.0 / whole.interval, whole.points // whole.segments)
        self.write(f"WFSU SP,{stride},NP,{count},FP,{first},SN,0")
        payload = self.questions.block(f"C{channel}:WF? DAT1", b"DAT1,", b"\n\n")
        if len(payload) != 2 * count * whole.segments:
            raise CommunicationError(
                f"{self.label}: channel {channel} has {len(payload) // 2} points instead of {count * whole.segments}. "
                "Repeat the acquisition")
        codes = np.frombuffer(payload, dtype="<i2").reshape(whole.segments, count)
        scaling = Scaling(whole.gain, -whole.offset, whole.first + first * whole.interval, whole.interval * stride,
                          _CLIP_LOW, _CLIP_HIGH)
        if why := scaling.misfit(self._vertical.get(channel), self._timebase.span, count):
            raise CommunicationError(f"{self.label}: the record of channel {channel} {why}, by its descriptor. Repeat "
                                     "the acquisition. If this happens again, check the cable")
        vertical = self._vertical.get(channel, Vertical(range=8.0))
        clipped = bool(np.any((codes <= _CLIP_LOW) | (codes >= _CLIP_HIGH)))
        return Waveform(
            channel=str(channel), unit="V", codes=codes, scale=scaling.volts_per_code, offset=scaling.volts_at_zero,
            t0=scaling.first_sample, dt=scaling.interval,
            segment_times=self._segment_times(channel, whole.segments), clip_low=_CLIP_LOW, clip_high=_CLIP_HIGH,
            bandwidth=self.model.limit if vertical.bandwidth_limit else self.model.bandwidth,
            accuracy_gain=self.model.gain_uncertainty(), accuracy_offset=self.model.offset_uncertainty(vertical),
            flags=Flag.CLIPPED if clipped else Flag.NONE,
        )

    def _segment_times(self, channel: int, segments: int) -> FloatArray:
        if segments == 1:
            return np.zeros(1)
        block = self.questions.block(f"C{channel}:WF? TIME", b"TIME,", b"\n\n")
        if len(block) != 16 * segments:
            raise CommunicationError(f"{self.label}: {len(block) // 16} times came for {segments} segments. Repeat the "
                                     "acquisition")
        return np.array(np.frombuffer(block, dtype="<f8").reshape(segments, 2)[:, 0])


if TYPE_CHECKING:  # mypy holds the driver to its contracts
    _as_driver: type[Driver] = LeCroyWaveSurfer
    _as_oscilloscope: type[Oscilloscope] = LeCroyWaveSurfer
