"""Reading waveforms out of an Infiniium oscilloscope: ``:WAVeform``.

A WORD is a signed number of 16 bits, 30720 at the upper edge of the screen. Three codes are no voltages: 31232 was not
filled, 31744 is clipped below, 32256 clipped above; in BYTE 125, 126 and 127.
"""

import numpy as np
import numpy.typing as npt

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import Boolean, Choice
from tsbench.simulated_backends.scpi.syntax import definite_block
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.keysight_infiniium.acquiring import InfiniiumAcquiring
from tsbench.simulated_backends.virtual_instruments.keysight_infiniium.tables import (
    InfiniiumBase,
    InfiniiumTable,
    ScopeSource,
)
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition_memory import FINE

_FORMATS = {"ASC": 0, "BYTE": 1, "WORD": 2, "FLO": 5}
CLIPPED = {"WORD": (31744, 32256), "BYTE": (126, 127)}  #: below, above
_PARTS = (":WAVeform:{XINCrement|XORigin|XREFerence|YINCrement|YORigin|YREFerence|POINts|COUNt|TYPE|XRANge|YRANge}?")


class InfiniiumWaveform(InfiniiumTable):
    """What ``:WAVeform`` does.

    Parameters
    ----------
    scope : InfiniiumBase
    settings : InfiniiumAcquiring
        Of the same scope.
    """

    def __init__(self, scope: InfiniiumBase, settings: InfiniiumAcquiring) -> None:
        super().__init__(scope)
        self.settings = settings

    source = Setting(":WAVeform:SOURce", ScopeSource(), default="CHAN1")
    form = Setting(":WAVeform:FORMat", Choice("ASCii", "BYTE", "WORD", "FLOat"), default="ASC")
    byte_order = Setting(":WAVeform:BYTeorder", Choice("MSBFirst", "LSBFirst"), default="MSBF")
    streaming = Setting(":WAVeform:STReaming", Boolean(), default=False)
    view = Setting(":WAVeform:VIEW", Choice("ALL", "MAIN"), default="ALL")
    header = Setting(":SYSTem:HEADer", Boolean(), default=False)

    @property
    def _channel(self) -> int:
        """Return the channel that is read; ScpiError -230 where there is nothing."""
        channel = int(self.source[4:])
        if not self.memory.has(channel):
            raise ScpiError(-230)
        return channel

    @property
    def _record(self) -> int:
        return min(int(self.settings.segment_index), self.memory.count) - 1

    def _ready(self) -> Handler:
        self.control.look()
        yield from self.control.snapshot()

    @command(":WAVeform:DATA?")
    def _data(self) -> Handler:
        """``:WAV:DATA?``: a block; streamed, its length is not told (``#0``)."""
        yield from self._ready()
        channel = self._channel
        levels = self.memory.levels(channel, self._record)
        if self.form == "ASC":
            return ",".join(f"{value:.5E}" for value in self.memory.volts(channel, levels))
        order = ">" if self.byte_order == "MSBF" else "<"
        if self.form == "FLO":
            payload = self.memory.volts(channel, levels).astype(f"{order}f4").tobytes()
        else:
            payload = self._codes(levels).astype(f"{order}i2" if self.form == "WORD" else "i1").tobytes()
        return b"#0" + payload if self.streaming else definite_block(payload, 8)

    def _codes(self, levels: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        below, above = CLIPPED[self.form]
        codes = levels.copy() if self.form == "WORD" else (levels + FINE // 2) // FINE
        codes[levels <= self.data_sheet.lowest_code * FINE] = below
        codes[levels >= self.data_sheet.highest_code * FINE] = above
        return np.asarray(codes, dtype=np.int32)

    # --------------------------------------------------------------------------------------- what it is

    def _parts(self) -> dict[str, str]:
        channel, plan, settings = self._channel, self.memory.plan, self.settings
        assert plan is not None
        screen, number = self.memory.input(channel), self.format_number
        step = screen.step / FINE if self.form != "BYTE" else screen.step
        span, full = plan.sampling.points * plan.sampling.interval, screen.scale * screen.divisions
        mode = {"RTIM": 0, "ETIM": 1, "SEGM": 2, "SEGH": 2, "SEGP": 2, "HRES": 4, "PDET": 3}[settings.acquire_mode]
        return {
            "FORM": str(_FORMATS[self.form]), "TYPE": "2" if plan.averaged else "1",
            "POIN": str(plan.sampling.points), "COUN": str(settings.averages if plan.averaged else 1),
            "XINC": number(plan.sampling.interval), "XOR": number(plan.first_sample), "XREF": "0",
            "YINC": number(step), "YOR": number(screen.offset), "YREF": "0",
            "coupling": "2" if settings.channels.input[channel] == "DC50" else "1",
            "XRAN": number(span), "left": number(plan.first_sample), "YRAN": number(full),
            "bottom": number(screen.offset - full / 2), "date": '"28 NOV 2026"', "time": '"12:00:00:00"',
            "frame": f'"{self.data_sheet.name}:{self.scope.serial}"', "mode": str(mode), "complete": "100",
            "xunits": "2", "yunits": "1", "highest": number(screen.bandwidth), "lowest": number(0.0),
        }

    @command(":WAVeform:PREamble?")
    def _preamble(self) -> Handler:
        """``:WAV:PRE?``: 24 fields."""
        yield from self._ready()
        return ",".join(self._parts().values())

    @command(_PARTS)
    def _part(self, which: str) -> Handler:
        """``:WAV:XINC?`` and its sisters."""
        yield from self._ready()
        return "AVER" if which == "TYPE" and self._parts()["TYPE"] == "2" else (
            "RAW" if which == "TYPE" else self._parts()[which])

    @command(":WAVeform:YUNits?")
    def _units(self) -> str:
        return str(self.settings.channels.units[int(self.source[4:])])

    @command(":WAVeform:SEGMented:COUNt?")
    def _segments(self) -> str:
        """``:WAV:SEGM:COUN?``: segments acquired."""
        self.control.look()
        return self.format_integer(self.memory.count if self.settings.segments > 1 else 0)

    @command(":WAVeform:SEGMented:TTAG?")
    def _time_tag(self) -> str:
        """``:WAV:SEGM:TTAG?``: time [s] of the indexed segment after the first."""
        times = self.memory.record_times()
        if not times:
            raise ScpiError(-230)
        return f"{times[self._record]:.12E}"
