"""The Rohde & Schwarz RTB2004, as the user manual of the RTB2000 describes it (1333.1611.02).

Quirks that the twin has
------------------------
- The screen has ten divisions vertically and twelve horizontally. All inputs have 1 MOhm.
- ``FORMat`` is ASCii, REAL,32 or UINT with 8, 16 or 32 bits; the bytes of a word come with the most significant first
  until ``FORMat:BORDer LSBFirst``. A voltage is YORigin + YINCrement x value. 16 bits have the 8 bits as upper byte.
- ``CHANnel1:DATA:POINts`` says what ``DATA?`` returns: DEFault what the screen shows, DMAXimum all samples of the time
  on the screen, MAXimum the whole memory, which may reach beyond the screen on both sides. While it runs, always
  DEFault.
- ``SINGle`` makes one acquisition; ``ACQuire:STATe?`` is RUN until it is COMPlete. Bit 3 of
  ``STATus:OPERation:CONDition?`` waits for a trigger. ``*TRG`` triggers.

Not compared with an instrument: the digits of settings; ``*TRG`` as forced trigger; points of the screen; -222 for
values out of range. Not simulated: segments and history, math, measurements, the generator, digital channels.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import Choice, Integer, Optional
from tsbench.simulated_backends.scpi.syntax import definite_block
from tsbench.simulated_backends.scpi.tree import Setting, Subsystem, command
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition_control import ACQUISITION
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition_memory import FINE, Levels
from tsbench.simulated_backends.virtual_instruments.oscilloscope.converter_scope import ConverterScope
from tsbench.simulated_backends.virtual_instruments.oscilloscope.settings import OscilloscopeSettings
from tsbench.simulated_backends.virtual_instruments.rohde_schwarz_rto import data_sheet as sheets
from tsbench.simulated_backends.virtual_instruments.rohde_schwarz_rto.readout import WAITING, SharedReadout
from tsbench.simulated_backends.virtual_instruments.rohde_schwarz_rto.rtb_acquiring import RtbAcquiring
from tsbench.simulated_backends.virtual_instruments.rohde_schwarz_rto.tables import RtbChannels

_SHOWN = 1_200  #: points of the screen
_MIDDLE = 127.5  #: value of 8 bits at mid-screen


def single_precision(value: float) -> str:
    """Write a number of single precision as the series does: ``1.999999949E-4``."""
    mantissa, _, exponent = f"{float(np.float32(value)):.9E}".partition("E")
    return f"{mantissa}E{int(exponent)}"


class RtbReadout(SharedReadout):
    """Run control and waveforms."""

    settings: RtbAcquiring
    lengths: ClassVar[Mapping[str, tuple[int, ...]]] = {"ASC": (0,), "REAL": (32,), "UINT": (8, 16, 32)}
    byte_order = Setting(":FORMat:BORDer", Choice("MSBFirst", "LSBFirst"), default="MSBF")
    selection = Setting(":CHANnel<1-4>:DATA:POINts", Choice("DEFault", "MAXimum", "DMAXimum"), default="DEF")

    @command(":FORMat[:DATA]", Choice("ASCii", "REAL", "UINTeger"), Optional(Integer("", 0, 32)))
    def _set_format(self, kind: str, bits: int | None = None) -> None:
        """``FORM UINT,16``: with the length that the kind has."""
        self.choose_format(kind, bits)

    # ---------------------------------------------------------------------------------------- run control

    @command(":ACQuire:STATe?")
    def _state(self) -> str:
        """``ACQ:STAT?``: RUN or COMPlete."""
        self.look()
        return "RUN" if self.control.running else "COMP"

    @command(":STATus:OPERation:CONDition?")
    def _condition(self) -> str:
        """``STAT:OPER:COND?``."""
        self.look()
        return str(WAITING if self.control.waiting_for_trigger else 0)

    # ------------------------------------------------------------------------------------------ waveforms

    def _selected(self, channel: int) -> tuple[float, float, int]:
        """Return time of the first sample [s], interval [s] and number of the samples that DATA? returns."""
        plan = self.memory.plan
        assert plan is not None
        chosen = "DEF" if self.control.running else self.selection[channel]
        first, interval, points = plan.first_sample, plan.sampling.interval, plan.sampling.points
        if chosen == "MAX":
            return first, interval, points
        start, span = self.settings.screen_start(), self.settings.timebase_range
        begin = max(round((start - first) / interval), 0)
        count = max(min(round(span / interval), points - begin), 2)
        if chosen == "DEF" and count > _SHOWN:
            return start, span / _SHOWN, _SHOWN
        return first + begin * interval, interval, count

    def _levels(self, channel: int) -> Levels:
        first, interval, count = self._selected(channel)
        plan = self.memory.plan
        assert plan is not None
        if interval != plan.sampling.interval:
            return self.memory.on_screen(channel, first, interval, count)
        begin = round((first - plan.first_sample) / interval)
        return self.memory.levels(channel, max(self.memory.count - 1, 0))[begin:begin + count]

    @command(":CHANnel<1-4>:DATA[:VALues]?")
    def _data(self, channel: int) -> Handler:
        """``CHAN1:DATA?``: the selected samples in the format that is set."""
        yield from self.ready(channel)
        levels, (kind, bits) = self._levels(channel), self.data_format
        if kind == "UINT":
            return self._block(self._words(levels) >> 8 if bits == 8 else self._words(levels) << (bits - 16),
                               f"u{bits // 8}")
        volts = self.memory.volts(channel, levels)
        if kind == "REAL":
            return self._block(volts, "f4")
        return ",".join(f"{value:.6E}" for value in volts)

    def _words(self, levels: Levels) -> npt.NDArray[np.int64]:
        """Return the values of 16 bits."""
        return np.clip(levels.astype(np.int64) + round(_MIDDLE * FINE), 0, 2**16 - 1)

    def _block(self, values: npt.NDArray[Any], form: str) -> bytes:
        order = "<" if self.byte_order == "LSBF" else ">"
        content = values.astype(f"{order}{form}").tobytes()
        return definite_block(content, len(str(len(content))))

    @command(":CHANnel<1-4>:DATA:HEADer?")
    def _header(self, channel: int) -> Handler:
        """``CHAN1:DATA:HEAD?``: start [s], stop [s], samples, values for each."""
        yield from self.ready(channel)
        first, interval, count = self._selected(channel)
        return f"{single_precision(first)},{single_precision(first + (count - 1) * interval)},{count},1"

    @command(":CHANnel<1-4>:DATA:POINts?")
    def _count(self, channel: int) -> Handler:
        """``CHAN1:DATA:POIN?``: samples that DATA? returns."""
        yield from self.ready(channel)
        return str(self._selected(channel)[2])

    @command(":CHANnel<1-4>:DATA:{XORigin|XINCrement|YORigin|YINCrement|YRESolution}?")
    def _part(self, channel: int, which: str) -> Handler:
        """``CHAN1:DATA:YINC?`` and its sisters; the voltages are those of the values in the format that is set."""
        yield from self.ready(channel)
        if which == "YRES":
            return str(self.data_sheet.resolution_bits)
        first, interval, _ = self._selected(channel)
        screen, bits = self.memory.input(channel), self.data_format[1] or 8
        parts = {"XOR": first, "XINC": interval, "YOR": screen.offset - _MIDDLE * screen.step,
                 "YINC": screen.step / 2.0 ** (bits - 8)}
        return single_precision(parts[which])


class VirtualRtb(ConverterScope):
    """Inputs, triggers, acquisition; ``data_sheet`` has the numbers, ``installed`` the reply to ``*OPT?``."""

    channel_header = "CHANnel"
    number_format = ".9g"
    no_error = '0,"No error"'
    installed: Sequence[str] = ()

    channel_commands = Subsystem(RtbChannels)
    acquire_commands = Subsystem(RtbAcquiring, lambda scope: RtbAcquiring(scope, scope.channel_commands))
    readout_commands = Subsystem(RtbReadout, lambda scope: RtbReadout(scope, scope.acquire_commands))

    @property
    def scope_settings(self) -> OscilloscopeSettings:
        """Return what is set, as the shared code reads it."""
        return self.acquire_commands

    def option_query(self) -> str:
        """Return the reply to ``*OPT?``: the options that are installed."""
        return ",".join(self.installed) or "0"

    def trigger(self) -> Any:
        """``*TRG``: trigger now."""
        self.control.force()

    def cleared(self) -> None:
        """A device clear ends what *OPC waits for; running goes on."""
        if ACQUISITION in self.operations.pending:
            self.control.abandon()


class VirtualRohdeSchwarzRTB2004(VirtualRtb):
    """RTB2004 with option B243: four channels, 300 MHz, 2.5 GSa/s, 20 Mpts."""

    data_sheet = sheets.ROHDE_SCHWARZ_RTB2004
    installed = ("B243",)
