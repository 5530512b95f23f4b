"""Reading acquisitions out of an InfiniiVision oscilloscope: ``:WAVeform`` and the queries of ``:ACQuire``."""

import math
from dataclasses import dataclass

import numpy as np

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import AnyOf, Boolean, Choice, Integer, Optional
from tsbench.simulated_backends.scpi.syntax import BlockReply, definite_block
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.channels import OUT_OF_RANGE
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.command_table import ScopeBase, ScopeTable
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.functions import MathCommands
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.records import Codes, ScopeRecords
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.sources import SourceName
from tsbench.simulated_backends.virtual_instruments.oscilloscope.front_end import HOLE, MIDDLE, InputChannel

_FORMATS = {"BYTE": 0, "WORD": 1, "ASC": 4}
_TYPES = {"NORM": 0, "PEAK": 1, "AVER": 2, "HRES": 3}
_FEWEST, _MOST = 100, 8_000_000  #: points that can be asked for


@dataclass(frozen=True)
class Transfer:
    """What a waveform transfer amounts to: how the screen shows it, and its points."""

    screen: InputChannel
    points: int
    first: float  #: [s] of the first point after the trigger ([Hz] of a spectrum)
    interval: float  #: [s]


class WaveformCommands(ScopeTable):
    """What ``:WAVeform`` and the queries of ``:ACQuire`` do.

    Parameters
    ----------
    scope : ScopeBase
    records : ScopeRecords
    functions : MathCommands
        Of the same scope.
    """

    def __init__(self, scope: ScopeBase, records: ScopeRecords, functions: MathCommands) -> None:
        super().__init__(scope)
        self.records = records
        self.functions = functions
        self.settings = records.settings
        self._blocks: dict[tuple[str, str, bool], tuple[Codes, bytes | BlockReply]] = {}

    source = Setting(":WAVeform:SOURce", SourceName("CHAN", "FUNC", "WMEM", "FFT", "EXT"), default="CHAN1",
                     change="_source_changed")
    form = Setting(":WAVeform:FORMat", Choice("BYTE", "WORD", "ASCii"), default="BYTE")
    byte_order = Setting(":WAVeform:BYTeorder", Choice("MSBFirst", "LSBFirst"), default="MSBF")
    unsigned = Setting(":WAVeform:UNSigned", Boolean(), default=True)
    points_mode = Setting(":WAVeform:POINts:MODE", Choice("NORMal", "MAXimum", "RAW"), default="NORM")
    view = Setting(":WAVeform:VIEW", Choice("MAIN"), default="MAIN")
    all_segments = Setting(":WAVeform:SEGMented:ALL", Boolean(), default=False)
    segment_index = Setting(":ACQuire:SEGMented:INDex", Integer("", 1, 1000, 1), default=1, coerce="_segment_chosen")
    points_wanted = Setting(
        ":WAVeform:POINts", AnyOf(Choice("MAXimum", "NORMal", "RAW"), Integer("", _FEWEST, _MOST)),
        default=lambda owner: owner.data_sheet.normal_points, coerce="_points_chosen")

    # ---------------------------------------------------------------------------------- what to transfer

    @property
    def _wanted(self) -> int | None:
        """Return how many points are asked for; None for all."""
        return None if self.points_wanted == "MAX" else int(self.points_wanted)

    def _points_chosen(self, value: int | str) -> int | str:
        if isinstance(value, str):
            self.points_mode = value
            return "MAX"
        return value

    def _source_changed(self) -> None:
        if self.source.startswith("CHAN"):
            self.settings.channels.displayed[int(self.source[4:])] = True
        elif self.source.startswith("FUNC"):
            self.functions.math_displayed[int(self.source[4:])] = True
        elif self.source == "FFT":
            self.functions.spectrum_displayed = True

    def _stride(self) -> int:
        return self.records.stride(self._wanted, self.points_mode != "NORM")

    def _transfer(self) -> Transfer:
        """Return what a transfer amounts to; ScpiError -230 where there is nothing to read."""
        records, source = self.records, self.source
        if source.startswith("CHAN") and records.has(int(source[4:])):
            stride = self._stride()
            return Transfer(records.input(int(source[4:])), math.ceil(records.sampling.points / stride),
                            records.first, records.sampling.interval * stride)
        if source == "EXT" and records.acquisition is not None:
            stride = self._stride()
            return Transfer(InputChannel(0, None, 1.0, 0.0), math.ceil(records.sampling.points / stride),
                            records.first, records.sampling.interval * stride)
        trace = self.functions.trace(source) if source[:3] in ("FUN", "FFT") else None
        if trace is None:
            raise ScpiError(-230)
        stride = math.ceil(len(trace.values) / (self._wanted or len(trace.values)))
        return Transfer(self.functions.screen(source), math.ceil(len(trace.values) / stride), trace.start,
                        trace.interval * stride)

    def codes(self) -> Codes:
        """Return the 16-bit codes that ``:WAV:DATA?`` would transfer; those of a channel are made once."""
        source = self.source
        if source.startswith("CHAN") and self.records.has(int(source[4:])):
            return self.records.codes(int(source[4:]), self._stride(), self.all_segments)
        transfer = self._transfer()
        if source == "EXT":
            return np.full(transfer.points, MIDDLE << 8, dtype=np.uint16)
        trace = self.functions.trace(source)
        assert trace is not None
        return self.functions.codes(source, trace)[::math.ceil(len(trace.values) / transfer.points)]

    def _scaling(self, screen: InputChannel) -> tuple[float, float, int]:
        """Return (increment [V], origin [V], reference code) of the present format; ASCii says those of WORD."""
        if self.form == "BYTE":
            return screen.step, screen.offset, MIDDLE if self.unsigned else 0
        return screen.step / 256, screen.offset, MIDDLE * 256 if self.unsigned else 0

    @command(":WAVeform:DATA?")
    def data(self) -> Handler:
        """``:WAV:DATA?``: a block with eight digits of length."""
        yield from self._ready()
        codes = self.codes()
        block: bytes | BlockReply
        written = (self.form, self.byte_order, self.unsigned)
        if self.source.startswith("CHAN") and (known := self._blocks.get(written)) is not None and known[0] is codes:
            block = bytes(known[1])   # read again: from now on in one piece, which is faster to read in parts
            self._blocks = {written: (codes, block)}
            return block
        if self.form == "ASC":
            screen = self._transfer().screen
            volts = (codes / 256 - MIDDLE) * screen.step + screen.offset
            volts[codes == HOLE] = 9.9e37
            block = definite_block(",".join(f"{value:.5e}" for value in volts).encode(), 8)
        else:
            block = self._binary(codes)
        self._blocks = {written: (codes, block)}
        return block

    def _binary(self, codes: Codes) -> BlockReply:
        if self.form == "BYTE":
            codes8 = np.where(codes == 0x0001, 0x01, codes >> 8).astype(np.uint8)
            payload = codes8 if self.unsigned else (codes8.astype(np.int16) - MIDDLE).astype(np.int8)
            return BlockReply.of(payload.data, 8)
        written = codes if self.unsigned else (codes ^ np.uint16(MIDDLE << 8)).view(np.int16)
        wanted = written.dtype.newbyteorder(">" if self.byte_order == "MSBF" else "<")
        return BlockReply.of(written.astype(wanted, copy=False).data, 8)

    def _ready(self) -> Handler:
        self.control.look()
        yield from self.control.snapshot()

    # --------------------------------------------------------------------------------------- what it is

    @command(":WAVeform:PREamble?")
    def preamble(self) -> Handler:
        """``:WAV:PRE?``: format, type, points, count, x increment, origin, reference, y likewise."""
        yield from self._ready()
        transfer, acquisition = self._transfer(), self.records.acquisition
        assert acquisition is not None
        increment, origin, reference = self._scaling(transfer.screen)
        plan = acquisition.plan
        kind = "AVER" if plan.averaged else "HRES" if plan.high_resolution else (
            "PEAK" if plan.peak_detect else "NORM")
        return ",".join([
            f"{_FORMATS[self.form]:+d}", f"{_TYPES[kind]:+d}", f"{transfer.points:+d}",
            f"{len(acquisition.records) if plan.averaged else 1:+d}",
            f"{transfer.interval:+.8E}", f"{transfer.first:+.8E}", "+0",
            f"{increment:+.6E}", f"{origin:+.6E}", f"{reference:+d}",
        ])

    @command(":WAVeform:{XINCrement|XORigin|XREFerence|YINCrement|YORigin|YREFerence}?")
    def part_of_preamble(self, which: str) -> Handler:
        """``:WAV:XINC?`` and its sisters."""
        preamble = yield from self.preamble()
        index = ("XINC", "XOR", "XREF", "YINC", "YOR", "YREF").index(which) + 4
        return preamble.split(",")[index]

    @command(":WAVeform:POINts?", Optional(Choice("MAXimum", "MINimum")))
    def transferred_points(self, word: str | None = None) -> str:
        """``:WAV:POIN?``: how many points would be transferred; 0 of what was not acquired."""
        self.control.look()
        if word == "MAX":
            return f"{self.records.sampling.points:+d}"
        if self.records.acquisition is None and self.control.running:
            return f"{math.ceil(self.records.sampling.points / self._stride()):+d}"
        try:
            return f"{self._transfer().points:+d}"
        except ScpiError:
            return f"{0:+d}"

    @command(":WAVeform:TYPE?")
    def waveform_type(self) -> str:
        """``:WAV:TYPE?``."""
        return "AVER" if self.records.averaged else "NORM"

    @command(":WAVeform:COUNt?")
    def waveform_count(self) -> str:
        """``:WAV:COUN?``: acquisitions in the average."""
        acquisition = self.records.acquisition
        return f"{len(acquisition.records) if acquisition is not None and self.records.averaged else 1:+d}"

    @command(":WAVeform:SEGMented:COUNt?")
    def captured_segments(self) -> str:
        """``:WAV:SEGM:COUN?``: segments acquired."""
        self.control.look()
        acquisition = self.records.acquisition
        return f"{0 if acquisition is None or self.records.averaged else len(acquisition.records):+d}"

    @command(":WAVeform:SEGMented:TTAG?")
    def time_tag(self) -> str:
        """``:WAV:SEGM:TTAG?``: time [s] of the indexed segment after the first."""
        return f"{self.segment_times()[min(self.segment_index, len(self.segment_times())) - 1]:+.12E}"

    @command(":WAVeform:SEGMented:XLISt?", Choice("RELXorigin", "ABSXorigin", "TTAG"))
    def time_tags(self, kind: str) -> bytes:
        """``:WAV:SEGM:XLIS?``: time tags, or origins, of all segments as ASCII in a block."""
        tags, first = self.segment_times(), self.records.first
        times = [first] * len(tags) if kind == "RELX" else [tag + (first if kind == "ABSX" else 0.0) for tag in tags]
        return definite_block(",".join(f"{time:+.12E}" for time in times).encode(), 8)

    def segment_times(self) -> list[float]:
        """Return the time [s] of each segment after the first; ScpiError -230 without any."""
        acquisition = self.records.acquisition
        if acquisition is None:
            raise ScpiError(-230)
        begun = acquisition.records[0].trigger
        return [(record.trigger - begun) / (1 + acquisition.plan.timebase_error) for record in acquisition.records]

    def _segment_chosen(self, index: int) -> int:
        acquisition = self.records.acquisition
        if acquisition is not None and index > len(acquisition.records):
            raise ScpiError(-222, text=OUT_OF_RANGE)
        return index

    @command(":ACQuire:POINts[:ANALog]?")
    def acquired_points(self) -> str:
        """``:ACQ:POIN?``: samples in the memory."""
        return f"{self.records.sampling.points:+d}"

    @command(":ACQuire:SRATe[:ANALog]?", Optional(Choice("MAXimum")))
    def sample_rate(self, word: str | None = None) -> str:
        """``:ACQ:SRAT?`` [Sa/s]."""
        return self.format_number(self.settings.sampling().rate if word else self.records.sampling.rate)

