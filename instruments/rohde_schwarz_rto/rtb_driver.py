"""Driver of the Rohde & Schwarz RTB2000 oscilloscopes: set up, arm and verify, wait, fetch.

Commands follow the RTB2000 user manual (1333.1611.02). An acquisition is ``SINGle``; the operation status says when the
scope waits for its trigger, and ``ACQuire:STATe?`` when the acquisition is over. Records have values of 16 bits.
"""

import functools
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tsbench.instruments.driver import Driver
from tsbench.instruments.interfaces import Oscilloscope, Timebase
from tsbench.instruments.languages.scpi import parse_name
from tsbench.instruments.oscilloscopes.driver import Scaling
from tsbench.instruments.rohde_schwarz_rto import rtb_data_sheet as data_sheet
from tsbench.instruments.rohde_schwarz_rto.rohde_schwarz_scope import RohdeSchwarzScope, parse_header
from tsbench.records import Waveform

_USUAL_POINTS = 1_000_000  #: of a record whose points were not asked for
_STATES = frozenset({"RUN", "STOP", "COMP", "BRE"})


def _state(reply: str) -> str:
    state = parse_name(reply)
    if state not in _STATES:
        raise ValueError(f"the reply {reply!r} is not a state of the acquisition")
    return state


class RohdeSchwarzRtb(RohdeSchwarzScope):
    """An :class:`~tsbench.instruments.Oscilloscope`."""

    title = "Rohde & Schwarz RTB"
    repeatable = data_sheet.REPEATABLE
    vertical_accuracy = data_sheet.ACCURACY
    coupling: ClassVar[Mapping[str, str]] = {"1M": "DCL"}
    trigger_word, source_word, position_word, start_word = ":TRIG:A", "CH", ":TIM:POS", ":SING"
    edge_settings = (":TRIG:A:EDGE:COUP DC",)
    holdoffs = data_sheet.HOLDOFF
    memory = 2.0  # only the time on the screen is read

    def __init__(self, adapter: Any, name: str = "scope", **kwargs: Any) -> None:
        super().__init__(adapter, name, **kwargs)
        model = self.called_by(self.identity.model.upper().strip(), data_sheet.MODELS)
        options = [option.strip().upper() for option in self.ask("*OPT?").split(",")]
        bandwidth = max((data_sheet.BANDWIDTHS.get(option, 0.0) for option in options), default=0.0)
        self.capabilities = data_sheet.capabilities(model, max(bandwidth, data_sheet.LEAST_BANDWIDTH))

    def initialise(self) -> None:
        """After a reset: stopped, no channel set up."""
        self.send(":STOP", ":ACQ:TYPE REFR")
        self.forget_setup()

    # ------------------------------------------------------------------------------------ configuration

    def configure_timebase(self, timebase: Timebase) -> Timebase:
        """Set span, position of mid-record after the trigger, and a record length with enough points."""
        self.require_timebase(timebase)
        points = timebase.points or min(math.ceil(timebase.span * self.capabilities.sample_rate), _USUAL_POINTS)
        length = next((one for one in data_sheet.LENGTHS if one >= points), data_sheet.LENGTHS[-1])
        return self.set_timebase(timebase, ":ACQ:MEM MAN", f":ACQ:POIN {length}")

    # -------------------------------------------------------------------------------------- acquisition

    def ended(self, condition: int) -> bool:
        """Return whether the acquisition is over: the operation status does not tell it."""
        return self.complete()

    def complete(self) -> bool:
        """Return whether the acquisition is over."""
        return self.questions.parsed(":ACQ:STAT?", _state) in ("COMP", "BRE")

    def force_trigger(self) -> None:
        """Trigger now."""
        self.write("*TRG")
        self.check_errors()

    # ---------------------------------------------------------------------------------------- waveforms

    def fetch(self, channels: Sequence[int]) -> dict[int, Waveform]:
        """Read the finished acquisition of each channel: all samples of the time on the screen."""
        self.send(":FORM UINT,16", ":FORM:BORD LSBF")
        records: dict[int, Waveform] = {}
        for channel in channels:
            self.require_channel(channel)
            word = f":CHAN{channel}:DATA"
            self.write(f"{word}:POIN DMAX")
            count = int(self.questions.parsed(f"{word}:HEAD?", parse_header)[2])
            scaling = self.fitting_again(channel, count, functools.partial(self._scaling, word))
            codes = np.frombuffer(self.questions.block(f"{word}?"), dtype="<u2")
            self.require_whole(channel, codes, count)
            records[channel] = self.waveform(
                channel, scaling, codes[np.newaxis], np.zeros(1), data_sheet.BANDWIDTH_LIMIT)
        self.check_errors()
        return records

    def _scaling(self, word: str) -> Scaling:
        return Scaling(
            self.ask_number(f"{word}:YINC?"), self.ask_number(f"{word}:YOR?"), self.ask_number(f"{word}:XOR?"),
            self.ask_number(f"{word}:XINC?"), data_sheet.CLIP_LOW, data_sheet.CLIP_HIGH)


if TYPE_CHECKING:  # mypy holds the driver to its contracts
    _as_driver: type[Driver] = RohdeSchwarzRtb
    _as_oscilloscope: type[Oscilloscope] = RohdeSchwarzRtb
