"""Driver of the T3DSO1000, T3DSO2000 and SDS1000X-E: set up, arm and verify, wait, fetch.

Commands follow the Siglent Digital Oscilloscopes Programming Guide PG01-E02D, which Teledyne LeCroy publishes as
T3DSO1000/2000 Programming Manual. These oscilloscopes have no error queue: the driver reads back what it sets. An
acquisition is ``ARM``; ``SAST?`` tells when it waits for its trigger and when it is over. Their segments cannot be read
by commands.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tsbench.errors import CommunicationError, InstrumentError
from tsbench.instruments.driver import Driver
from tsbench.instruments.interfaces import Oscilloscope, Vertical
from tsbench.instruments.languages.lecroy import LECROY, acquisition_state
from tsbench.instruments.lecroy_scope.short_scope import ShortCommandScope
from tsbench.instruments.lecroy_t3dso import data_sheet
from tsbench.records import Flag, Waveform

_STATES = {"ARM", "READY", "AUTO", "TRIG'D", "STOP", "ROLL"}


class LeCroyT3DSO(ShortCommandScope):
    """An :class:`~tsbench.instruments.Oscilloscope`."""

    language = LECROY
    title = "LeCroy T3DSO"
    models = data_sheet.MODELS

    def _state(self) -> str:
        return self.questions.parsed("SAST?", lambda reply: acquisition_state(reply, _STATES))

    def armed(self) -> bool:
        """Return whether it waits for its trigger, or has taken it."""
        state = self._state()
        if state == "STOP" and not int(self.ask_value("INR?")) & 1:
            raise InstrumentError(f"{self.label}: the oscilloscope stopped without an acquisition. Switch a channel on")
        return state != "ARM"

    def triggered(self) -> bool:
        """Return whether it has triggered since ``arm``."""
        return self._state() in {"TRIG'D", "STOP"}

    def complete(self) -> bool:
        """Return whether the acquisition is over."""
        return self._state() == "STOP"

    def fetch(self, channels: Sequence[int]) -> dict[int, Waveform]:
        """Read the finished acquisition of each channel: the part that was asked for."""
        rate = self.ask_value("SARA?")
        records: dict[int, Waveform] = {}
        for channel in channels:
            self.require_channel(channel)
            records[channel] = self._waveform(channel, rate)
        self._require_headers_off()
        return records

    def _require_headers_off(self) -> None:
        """Ask one more question: it has no error queue, and bytes behind the last block would not be noticed."""
        if self.lost_power():
            raise InstrumentError(
                f"{self.label}: the headers of replies are on, so the oscilloscope was switched off and on. Its "
                "settings are lost. Check the mains and measure again")

    def _waveform(self, channel: int, rate: float) -> Waveform:
        total = int(self.ask_value(f"SANU? C{channel}"))
        first, stride, count = self.part(rate, total)
        self.write(f"WFSU SP,{stride},NP,{count},FP,{first}")
        payload = self.questions.block(f"C{channel}:WF? DAT2", b"DAT2,", b"\n\n")
        if len(payload) != count:
            raise CommunicationError(
                f"{self.label}: channel {channel} has {len(payload)} points instead of {count}. Switch the channel on "
                "before the acquisition, and repeat it")
        codes = np.frombuffer(payload, dtype=np.int8).reshape(1, -1)
        vertical = self._vertical.get(channel, Vertical(range=8.0))
        clipped = bool(np.any((codes <= data_sheet.CLIP_LOW) | (codes >= data_sheet.CLIP_HIGH)))
        return Waveform(
            channel=str(channel), unit="V", codes=codes,
            scale=vertical.range / 8 / data_sheet.CODES_PER_DIVISION, offset=vertical.offset,
            t0=self._timebase.position - self._timebase.span / 2 + first / rate, dt=stride / rate,
            segment_times=np.zeros(1), clip_low=data_sheet.CLIP_LOW, clip_high=data_sheet.CLIP_HIGH,
            bandwidth=self.model.limit if vertical.bandwidth_limit else self.model.bandwidth,
            accuracy_gain=self.model.gain_uncertainty(), accuracy_offset=self.model.offset_uncertainty(vertical),
            flags=Flag.CLIPPED if clipped else Flag.NONE,
        )


if TYPE_CHECKING:  # mypy holds the driver to its contracts
    _as_driver: type[Driver] = LeCroyT3DSO
    _as_oscilloscope: type[Oscilloscope] = LeCroyT3DSO
