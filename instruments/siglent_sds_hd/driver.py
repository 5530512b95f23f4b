"""Driver of the Siglent SDS1000X HD and SDS2000X HD: set up, arm and verify, wait, fetch.

Commands follow the SDS Series Programming Guide EN11D. The driver reads back what it sets, and does not rely on an
error queue, which the guide does not have. An acquisition is ``:TRIGger:MODE SINGle``. In sequence mode the times of
the segments stand behind the descriptor.
"""

import struct
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tsbench.errors import CommunicationError, InstrumentError
from tsbench.instruments.driver import Driver
from tsbench.instruments.interfaces import EdgeTrigger, Oscilloscope, Vertical
from tsbench.instruments.languages.lecroy import acquisition_state, format_digits
from tsbench.instruments.lecroy_scope.step_scope import StepScope
from tsbench.instruments.siglent_sds_hd import data_sheet
from tsbench.instruments.siglent_sds_hd.language import SIGLENT_SCOPE
from tsbench.records import Flag, FloatArray, Waveform

_SLOPE = {"positive": "RISing", "negative": "FALLing"}
_STATES = {"ARM", "READY", "AUTO", "TRIG'D", "STOP", "ROLL", "FSTOP"}
_IMPEDANCE = {"1M": "ONEMeg", "50": "FIFTy"}
_DESCRIPTOR, _STAMP = 346, 16  #: bytes


def parse_stamps(block: bytes, count: int) -> FloatArray:
    """Return the times [s] of segments after the first, from the descriptor and what follows it.

    Raises
    ------
    ValueError
        There are fewer times than segments, or one is no time of a calendar.
    """
    if len(block) < _DESCRIPTOR + _STAMP * count:
        raise ValueError(f"the descriptor has no times for {count} segments")
    table = block[_DESCRIPTOR:_DESCRIPTOR + _STAMP * count]
    stamps = [struct.unpack_from("<dBBBBh", table, _STAMP * number) for number in range(count)]
    first = _minute(*stamps[0][1:])
    # the minutes are whole and the seconds small numbers, so that no digit of a microsecond is lost
    return np.array([(_minute(*rest) - first).total_seconds() + (second - stamps[0][0]) for second, *rest in stamps])


def _minute(minute: int, hour: int, day: int, month: int, year: int) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)   # a month may end between two segments


class SiglentSdsHd(StepScope):
    """An :class:`~tsbench.instruments.Oscilloscope`."""

    language = SIGLENT_SCOPE
    title = "Siglent SDS HD"
    repeatable = data_sheet.REPEATABLE
    models = data_sheet.MODELS
    probe_question = ":CHAN{channel}:PROB?"
    time_queries = (":TIM:SCAL?", ":TIM:DEL?")
    holdoff_range = (8e-9, 30.0)

    def initialise(self) -> None:
        """After a reset: stopped, no channel set up."""
        self.write(":TRIG:STOP")
        self.forget_settings()

    # ------------------------------------------------------------------------------------ messages

    def set_channel(self, channel: int, vertical: Vertical, scale: float, offset: float) -> None:
        """Send the settings of one input."""
        word = f":CHAN{channel}"
        impedance = [f"{word}:IMP {_IMPEDANCE[vertical.impedance]}"] if self.model.most_scale_50 is not None else []
        self.send(
            f"{word}:SWIT ON", *impedance, f"{word}:COUP DC", f"{word}:PROB VALue,{vertical.probe_attenuation:g}",
            f"{word}:BWL {'20M' if vertical.bandwidth_limit else 'FULL'}", f"{word}:SCAL {format_digits(scale)}",
            f"{word}:OFFS {format_digits(offset)}",
        )

    def read_channel(self, channel: int) -> tuple[float, float, str]:
        """Return volts per division, offset and impedance as the instrument has them."""
        scale, offset = self.ask_value(f":CHAN{channel}:SCAL?"), self.ask_value(f":CHAN{channel}:OFFS?")
        if self.model.most_scale_50 is None:
            return scale, offset, "1M"
        return scale, offset, {"FIFTY": "50", "ONEMEG": "1M"}.get(self.ask(f":CHAN{channel}:IMP?").strip().upper(), "")

    def switch_off(self, channel: int) -> None:
        """Send what switches a channel off."""
        self.write(f":CHAN{channel}:SWIT OFF")

    def set_time(self, scale: float, delay: float) -> None:
        """Send seconds per division and delay."""
        self.send(f":TIM:SCAL {format_digits(scale)}", f":TIM:DEL {format_digits(delay)}")

    def set_segments(self, count: int) -> None:
        """Send the number of segments, and read it back."""
        if count == 1:
            self.write(":ACQ:SEQ OFF")
            return
        self.send(":ACQ:SEQ ON", f":ACQ:SEQ:COUN {count}")
        self.accepted("segments", count, self.ask_value(":ACQ:SEQ:COUN?"), "", 0.0)

    def set_trigger(self, trigger: EdgeTrigger) -> None:
        """Send an edge trigger."""
        external = "EX" if abs(trigger.level) <= data_sheet.EXTERNAL_LEVEL else "EX5"
        source = external if trigger.source == "external" else f"C{trigger.source}"
        hold = [":TRIG:EDGE:HOLD OFF"] if trigger.holdoff is None else [
            ":TRIG:EDGE:HOLD TIME", f":TRIG:EDGE:HLDT {format_digits(trigger.holdoff)}"]
        self.send(
            ":TRIG:TYPE EDGE", f":TRIG:EDGE:SOUR {source}", ":TRIG:EDGE:COUP DC",
            f":TRIG:EDGE:SLOP {_SLOPE[trigger.slope]}", *hold, f":TRIG:EDGE:LEV {format_digits(trigger.level)}",
        )

    def level_of(self, trigger: EdgeTrigger) -> float:
        """Return the trigger level as the instrument has it."""
        return self.ask_value(":TRIG:EDGE:LEV?")

    # -------------------------------------------------------------------------------------- acquisition

    def start(self) -> None:
        """Start one acquisition."""
        self.write(":TRIG:MODE SINGle")

    def _state(self) -> str:
        return self.questions.parsed(":TRIG:STAT?", lambda reply: acquisition_state(reply, _STATES))

    def armed(self) -> bool:
        """Return whether it waits for its trigger, or has taken it."""
        return self._state() != "ARM"

    def triggered(self) -> bool:
        """Return whether it has triggered since ``arm``."""
        return self._state() in {"TRIG'D", "STOP"}

    def complete(self) -> bool:
        """Return whether the acquisition is over."""
        return self._state() == "STOP"

    def force_trigger(self) -> None:
        """Trigger now."""
        self.write(":TRIG:FORC")

    def abort(self) -> None:
        """Stop the acquisition."""
        self.write(":TRIG:STOP")

    # --------------------------------------------------------------------------------------------- fetch

    def fetch(self, channels: Sequence[int]) -> dict[int, Waveform]:
        """Read the finished acquisition of each channel, all segments: the part that was asked for."""
        rate, total = self.ask_value(":ACQ:SRAT?"), int(self.ask_value(":ACQ:POIN?"))
        piece = int(self.ask_value(":WAV:MAXP?"))
        first, stride, count = self.part(rate, total)
        segments = 1
        if self._timebase.segments > 1:
            segments = min(int(self.ask_value(":ACQ:NUMA?")), self._timebase.segments)
            if segments < 1:
                raise InstrumentError(f"{self.label}: the oscilloscope acquired no segment. Check the trigger")
        self.send(":WAV:WIDT WORD", ":WAV:BYT LSB", f":WAV:INT {stride}")
        records: dict[int, Waveform] = {}
        for channel in channels:
            self.require_channel(channel)
            self.write(f":WAV:SOUR C{channel}")
            codes = np.vstack([self._segment(channel, number + 1, first, stride, count, piece)
                               for number in range(segments)])
            times = self._segment_times(segments)
            records[channel] = self._waveform(channel, codes, times, rate, first, stride)
        return records

    def _segment(
        self, channel: int, number: int, first: int, stride: int, count: int, piece: int,
    ) -> npt.NDArray[Any]:
        if self._timebase.segments > 1:
            self.write(f":WAV:SEQ {number},1")
        parts: list[npt.NDArray[Any]] = []
        for begin in range(0, count, piece):
            points = min(piece, count - begin)
            self.send(f":WAV:STAR {first + begin * stride}", f":WAV:POIN {points}")
            payload = self.questions.block(":WAV:DATA?", b"", b"\n\n")
            if len(payload) != 2 * points:
                raise CommunicationError(
                    f"{self.label}: channel {channel} has {len(payload) // 2} points instead of {points}. Switch the "
                    "channel on before the acquisition, and repeat it")
            parts.append(np.frombuffer(payload, dtype="<i2"))
        return np.concatenate(parts)

    def _segment_times(self, segments: int) -> FloatArray:
        if segments == 1:
            return np.zeros(1)
        self.write(":WAV:SEQ 0,1")
        block = self.questions.block(":WAV:PRE?")
        try:
            return parse_stamps(block, segments)
        except ValueError as error:
            raise CommunicationError(f"{self.label}: {error}. Repeat the acquisition") from None

    def _waveform(
        self, channel: int, codes: npt.NDArray[Any], times: FloatArray, rate: float, first: int, stride: int,
    ) -> Waveform:
        vertical = self._vertical.get(channel, Vertical(range=8.0))
        clipped = bool(np.any((codes <= data_sheet.CLIP_LOW) | (codes >= data_sheet.CLIP_HIGH)))
        return Waveform(
            channel=str(channel), unit="V", codes=codes, scale=vertical.range / 8 / data_sheet.CODES_PER_DIVISION,
            offset=vertical.offset, t0=self._timebase.position - self._timebase.span / 2 + first / rate,
            dt=stride / rate, segment_times=times, clip_low=data_sheet.CLIP_LOW, clip_high=data_sheet.CLIP_HIGH,
            bandwidth=self.model.limit if vertical.bandwidth_limit else self.model.bandwidth,
            accuracy_gain=self.model.gain_uncertainty(), accuracy_offset=self.model.offset_uncertainty(vertical),
            flags=Flag.CLIPPED if clipped else Flag.NONE,
        )


if TYPE_CHECKING:  # mypy holds the driver to its contracts
    _as_driver: type[Driver] = SiglentSdsHd
    _as_oscilloscope: type[Oscilloscope] = SiglentSdsHd
