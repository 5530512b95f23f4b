"""One output of a Rigol DG800 or DG900.

The bus trigger is that of the manual source. The instrument does not tell when a burst is over. The points of an
arbitrary waveform share one period, so the frequency makes the sample rate.
"""

from collections.abc import Mapping
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt

from tsbench.instruments.generators.timed_output import TimedOutput
from tsbench.instruments.languages.scpi import format_number
from tsbench.instruments.rigol_dg800.data_sheet import HEADERS, LEAST_POINTS, MIDDLE_CODE, PACKAGE


class DgOutput(TimedOutput):
    """One output; a :class:`~tsbench.instruments.PulseGenerator`."""

    headers = HEADERS
    zeroing = (":OUTP{ch}:VOLL OFF", ":SOUR{ch}:BURS:STAT OFF", ":SOUR{ch}:FUNC DC", ":SOUR{ch}:VOLT:OFFS 0")
    starting_burst = (":SOUR{ch}:BURS:TRIG",)
    functions: ClassVar[Mapping[str, str]] = {
        "pulse": ":SOUR{ch}:FUNC PULS", "dc": ":SOUR{ch}:FUNC DC", "arbitrary": ":SOUR{ch}:FUNC USER"}

    def _send_codes(self, codes: npt.NDArray[np.int16], rate: float, steps: bool) -> None:
        self._messages.send(":OUTP{ch}:POL NORM")
        fine = repeated(codes, rate, self.capabilities.sample_rate.high)
        points = (fine.astype(np.int32) + MIDDLE_CODE).astype("<u2")
        starts = package_starts(points.size)
        for start, end in zip(starts, [*starts[1:], points.size], strict=True):
            flag = "END" if end == points.size else "CON"
            block = points[start:end].tobytes()
            self.generator.write_block(f":SOUR{self.channel}:TRAC:DATA:DAC16 VOLATILE,{flag},", block)
            self.generator.check_errors()

    def _settled_rate(self, rate: float, points: int) -> float:
        """Set how often the waveform is played, which makes the sample rate; return the rate [Hz] as read back."""
        self._messages.send(f":SOUR{{ch}}:FREQ {format_number(rate / points)}")
        return points * self._messages.number(":SOUR{ch}:FREQ?")

    def _send_burst(self, count: int, source: Literal["bus", "external"]) -> float:
        self._messages.send(
            ":SOUR{ch}:BURS:MODE TRIG", f":SOUR{{ch}}:BURS:TRIG:SOUR {'MAN' if source == 'bus' else 'EXT'}",
            ":SOUR{ch}:BURS:TDEL 0", f":SOUR{{ch}}:BURS:NCYC {count}", ":SOUR{ch}:BURS:STAT ON",
        )
        return self._messages.number(":SOUR{ch}:BURS:NCYC?")

    def _stop_burst(self) -> None:
        """Stop a running burst: the state, set again, arms anew; the output idles at its base."""
        self._messages.send(":SOUR{ch}:BURS:STAT ON")


def repeated(codes: npt.NDArray[np.int16], rate: float, highest_rate: float) -> npt.NDArray[np.int16]:
    """Return a short waveform with each point several times, up to one package.

    The instrument joins the points of a short waveform by straight lines when it stretches it over its own memory
    (DG1000Z programming guide, p. 2-174): repeated points keep their steps.
    """
    return np.repeat(codes, max(int(min(PACKAGE // codes.size, highest_rate / rate)), 1))


def package_starts(points: int) -> list[int]:
    """Return where each package of a waveform begins: none has fewer than the least number of points."""
    starts = list(range(0, points, PACKAGE))
    if len(starts) > 1 and points - starts[-1] < LEAST_POINTS:
        starts[-1] -= LEAST_POINTS
    return starts
