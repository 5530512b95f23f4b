"""Driver of the Rohde & Schwarz RTO oscilloscopes: set up, arm and verify, wait, fetch.

Commands follow the RTO user manual. An acquisition is ``RUNSingle``; the operation status says when the scope waits
for its trigger and when the acquisition is over.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tsbench.instruments.driver import Driver
from tsbench.instruments.interfaces import Oscilloscope, Timebase, Vertical
from tsbench.instruments.languages.scpi import parse_name
from tsbench.instruments.oscilloscopes.driver import Scaling
from tsbench.instruments.rohde_schwarz_rto import data_sheet
from tsbench.instruments.rohde_schwarz_rto.rohde_schwarz_scope import RohdeSchwarzScope, parse_header
from tsbench.records import Waveform


class RohdeSchwarzRto(RohdeSchwarzScope):
    """An :class:`~tsbench.instruments.Oscilloscope`."""

    title = "Rohde & Schwarz RTO"
    repeatable = data_sheet.REPEATABLE
    vertical_accuracy = data_sheet.ACCURACY
    coupling: ClassVar[Mapping[str, str]] = {"1M": "DCL", "50": "DC"}
    trigger_word, source_word, position_word, start_word = ":TRIG1", "CHAN", ":TIM:HOR:POS", ":RUNS"
    holdoffs = data_sheet.HOLDOFF

    def __init__(self, adapter: Any, name: str = "scope", **kwargs: Any) -> None:
        super().__init__(adapter, name, **kwargs)
        model = self.identity.model.upper().strip()
        if model == "RTO":   # newer firmware tells the number elsewhere
            model = parse_name(self.ask(":DIAG:SERV:WFAM?"))
        self.capabilities = data_sheet.capabilities(self.called_by(model, data_sheet.MODELS))

    def initialise(self) -> None:
        """After a reset: stopped, no channel set up."""
        self.send(":STOP", ":ACQ:COUN 1")
        self.forget_setup()

    # ------------------------------------------------------------------------------------ configuration

    def configure_timebase(self, timebase: Timebase) -> Timebase:
        """Set span, position of mid-record after the trigger, and the longest record."""
        self.require_timebase(timebase)
        return self.set_timebase(timebase, f":ACQ:POIN {max(timebase.points or 1_000_000, 1000)}")

    # -------------------------------------------------------------------------------------- acquisition

    def ended(self, condition: int) -> bool:
        """Return whether the acquisition is over, by the operation status alone."""
        return not condition & data_sheet.MEASURING

    def complete(self) -> bool:
        """Return whether the acquisition is over."""
        return self.ended(self.condition())

    def force_trigger(self) -> None:
        """Trigger now."""
        self.write(":TRIG1:FORC")
        self.check_errors()

    # ---------------------------------------------------------------------------------------- waveforms

    def fetch(self, channels: Sequence[int]) -> dict[int, Waveform]:
        """Read the finished acquisition of each channel."""
        self.send(":FORM INT,8", ":FORM:BORD LSBF", ":EXP:WAV:INCX OFF", ":EXP:WAV:MULT OFF")
        records: dict[int, Waveform] = {}
        for channel in channels:
            self.require_channel(channel)
            start, stop, count, _ = self.questions.parsed(f":CHAN{channel}:DATA:HEAD?", parse_header)
            codes = np.frombuffer(self.questions.block(f":CHAN{channel}:DATA?"), dtype=np.int8)
            self.require_whole(channel, codes, int(count))
            vertical = self._vertical.get(channel, Vertical(range=10.0))
            scaling = Scaling(vertical.range / data_sheet.LEVELS, vertical.offset, start, (stop - start) / (count - 1),
                              -data_sheet.LARGEST, data_sheet.LARGEST)
            records[channel] = self.waveform(
                channel, scaling, codes[np.newaxis], np.zeros(1), data_sheet.BANDWIDTH_LIMIT)
        self.check_errors()
        return records


if TYPE_CHECKING:  # mypy holds the driver to its contracts
    _as_driver: type[Driver] = RohdeSchwarzRto
    _as_oscilloscope: type[Oscilloscope] = RohdeSchwarzRto
