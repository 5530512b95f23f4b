"""One output of a Tektronix AFG3000C or AFG31000.

There is no trigger source for the bus: ``*TRG`` begins the bursts of all channels whatever the source is, so the source
is the trigger input, where nothing happens by itself. The trigger is common to both channels. The instrument does not
tell when a burst is over.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from tsbench.instruments.generators.limits_without_switch import LimitsWithoutSwitch
from tsbench.instruments.generators.timed_output import TimedOutput
from tsbench.instruments.interfaces import PulseGeneratorCapabilities
from tsbench.instruments.languages.scpi import format_number
from tsbench.instruments.tektronix_afg.data_sheet import HEADERS, MIDDLE_CODE


class AfgOutput(TimedOutput):
    """One output; a :class:`~tsbench.instruments.PulseGenerator`."""

    levels_class = LimitsWithoutSwitch
    zeroing = (":SOUR{ch}:VOLT:LIM:HIGH MAX", ":SOUR{ch}:VOLT:LIM:LOW MIN", ":SOUR{ch}:BURS:STAT OFF",
               ":SOUR{ch}:FUNC DC", ":SOUR{ch}:VOLT:OFFS 0")
    starting_burst = ("*TRG",)
    #: each channel has a user waveform of its own
    functions: ClassVar[Mapping[str, str]] = {
        "pulse": ":SOUR{ch}:FUNC PULS", "dc": ":SOUR{ch}:FUNC DC", "arbitrary": ":SOUR{ch}:FUNC USER{ch}"}

    def __init__(self, parent: Any, channel: int, capabilities: PulseGeneratorCapabilities, byte_order: str) -> None:
        self.headers = replace(HEADERS, minimum_amplitude=parent.model.minimum_amplitude)
        super().__init__(parent, channel, capabilities, byte_order)

    def _send_codes(self, codes: npt.NDArray[np.int16], rate: float, steps: bool) -> None:
        self._messages.send(":OUTP{ch}:POL NORM", f":DATA:DEF EMEM,{codes.size}")
        block = (codes.astype(np.int32) + MIDDLE_CODE).astype(">u2").tobytes()
        self.generator.write_block(":DATA EMEM,", block)
        self.generator.check_errors()
        self._messages.send(f":DATA:COPY USER{self.channel},EMEM")

    def _settled_rate(self, rate: float, points: int) -> float:
        """Set how often the waveform is played, which makes the sample rate; return the rate [Hz] as read back."""
        self._messages.send(f":SOUR{{ch}}:FREQ {format_number(rate / points)}")
        return points * self._messages.number(":SOUR{ch}:FREQ?")

    def _send_burst(self, count: int, source: Literal["bus", "external"]) -> float:
        self._messages.send(
            ":TRIG:SOUR EXT", ":SOUR{ch}:BURS:MODE TRIG", ":SOUR{ch}:BURS:TDEL 0",
            f":SOUR{{ch}}:BURS:NCYC {count}", ":SOUR{ch}:BURS:STAT ON",
        )
        return self._messages.number(":SOUR{ch}:BURS:NCYC?")

    def _stop_burst(self) -> None:
        """Stop a running burst: the state, set again, arms anew; the output idles at its base."""
        self._messages.send(":SOUR{ch}:BURS:STAT ON")
