"""Settings and registers that a MAUI oscilloscope has: delay, memory, sequence, bandwidth limits, formats, errors."""

from tsbench.simulated_backends.lecroy.parameters import Depth, LecroyWord
from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.executing import Handler
from tsbench.simulated_backends.scpi.parameters import Integer, Many, Number, OnOrOff, Optional, Text
from tsbench.simulated_backends.scpi.syntax import WHITE_TEXT, capitals
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.lecroy_scope.command_table import ShortScope, ShortTable
from tsbench.simulated_backends.virtual_instruments.lecroy_scope.running import LOOK
from tsbench.simulated_backends.virtual_instruments.lecroy_wavesurfer.data_sheet import WaveSurferSheet
from tsbench.simulated_backends.virtual_instruments.oscilloscope.input_watch import watch_inputs

_LATEST = 10_000.0  #: [div] after the trigger
_LEAST_MEMORY = 500
#: SCPI error -> (command error register, execution error register); the registers' tables are in the MAUI manual
_REGISTERS = {
    -113: (1, 0), -114: (2, 0), -104: (3, 0), -121: (3, 0), -131: (4, 0), -138: (4, 0), -102: (5, 0), -103: (5, 0),
    -151: (6, 0), -158: (6, 0), -161: (10, 0), -109: (0, 27), -108: (0, 25), -224: (0, 25), -222: (0, 25),
    -221: (0, 22), -310: (0, 24),
}


class ErrorRegisters(ShortTable):
    """``CMR?``, ``EXR?``, ``DDR?``: the last error of each kind; to read is to clear."""

    def __init__(self, scope: ShortScope) -> None:
        super().__init__(scope)
        self.command_error = self.execution_error = 0

    def take(self, error: ScpiError) -> None:
        """Take note of an error, in its register and in the standard event register."""
        command_code, execution_code = _REGISTERS.get(error.code, (0, 25))
        if command_code:
            self.command_error = command_code
        else:
            self.execution_error = execution_code
        self.status.set_event(0x20 if command_code else 0x10)

    @command("CMR?")
    def _command_error(self) -> str:
        code, self.command_error = self.command_error, 0
        return str(code)

    @command("EXR?")
    def _execution_error(self) -> str:
        code, self.execution_error = self.execution_error, 0
        return str(code)

    @command("DDR?")
    def _device_error(self) -> str:
        return "0"

    @command("ALST?")
    def _all_registers(self) -> str:
        """``ALST?``: every status register; all but the status byte are cleared."""
        byte, event = self.status.status_byte(), self.status.standard_event
        self.status.standard_event = 0
        self.status.update()
        registers = {
            "STB": byte, "ESR": event, "INR": self.scope.internal_state(), "DDR": self._device_error(),
            "CMR": self._command_error(), "EXR": self._execution_error(), "URR": 0,
        }
        return ",".join(f"{name},{value}" for name, value in registers.items())

    @command("*CLS")
    def _clear(self) -> None:
        self.command_error = self.execution_error = 0
        self.status.clear()


class WaveSurferSettings(ShortTable):
    """What differs from the other oscilloscopes with short commands."""

    data_sheet: WaveSurferSheet

    @command("TRDL", Text(bare=True))
    def set_delay(self, text: str) -> None:
        """``TRDL -1E-3S``: place of the trigger relative to mid-screen; negative: before the screen's middle.

        A positive number may be a percentage of the screen (``25PCT``), counted from its left edge.
        """
        span = self.panel.timebase_range
        upper = capitals(text).strip(WHITE_TEXT)
        if upper.endswith("PCT"):
            place = (Number().parse(upper[:-3].strip().encode(), self, ()) / 100 - 0.5) * span
        else:
            place = Number("S").parse(upper.encode(), self, ())
        self.set_place(place)

    def set_place(self, place: float) -> None:
        """Set the place of the trigger [s] relative to mid-screen, the nearest that can be."""
        latest = _LATEST * self.panel.time_scale
        self.panel.position = -min(max(place, -latest), self.panel.timebase_range / 2)

    @command("TRDL?")
    def _delay(self) -> str:
        return self.quantity(0.0 - self.panel.position, "S")

    @command("MSIZ", Depth())
    def set_memory(self, points: float) -> None:
        """``MSIZ 10M``: the most points of a record; the nearest that can be."""
        self.panel.memory = int(min(max(points, _LEAST_MEMORY), self.data_sheet.memory))

    @command("MSIZ?")
    def _memory(self) -> str:
        return self.quantity(self.panel.memory, "SAMPLE")

    @command("SEQ", OnOrOff(), Optional(Integer("")), Optional(Depth()))
    def set_sequence(self, on: bool, count: int | None = None, points: float | None = None) -> None:
        """``SEQ ON,10``: sequence mode, number of segments, most points of each."""
        if count is not None:
            self.setting_values["segments_wanted", ()] = min(max(count, 2), self.data_sheet.max_segments)
        if points is not None:
            self.set_memory(points)
        self.panel.segments = self.segments_wanted if on else 1

    @property
    def segments_wanted(self) -> int:
        """Return the number of segments in sequence mode."""
        return int(self.setting_values.get(("segments_wanted", ()), 10))

    @command("SEQ?")
    def _sequence(self) -> str:
        state = "ON" if self.panel.segments > 1 else "OFF"
        return f"{state},{self.segments_wanted},{self.quantity(self.panel.memory, 'SAMPLE')}"

    @command("BWL", Many(Text(bare=True), 1))
    def limit_bandwidth(self, *words: str) -> None:
        """``BWL C1,ON`` or ``BWL OFF``: the filter of channels, or of all."""
        upper = [capitals(word) for word in words]
        names = [f"C{number}" for number in self.panel.channels]
        given = dict.fromkeys(names, upper[0]) if len(upper) == 1 else dict(zip(upper[::2], upper[1::2], strict=False))
        if len(upper) > 1 and len(upper) % 2:
            raise ScpiError(-109)
        legal = {"OFF": None, **dict(self.data_sheet.limits)}
        if not all(name in names and word in legal for name, word in given.items()):
            raise ScpiError(-224)
        for name, word in given.items():
            self.panel.channels[int(name[1:])].limit = legal[word]

    @command("C<1-4>:ASET", Optional(LecroyWord("FIND")))
    def find(self, channel: int, word: str = "FIND") -> Handler:
        """``C1:ASET FIND``: gain and offset of one channel for what is at its input."""
        watch = yield from watch_inputs(self.scope.bench, LOOK)
        level = self.panel.channels[channel].level
        self.scope.fit_channel(channel, watch)
        self.panel.set_level(channel, level)

    @command("C<1-4>:BWL?")
    def _limits_by_channel(self, channel: int) -> str:
        found: str = self._limits()
        return found

    @command("BWL?")
    def _limits(self) -> str:
        written = {None: "OFF", 20e6: "ON", 200e6: "200MHZ"}
        return ",".join(f"C{number},{written[one.limit]}" for number, one in self.panel.channels.items())

    @command("CFMT", LecroyWord("DEF9", "OFF"), LecroyWord("BYTE", "WORD"), LecroyWord("BIN"))
    def set_format(self, block: str, width: str, coding: str) -> None:
        """``CFMT DEF9,WORD,BIN``: width of the codes."""
        if block == "OFF":
            raise ScpiError(-224)
        self.setting_values["code_width", ()] = width

    @command("CFMT?")
    def _format(self) -> str:
        return f"DEF9,{self.setting_values.get(('code_width', ()), 'WORD')},BIN"

    @command("CORD", LecroyWord("HI", "LO"))
    def set_order(self, word: str) -> None:
        """``CORD LO``: the low byte of a code comes first."""
        self.setting_values["code_order", ()] = word

    @command("CORD?")
    def _order(self) -> str:
        return str(self.setting_values.get(("code_order", ()), "HI"))
