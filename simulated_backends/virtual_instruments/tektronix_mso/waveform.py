"""Reading acquisitions out of a Tektronix oscilloscope: ``DATa``, ``WFMOutpre`` and ``CURVe?``.

A sample is a signed integer about mid-screen: 25 steps a division in one byte, 6400 in two. -127 and 127 (-32767 and
32767) are clipped, -128 (-32768) was not acquired. The time of sample n is ``XZEro + XINcr (n - PT_Off)``.
"""

import math
from typing import Any

import numpy as np

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import AnyOf, Integer, Parameter, text_of
from tsbench.simulated_backends.scpi.syntax import definite_block
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.command_table import TektronixBase, TektronixTable
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.events import SOURCE_NOT_ACTIVE, event_text
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.records import TektronixRecords
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.replies import (
    Parts,
    TekChoice,
    TekWord,
    channel_name,
    engineering,
)

_ENCODINGS = {   # word of DATa:ENCdg -> (encoding, format, byte order)
    "ASCI": ("ASC", "RI", "MSB"), "RIB": ("BIN", "RI", "MSB"), "RPB": ("BIN", "RP", "MSB"),
    "SRI": ("BIN", "RI", "LSB"), "SRP": ("BIN", "RP", "LSB"), "FPB": ("BIN", "RI", "MSB"), "SFP": ("BIN", "RI", "LSB"),
    "FAS": ("BIN", "RI", "MSB"),
}
_ENCODING_WORDS = TekWord(
    "ASCIi", "FAStest", "RIBinary", "RPBinary", "FPBinary", "SRIbinary", "SRPbinary", "SFPbinary")
_COUPLINGS = {"AC": "AC", "DC": "DC", "GND": "GND"}
_MODES = {"SAM": "Sample", "PEAK": "Pk Detect", "HIR": "Hi Res", "AVE": "Average", "ENV": "Envelope", "WFMDB": "WfmDB"}


class WaveformSource(Parameter):
    """CH<x>; a waveform that the simulation does not have is refused (event 224)."""

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> str:
        text = text_of(raw)
        if (name := channel_name(text, owner.data_sheet.channels)) is not None:
            return name
        raise ScpiError(-224 if text[:1].isalpha() else -104)


class TektronixWaveforms(TektronixTable):
    """What ``DATa``, ``WFMOutpre`` and ``CURVe?`` do.

    Parameters
    ----------
    scope : TektronixBase
    records : TektronixRecords
        Of the same scope.
    """

    def __init__(self, scope: TektronixBase, records: TektronixRecords) -> None:
        super().__init__(scope)
        self.records = records
        self.settings = records.settings

    source = Setting(":DATa:SOUrce", WaveformSource(), default="CH1")
    start = Setting(":DATa:STARt", Integer("", 1), default=1)
    stop = Setting(":DATa:STOP", Integer("", 1), default=1000)
    first_frame = Setting(":DATa:FRAMESTARt", Integer("", 1), default=1)
    last_frame = Setting(":DATa:FRAMESTOP", Integer("", 1), default=100_000)
    data_encoding = Setting(":DATa:ENCdg", _ENCODING_WORDS, default="RIB", change="_encoding_chosen")
    encoding = Setting(":WFMOutpre:ENCdg", TekWord("ASCii", "BINary"), default="BIN", change="_format_chosen")
    binary_format = Setting(":WFMOutpre:BN_Fmt", TekChoice("RI", "RP", "FP"), default="RI", coerce="_of_channels",
                            change="_format_chosen")
    byte_order = Setting(":WFMOutpre:BYT_Or", TekChoice("LSB", "MSB"), default="MSB", change="_format_chosen")
    width = Setting(":WFMOutpre:BYT_Nr", Integer("", 1, 2), default=1)

    def _encoding_chosen(self) -> None:
        self.encoding, self.binary_format, self.byte_order = _ENCODINGS[self.data_encoding]

    def _format_chosen(self) -> None:
        now = (self.encoding, self.binary_format, self.byte_order)
        self.data_encoding = "ASCI" if self.encoding == "ASC" else next(
            word for word, meaning in _ENCODINGS.items() if meaning == now and word != "ASCI")

    def _of_channels(self, value: str) -> str:
        """Keep integers: only math waveforms are floating point."""
        return "RI" if value == "FP" else value

    @command(":DATa", TekChoice("INIT", "SNAp"))
    def _initialise(self, word: str) -> None:
        """``DATa INIT``: the defaults, up to the end of the record."""
        if word == "INIT":
            for name in ("source", "start", "first_frame", "last_frame", "data_encoding", "encoding", "binary_format",
                         "byte_order", "width"):
                self.setting_values.pop((name, ()), None)
            self.stop = self.records.sampling.points

    @command(":DATa?")
    def _data(self) -> Parts:
        """``DATa?``: everything at once; the order is not compared with a manual."""
        return Parts((
            ("ENCdg", _ENCODING_WORDS.format(self.data_encoding, self)),
            ("SOUrce", self.source), ("STARt", str(int(self.start))), ("STOP", str(int(self.stop))),
            ("FRAMESTARt", str(int(self.first_frame))), ("FRAMESTOP", str(int(self.last_frame))), *self.more_data()))

    def more_data(self) -> tuple[tuple[str, str], ...]:
        """Return the other parts of ``DATa?``."""
        return ()

    @command(":WFMOutpre:BIT_Nr", Integer("", 8, 16))
    def _set_bits(self, bits: int) -> None:
        self.width = 1 if bits <= 8 else 2

    # ---------------------------------------------------------------------------------- what to transfer

    def channel(self) -> int:
        """Return the channel that is transferred; event 2244 where it is not on."""
        channel = int(self.source[2:])
        if not self.settings.channels.displayed[channel]:
            raise ScpiError(SOURCE_NOT_ACTIVE, text=event_text(SOURCE_NOT_ACTIVE))
        return channel

    def part(self) -> tuple[int, int]:
        """Return the first and the last sample that are transferred, counted from 1."""
        points = self.records.sampling.points
        low, high = sorted((int(self.start), int(self.stop)))
        return min(low, points), min(high, points)

    def frames(self) -> tuple[int, int]:
        """Return the first and the last frame that are transferred, counted from 1."""
        most = self.records.frames
        low = min(int(self.first_frame), most)
        return low, max(min(int(self.last_frame), most), low)

    def ready(self) -> Handler:
        """Acquire once where it runs freely."""
        self.control.look()
        yield from self.control.snapshot()

    @command(":CURVe?")
    def curve(self) -> Handler:
        """``CURVe?``: the samples, of all frames in one block."""
        channel = self.channel()
        yield from self.ready()
        (low, high), (first, last) = self.part(), self.frames()
        codes = self.records.codes(channel, first, last).reshape(last - first + 1, -1)[:, low - 1:high]
        values = self._integers(codes.ravel())
        if self.encoding == "ASC":
            return ",".join(map(str, values.tolist()))
        return definite_block(values.data)

    def _integers(self, codes: Any) -> Any:
        """Return the samples of 16-bit codes in the format that is set."""
        signed = self.binary_format == "RI"
        if self.width == 1:
            eight = np.where(codes == 0x0001, 1, codes >> 8).astype(np.int16)
            return (eight - 128).astype(np.int8) if signed else eight.astype(np.uint8)
        order = "<" if self.byte_order == "LSB" else ">"
        if signed:
            return (codes ^ np.uint16(0x8000)).view(np.int16).astype(f"{order}i2", copy=False)
        return codes.astype(f"{order}u2", copy=False)

    # --------------------------------------------------------------------------------------- what it is

    def vertical(self, channel: int) -> tuple[float, float, float]:
        """Return (YMUlt [V], YOFf [codes], YZEro [V]): the middle of the screen is code 0."""
        shown = self.records.input(channel)
        return self._step(shown.step), 0.0, shown.offset

    def _step(self, step: float) -> float:
        return step if self.width == 1 else step / 256

    def trigger_point(self) -> tuple[int, float]:
        """Return (PT_Off, XZEro [s]): the sample of the trigger after DATa:STARt, and how long after the trigger."""
        interval, (low, _) = self.records.sampling.interval, self.part()
        sample = round(-self.records.first / interval)
        beyond = self.records.first + sample * interval
        return sample - (low - 1), 0.0 if abs(beyond) < 1e-6 * interval else beyond

    def waveform_name(self, channel: int) -> str:
        """Return what the instrument calls the waveform."""
        shown, sampling = self.records.input(channel), self.records.sampling
        settings = self.settings
        scale = _with_prefix(sampling.points * sampling.interval / self.data_sheet.time_divisions)
        coupling = _COUPLINGS.get(settings.channels.coupling[channel], "DC Reject")
        return (f'"Ch{channel}, {coupling} coupling, {_with_prefix(shown.scale)}V/div, {scale}s/div, '
                f'{sampling.points} points, {_MODES[settings.acquire_mode]} mode"')

    @command(":WFMOutpre:{NR_Pt|PT_Off|PT_Fmt|PT_ORder|XUNit|XINcr|XZEro|YUNit|YMUlt|YOFf|YZEro|WFId|BIT_Nr}?")
    def part_of_preamble(self, which: str) -> Handler:
        """``WFMOutpre:XINcr?`` and its sisters."""
        channel = self.channel()
        yield from self.ready()
        return self.value_of(which, channel)

    def value_of(self, which: str, channel: int) -> str:
        """Return one number of the preamble by the short name of its header."""
        scale, (sample, beyond) = self.vertical(channel), self.trigger_point()
        low, high = self.part()
        peaks = self.settings.acquire_mode in ("PEAK", "ENV")
        number = self.format_number
        return {
            "NR_P": str(high - low + 1), "PT_O": str(sample), "PT_F": "ENV" if peaks else "Y",
            "PT_OR": "LINEAR" if self.scope.verbose else "LIN", "XUN": '"s"',
            "XIN": self.time_text(self.records.sampling.interval), "XZE": engineering(beyond, self.scope.zero, 6),
            "YUN": '"V"', "YMU": number(scale[0]), "YOF": number(scale[1]), "YZE": number(scale[2]),
            "WFI": self.waveform_name(channel), "BIT_N": str(8 * int(self.width)),
        }[which]

    def time_text(self, seconds: float) -> str:
        """Write the interval of the samples."""
        return self.format_number(seconds)

    def preamble(self, layout: tuple[tuple[str, str], ...]) -> Handler:
        """Return the preamble: (header, short name of its value, or the value itself in quotes) of each part."""
        channel = self.channel()
        yield from self.ready()
        own = {
            "BYT_N": str(int(self.width)), "ENC": TekWord("ASCii", "BINary").format(self.encoding, self),
            "BN_F": self.binary_format, "BYT_O": self.byte_order, "NR_FR": str(self.frames()[1] - self.frames()[0] + 1),
        }
        return Parts(tuple(
            (header, value[1:] if value[:1] == "=" else own[value] if value in own else self.value_of(value, channel))
            for header, value in layout))


_CODES = TekWord("INTeger", "FP")  #: of ASCII samples
_FORMAT = (("BYT_Nr", "BYT_N"), ("BIT_Nr", "BIT_N"), ("ENCdg", "ENC"), ("BN_Fmt", "BN_F"))


class MsoWaveformCommands(TektronixWaveforms):
    """``DATa`` and ``WFMOutpre`` of the 4, 5 and 6 Series.

    Their texts: replies of instruments in public programs, ``2;16;BINARY;RI;INTEGER;LSB;...`` and ``...;LINEAR;"s";
    8.0E-9;4.7950E-9;505;"V";78.1250E-6;...;ANALOG;0.0E+0;0.0E+0;0.0E+0;1``. Not compared: the short form of INTEGER.
    """

    data_encoding = Setting(
        ":DATa:ENCdg", TekWord("ASCIi", "RIBinary", "RPBinary", "FPBinary", "SRIbinary", "SRPbinary", "SFPbinary"),
        default="RIB", change="_encoding_chosen")
    last_frame = Setting(":DATa:FRAMESTOP", AnyOf(Integer("", 1), TekChoice("MAX")), default=1_000_000,
                         coerce="_last_chosen")
    width = Setting(":WFMOutpre:BYT_Nr", Integer("", 1, 2), default=2, also=(":DATa:WIDth",))
    resampled = Setting(":WFMOutpre:RESample", Integer("", 1, 1), default=1, also=(":DATa:RESample",))

    def more_data(self) -> tuple[tuple[str, str], ...]:
        """Return the width, which has a header below ``DATa`` too."""
        return (("WIDth", str(int(self.width))),)

    def _last_chosen(self, value: int | str) -> int:
        return 1_000_000 if isinstance(value, str) else value

    def frames(self) -> tuple[int, int]:
        """Return the first and the last frame: the first alone where the last is below it."""
        return super().frames()

    def time_text(self, seconds: float) -> str:
        """Write the interval of the samples: a whole number has one decimal."""
        whole = engineering(seconds, digits=0)
        if not math.isclose(float(whole), seconds, rel_tol=1e-9):
            return super().time_text(seconds)
        return engineering(seconds, digits=1)

    @command(":WFMOutpre:ASC_Fmt?")
    def _ascii_format(self) -> str:
        """``WFMOutpre:ASC_Fmt?``: samples of channels are integers."""
        return _CODES.format("INT", self)

    @command(":WFMOutpre?")
    def _preamble(self) -> Handler:
        """``WFMOutpre?``: everything at once."""
        return self.preamble((
            *_FORMAT, ("ASC_Fmt", "=" + self._ascii_format()), ("BYT_Or", "BYT_O"), ("WFId", "WFI"),
            ("NR_Pt", "NR_P"), ("PT_Fmt", "PT_F"),
            ("PT_ORder", "PT_OR"), ("XUNit", "XUN"), ("XINcr", "XIN"), ("XZEro", "XZE"), ("PT_Off", "PT_O"),
            ("YUNit", "YUN"), ("YMUlt", "YMU"), ("YOFf", "YOF"), ("YZEro", "YZE"), ("DOMain", "=TIME"),
            ("WFMTYPe", "=ANALOG"), ("CENTERFREQuency", "=0.0E+0"), ("SPAN", "=0.0E+0"), ("REFLEvel", "=0.0E+0"),
            ("RESample", "=1")))

    @command(":DATa:SOUrce:AVAILable?")
    def _available(self) -> str:
        """``DATa:SOUrce:AVAILable?``: the channels that are on."""
        return ",".join(f"CH{number}" for number in self.settings.shown_channels()) or "NONE"


class DpoWaveformCommands(TektronixWaveforms):
    """``DATa`` and ``WFMOutpre`` of the MSO5000, DPO5000 and DPO7000: position and offset have fields of their own."""

    def vertical(self, channel: int) -> tuple[float, float, float]:
        """Return (YMUlt [V], YOFf [codes], YZEro [V]): the position in codes, and the offset."""
        step, _, middle = super().vertical(channel)
        shown = self.records.input(channel)
        offset = float(self.settings.channels.offset[channel])
        centre = 0 if self.binary_format == "RI" else (128 if self.width == 1 else 32768)
        return step, round((offset - middle) / self._step(shown.step), 6) + centre, offset

    @command(":WFMOutpre:NR_FR?")
    def _frame_count(self) -> str:
        first, last = self.frames()
        return str(last - first + 1)

    @command(":WFMOutpre?")
    def _preamble(self) -> Handler:
        """``WFMOutpre?``: everything at once."""
        return self.preamble((
            *_FORMAT, ("BYT_Or", "BYT_O"), ("WFId", "WFI"), ("NR_Pt", "NR_P"), ("PT_Fmt", "PT_F"), ("XUNit", "XUN"),
            ("XINcr", "XIN"), ("XZEro", "XZE"), ("PT_Off", "PT_O"), ("YUNit", "YUN"), ("YMUlt", "YMU"), ("YOFf", "YOF"),
            ("YZEro", "YZE"), ("NR_FR", "NR_FR")))


def _with_prefix(value: float) -> str:
    """Return a number as the name of a waveform has it, with four digits: ``100.0m``."""
    for prefix, factor in (("", 1.0), ("m", 1e-3), ("u", 1e-6), ("n", 1e-9), ("p", 1e-12)):
        if value >= factor * (1 - 1e-9) or prefix == "p":
            return f"{value / factor:#.4g}".rstrip(".") + prefix
    raise AssertionError(value)
