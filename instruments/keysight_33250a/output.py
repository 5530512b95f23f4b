"""The output of a Keysight 33250A.

The instrument has no level limits: the driver applies them. Both edges of a pulse are equal. Frequency, width and
offset of the last function could exclude the next function, so they are set aside before it is selected. No command
stops a burst: the same count, set again, arms anew (not compared with an instrument).
"""

from collections.abc import Mapping
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt

from tsbench.instruments.generators.limits_in_driver import LimitsInDriver
from tsbench.instruments.generators.output import GeneratorOutput
from tsbench.instruments.guard.limits import require_in_range
from tsbench.instruments.interfaces import Pulse, Range
from tsbench.instruments.keysight_33250a.data_sheet import CAPABILITIES, EDGE_SHARE, HEADERS
from tsbench.instruments.languages.scpi import format_number

_ASIDE = ":VOLT:OFFS 0;:FREQ 1000"


class OutputOf33250A(GeneratorOutput):
    """The output; a :class:`~tsbench.instruments.PulseGenerator`."""

    headers = HEADERS
    levels_class = LimitsInDriver
    switching = (":OUTP OFF", ":OUTP ON")
    starting_burst = ("*TRG",)
    ending_burst = (":BURS:STAT OFF",)
    zeroing = (":BURS:STAT OFF", ":FUNC DC", ":VOLT:OFFS 0")
    functions: ClassVar[Mapping[str, str]] = {
        "pulse": f"{_ASIDE};:PULS:WIDT {format_number(CAPABILITIES.pulse_width.low)};:PULS:TRAN "
                 f"{format_number(CAPABILITIES.edge_time.low)};:FUNC PULS",
        "dc": ":FUNC DC",
        "arbitrary": f"{_ASIDE};:FUNC USER"}

    def configure_pulse(self, pulse: Pulse) -> Pulse:
        """Set levels, width, period and edges; both edges must be equal. The output idles at ``base``."""
        room = EDGE_SHARE * min(pulse.width, pulse.period - pulse.width)
        require_in_range(self.label, "with this width and period, rise time", pulse.rise_time, Range(0.0, room, "s"))
        same = Range(pulse.rise_time, pulse.rise_time, "s")
        require_in_range(self.label, "with equal edges, fall time", pulse.fall_time, same)
        return super().configure_pulse(pulse)

    def _send_timing(self, pulse: Pulse) -> None:
        """Send polarity, width, period and edges: first the smallest, so that none is refused for another."""
        words, caps = self.headers, self.capabilities
        self._messages.send(
            f"{words.polarity} {'INV' if pulse.amplitude < 0 else 'NORM'}",
            f"{words.lead} {format_number(caps.edge_time.low)}", f"{words.width} {format_number(caps.pulse_width.low)}",
            f"{words.period} {format_number(pulse.period)}", f"{words.width} {format_number(pulse.width)}",
            f"{words.lead} {format_number(pulse.rise_time)}",
        )

    def _timing(self) -> tuple[float, float, float, float]:
        ask, words = self._messages.number, self.headers
        edge = ask(f"{words.lead}?")
        return ask(f"{words.width}?"), ask(f"{words.period}?"), edge, edge

    def _send_codes(self, codes: npt.NDArray[np.int16], rate: float, steps: bool) -> None:
        self._messages.send(":OUTP:POL NORM", ":FORM:BORD NORM")
        self.generator.write_block(":DATA:DAC VOLATILE,", codes.astype(">i2").tobytes())
        self.generator.check_errors()
        self._messages.send(":FUNC:USER VOLATILE")

    def _settled_rate(self, rate: float, points: int) -> float:
        """Set how often the waveform is played, which makes the sample rate; return the rate [Hz] as read back."""
        self._messages.send(f":FREQ {format_number(rate / points)}")
        return points * self._messages.number(":FREQ?")

    def _send_burst(self, count: int, source: Literal["bus", "external"]) -> float:
        self._messages.send(
            f":TRIG:SOUR {'BUS' if source == 'bus' else 'EXT'}", ":BURS:MODE TRIG", f":BURS:NCYC {count}",
            ":BURS:STAT ON",
        )
        return self._messages.number(":BURS:NCYC?")

    def abort(self) -> None:
        """Stop a running burst; the output idles at its base."""
        if self._burst:
            self.generator.send(f":BURS:NCYC {self._found['burst_count']}")
        self._pending = False
