"""One output of a Keysight 33500B or 33600A waveform generator.

Commands follow the family's Operating and Service Guide (33500-90901).
"""

from collections.abc import Mapping
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt

from tsbench.instruments.generators.headers import OutputHeaders
from tsbench.instruments.generators.output import GeneratorOutput
from tsbench.instruments.keysight_33500 import data_sheet
from tsbench.instruments.languages.scpi import format_number

_ARBITRARY = "TSB{ch}"  #: name of the waveform in the generator's memory
BYTE_ORDERS: Mapping[str, tuple[str, str]] = {"little": ("SWAP", "<i2"), "big": ("NORM", ">i2")}
HEADERS = OutputHeaders(
    volts=":SOUR{ch}:VOLT", hold=":SOUR{ch}:FUNC:PULS:HOLD", width=":SOUR{ch}:FUNC:PULS:WIDT",
    period=":SOUR{ch}:FUNC:PULS:PER", lead=":SOUR{ch}:FUNC:PULS:TRAN:LEAD", trail=":SOUR{ch}:FUNC:PULS:TRAN:TRA",
    minimum_amplitude=data_sheet.MINIMUM_AMPLITUDE, resolution=data_sheet.MINIMUM_AMPLITUDE / 2,
    full_scale=data_sheet.DAC_FULL_SCALE,
)


class GeneratorChannel(GeneratorOutput):
    """One output; a :class:`~tsbench.instruments.PulseGenerator`."""

    headers = HEADERS
    quickest_edge = data_sheet.EDGE_OF_LARGE_PULSES
    zeroing = (":SOUR{ch}:VOLT:LIM:STAT OFF", ":SOUR{ch}:BURS:STAT OFF", ":SOUR{ch}:FUNC DC", ":SOUR{ch}:VOLT:OFFS 0")
    functions: ClassVar[Mapping[str, str]] = {
        "pulse": ":SOUR{ch}:FUNC PULS", "dc": ":SOUR{ch}:FUNC DC", "arbitrary": ":SOUR{ch}:FUNC ARB"}

    def _send_codes(self, codes: npt.NDArray[np.int16], rate: float, steps: bool) -> None:
        """Send a waveform, to be played at ``rate`` [Hz] in steps or joined by straight lines, and select it."""
        name = _ARBITRARY.format(ch=self.channel)
        order, kind = BYTE_ORDERS[self._byte_order]
        self._messages.send(":OUTP{ch}:POL NORM", f":FORM:BORD {order}", ":SOUR{ch}:DATA:VOL:CLE")
        self.generator.write_block(f":SOUR{self.channel}:DATA:ARB:DAC {name},", codes.astype(kind).tobytes())
        self.generator.check_errors()
        self._messages.send(
            f":SOUR{{ch}}:FUNC:ARB {name}", f":SOUR{{ch}}:FUNC:ARB:FILT {'OFF' if steps else 'NORM'}",
            f":SOUR{{ch}}:FUNC:ARB:SRAT {format_number(rate)}",
        )

    def _settled_rate(self, rate: float, points: int) -> float:
        """Return the sample rate [Hz] of the selected waveform as the generator has it."""
        return self._messages.number(":SOUR{ch}:FUNC:ARB:SRAT?")

    def _send_burst(self, count: int, source: Literal["bus", "external"]) -> float:
        self._messages.send(
            f":TRIG{{ch}}:SOUR {'BUS' if source == 'bus' else 'EXT'}", ":SOUR{ch}:BURS:MODE TRIG",
            f":SOUR{{ch}}:BURS:NCYC {count}", ":SOUR{ch}:BURS:STAT ON",
        )
        return self._messages.number(":SOUR{ch}:BURS:NCYC?")
