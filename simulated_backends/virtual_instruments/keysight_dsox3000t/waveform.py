"""Reading acquisitions out of the InfiniiVision 3000T X-Series: ``:WAVeform`` and ``:ACQuire``."""

import math

import numpy as np
import numpy.typing as npt

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import (
    AnyOf,
    Boolean,
    Choice,
    Integer,
    Optional,
)
from tsbench.simulated_backends.scpi.syntax import definite_block
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.keysight_dsox3000t.command_table import ScopeBase, ScopeTable
from tsbench.simulated_backends.virtual_instruments.keysight_dsox3000t.settings import AcquisitionCommands
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition import Acquisition, TriggeredRecord
from tsbench.simulated_backends.virtual_instruments.oscilloscope.front_end import MIDDLE

_NORMAL_POINTS = 62_500  #: longest transfer of the measurement record
_FORMATS = {"BYTE": 0, "WORD": 1, "ASC": 4}
_TYPES = {"NORM": 0, "PEAK": 1, "AVER": 2, "HRES": 3}


class WaveformCommands(ScopeTable):
    """What ``:WAVeform`` and the queries of ``:ACQuire`` do.

    Parameters
    ----------
    scope : ScopeBase
    settings : AcquisitionCommands
        Of the same scope.
    """

    def __init__(self, scope: ScopeBase, settings: AcquisitionCommands) -> None:
        super().__init__(scope)
        self.settings = settings
        #: what was read last: acquisition, (channel, stride, numbers of its records), codes
        self._rendered: tuple[Acquisition, tuple[int, ...], npt.NDArray[np.uint16]] | None = None

    source = Setting(":WAVeform:SOURce", Choice("CHANnel1", "CHANnel2", "CHANnel3", "CHANnel4"),
                     default="CHAN1")
    form = Setting(":WAVeform:FORMat", Choice("BYTE", "WORD", "ASCii"), default="BYTE")
    byte_order = Setting(":WAVeform:BYTeorder", Choice("MSBFirst", "LSBFirst"), default="MSBF")
    unsigned = Setting(":WAVeform:UNSigned", Boolean(), default=True)
    points_mode = Setting(":WAVeform:POINts:MODE", Choice("NORMal", "MAXimum", "RAW"), default="NORM")
    view = Setting(":WAVeform:VIEW", Choice("MAIN"), default="MAIN")
    all_segments = Setting(":WAVeform:SEGMented:ALL", Boolean(), default=False)
    segment_index = Setting(":ACQuire:SEGMented:INDex", Integer("", 1, 1000, 1), default=1,
                            coerce="_segment_chosen")
    points_wanted = Setting(
        ":WAVeform:POINts", AnyOf(Integer("", 1, 8_000_000), Choice("MAXimum")), default=1000)

    # ---------------------------------------------------------------------------------- what to transfer

    @property
    def _channel(self) -> int:
        return int(self.source[-1])

    def _stride(self) -> int:
        """Return how many samples of the memory make one transferred point."""
        points = self._memory_points()
        wanted = points if self.points_wanted == "MAX" else int(self.points_wanted)
        if self.points_mode == "NORM":
            wanted = min(wanted, _NORMAL_POINTS)
        return math.ceil(points / wanted)

    def _memory_points(self) -> int:
        sampling = self.settings.sampling() if self.control.finished is None else self.control.finished.plan.sampling
        return sampling.points

    def _interval(self) -> float:
        sampling = self.settings.sampling() if self.control.finished is None else self.control.finished.plan.sampling
        return sampling.interval

    def _transferred(self) -> int:
        return math.ceil(self._memory_points() / self._stride())

    def _records(self) -> list[TriggeredRecord]:
        finished = self.control.finished
        if finished is None or self._channel not in finished.plan.channels:
            raise ScpiError(-230)
        if finished.plan.averaged:
            return finished.records
        if self.all_segments:
            return finished.records
        return [finished.records[min(self.segment_index, len(finished.records)) - 1]]

    def codes(self) -> npt.NDArray[np.uint16]:
        """Return the 16-bit codes that ``:WAV:DATA?`` would transfer; they are made once."""
        records, stride = self._records(), self._stride()
        finished = self.control.finished
        assert finished is not None
        wanted = (self._channel, stride, *(record.number for record in records))
        if self._rendered is None or self._rendered[0] is not finished or self._rendered[1] != wanted:
            self._rendered = finished, wanted, self.scope.digitiser.read(
                finished.plan, records, self._channel, stride)
        return self._rendered[2]

    def _scaling(self) -> tuple[float, float, int]:
        """Return (increment [V], origin [V], reference code) of the present format."""
        finished = self.control.finished
        if finished is None or self._channel not in finished.plan.channels:
            raise ScpiError(-230)
        channel = finished.plan.channels[self._channel]
        if self.form == "WORD":
            return channel.step / 256, channel.offset, MIDDLE * 256 if self.unsigned else 0
        return channel.step, channel.offset, MIDDLE if self.unsigned else 0

    @command(":WAVeform:DATA?")
    def data(self) -> Handler:
        """``:WAV:DATA?``: a block with eight digits of length."""
        yield from self._ready()
        codes = self.codes()
        if self.form == "ASC":
            increment, origin, _ = self._scaling()
            volts = (codes / 256 - MIDDLE) * increment + origin
            return definite_block(",".join(f"{value:.5e}" for value in volts).encode(), 8)
        if self.form == "BYTE":
            codes8 = np.where(codes == 0x0001, 0x01, codes >> 8).astype(np.uint8)
            payload = codes8 if self.unsigned else (codes8.astype(np.int16) - MIDDLE).astype(np.int8)
            return definite_block(payload.tobytes(), 8)
        order = ">" if self.byte_order == "MSBF" else "<"
        if self.unsigned:
            return definite_block(codes.astype(f"{order}u2").tobytes(), 8)
        signed = (codes.astype(np.int32) - MIDDLE * 256).astype(f"{order}i2")
        return definite_block(signed.tobytes(), 8)

    def _ready(self) -> Handler:
        self.control.look()
        yield from self.control.snapshot()

    # --------------------------------------------------------------------------------------- what it is

    @command(":WAVeform:PREamble?")
    def preamble(self) -> Handler:
        """``:WAV:PRE?``: format, type, points, count, x increment, origin, reference, y likewise."""
        yield from self._ready()
        increment, origin, reference = self._scaling()
        finished = self.control.finished
        assert finished is not None
        kind = "AVER" if finished.plan.averaged else "HRES" if finished.plan.high_resolution else (
            "PEAK" if finished.plan.peak_detect else "NORM")
        fields = [
            f"{_FORMATS[self.form]:+d}", f"{_TYPES[kind]:+d}", f"{self._transferred():+d}",
            f"{len(finished.records) if finished.plan.averaged else 1:+d}",
            f"{self._interval() * self._stride():+.8E}", f"{finished.plan.first_sample:+.8E}", "+0",
            f"{increment:+.8E}", f"{origin:+.8E}", f"{reference:+d}",
        ]
        return ",".join(fields)

    @command(":WAVeform:{XINCrement|XORigin|XREFerence|YINCrement|YORigin|YREFerence}?")
    def part_of_preamble(self, which: str) -> Handler:
        """``:WAV:XINC?`` and its sisters."""
        preamble = yield from self.preamble()
        index = ("XINC", "XOR", "XREF", "YINC", "YOR", "YREF").index(which) + 4
        return preamble.split(",")[index]

    @command(":WAVeform:POINts?", Optional(Choice("MAXimum", "MINimum")))
    def transferred_points(self, word: str | None = None) -> str:
        """``:WAV:POIN?``: how many points would be transferred."""
        return f"{self._memory_points() if word == 'MAX' else self._transferred():+d}"

    @command(":WAVeform:TYPE?")
    def waveform_type(self) -> str:
        """``:WAV:TYPE?``."""
        return "AVER" if self.control.finished is not None and self.control.finished.plan.averaged else "NORM"

    @command(":WAVeform:COUNt?")
    def waveform_count(self) -> str:
        """``:WAV:COUN?``: acquisitions in the average."""
        averaged = self.control.finished is not None and self.control.finished.plan.averaged
        return f"{len(self.control.finished.records) if averaged and self.control.finished else 1:+d}"

    @command(":WAVeform:SEGMented:COUNt?")
    def captured_segments(self) -> str:
        """``:WAV:SEGM:COUN?``: segments acquired."""
        self.control.look()
        finished = self.control.finished
        segmented = finished is not None and not finished.plan.averaged
        return f"{len(finished.records) if finished is not None and segmented else 0:+d}"

    @command(":WAVeform:SEGMented:TTAG?")
    def time_tag(self) -> str:
        """``:WAV:SEGM:TTAG?``: time [s] of the indexed segment after the first."""
        finished = self.control.finished
        if finished is None or not finished.records:
            raise ScpiError(-230)
        record = finished.records[min(self.segment_index, len(finished.records)) - 1]
        elapsed = (record.trigger - finished.records[0].trigger) / (1 + finished.plan.timebase_error)
        return f"{elapsed:+.12E}"

    def _segment_chosen(self, index: int) -> int:
        if self.control.finished is not None and index > len(self.control.finished.records):
            raise ScpiError(-222, text="Data out of range")
        return index

    @command(":ACQuire:POINts[:ANALog]?")
    def acquired_points(self) -> str:
        """``:ACQ:POIN?``: samples in the memory."""
        return f"{self._memory_points():+d}"

    @command(":ACQuire:SRATe[:ANALog]?", Optional(Choice("MAXimum")))
    def sample_rate(self, word: str | None = None) -> str:
        """``:ACQ:SRAT?`` [Sa/s]."""
        return self.format_number(1.0 / self._interval() if word is None else self.settings.sampling().rate)
