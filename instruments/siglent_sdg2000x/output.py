"""One output of a Siglent SDG2000X.

Keys of a burst count only while its state is ON, so the state comes first: configure a burst before the output is
switched on. Another waveform ends a burst, so the driver sends it again after it. The instrument does not tell when a
burst is over. An arbitrary waveform is played by its sample rate (TrueArb).
"""

from collections.abc import Mapping
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt

from tsbench.instruments.generators.timed_output import TimedOutput
from tsbench.instruments.interfaces import Pulse
from tsbench.instruments.languages.scpi import format_number
from tsbench.instruments.siglent_sdg2000x.data_sheet import HEADERS
from tsbench.instruments.siglent_sdg2000x.levels import SdgLevels
from tsbench.instruments.siglent_sdg2000x.messages import SdgMessages


class SdgOutput(TimedOutput):
    """One output; a :class:`~tsbench.instruments.PulseGenerator`."""

    headers = HEADERS
    messages_class = SdgMessages
    levels_class = SdgLevels
    _messages: SdgMessages
    switching = ("C{ch}:OUTP OFF", "C{ch}:OUTP ON")
    zeroing = ("C{ch}:BTWV STATE,OFF", "C{ch}:BSWV WVTP,DC", "C{ch}:BSWV OFST,0")
    starting_burst = ("C{ch}:BTWV MTRIG",)
    ending_burst = ("C{ch}:BTWV STATE,OFF",)
    functions: ClassVar[Mapping[str, str]] = {
        "pulse": "C{ch}:BSWV WVTP,PULSE", "dc": "C{ch}:BSWV WVTP,DC", "arbitrary": "C{ch}:BSWV WVTP,ARB"}

    def _send_timing(self, pulse: Pulse) -> None:
        caps = self.capabilities
        steps = (("RISE", caps.edge_time.low), ("FALL", caps.edge_time.low), ("WIDTH", caps.pulse_width.low),
                 ("PERI", pulse.period), ("WIDTH", pulse.width), ("RISE", pulse.rise_time), ("FALL", pulse.fall_time),
                 ("DLY", 0.0))
        self._messages.send(*(f"C{{ch}}:BSWV {key},{format_number(value)}" for key, value in steps))

    def _timing(self) -> tuple[float, float, float, float]:
        width, period, rise, fall = self._messages.quantities("C{ch}:BSWV?", "WIDTH", "PERI", "RISE", "FALL")
        return width, period, rise, fall

    def _send_codes(self, codes: npt.NDArray[np.int16], rate: float, steps: bool) -> None:
        name, generator = f"TSB{self.channel}", self.generator
        points = codes.astype("<i2").tobytes()
        with generator.lock:
            generator.write_bytes(f"C{self.channel}:WVDT WVNM,{name},WAVEDATA,".encode() + points)
        self._messages.send(f"C{{ch}}:ARWV NAME,{name}")

    def _settled_rate(self, rate: float, points: int) -> float:
        """Set the sample rate; return it as read back."""
        self._messages.send(f"C{{ch}}:SRATE MODE,TARB,VALUE,{format_number(rate)}")
        (got,) = self._messages.quantities("C{ch}:SRATE?", "VALUE")
        return got

    def _send_burst(self, count: int, source: Literal["bus", "external"]) -> float:
        self._messages.send(
            "C{ch}:BTWV STATE,ON", f"C{{ch}}:BTWV TRSR,{'MAN' if source == 'bus' else 'EXT'}",
            "C{ch}:BTWV GATE_NCYC,NCYC", f"C{{ch}}:BTWV TIME,{count}", "C{ch}:BTWV DLAY,0",
        )
        (got,) = self._messages.quantities("C{ch}:BTWV?", "TIME")
        return got

    def _change_function(self, function: str) -> None:
        changes = function != self._function
        super()._change_function(function)
        source: Literal["bus", "external"] = "bus" if self._found.get("trigger_source") == "bus" else "external"
        if changes and self._burst and function != "dc":
            count = self._found["burst_count"]
            assert isinstance(count, int)
            self._send_burst(count, source)

    def _stop_burst(self) -> None:
        """Stop a running burst: the source, set again, arms anew; the output idles at its base."""
        source = "MAN" if self._found.get("trigger_source") == "bus" else "EXT"
        self._messages.send(f"C{{ch}}:BTWV TRSR,{source}")
