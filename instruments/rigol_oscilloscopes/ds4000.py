"""Driver of the Rigol DS4000 oscilloscopes: inputs of 50 Ohm, and a memory that is read from its beginning.

Commands follow the programming guide of the DS4000E. The memory comes in parts: as long as ``:WAVeform:STATus?`` says
READ, there is more.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tsbench.errors import CommunicationError
from tsbench.instruments.driver import Driver
from tsbench.instruments.interfaces import Oscilloscope, Vertical
from tsbench.instruments.languages.scpi import parse_name
from tsbench.instruments.rigol_oscilloscopes import data_sheet
from tsbench.instruments.rigol_oscilloscopes.driver import RigolOscilloscope

_POLL = 0.01  #: [s] between two questions whether points have come
_PATIENCE = 500  #: such questions, until a readout counts as stuck
_IMPEDANCE = {"1M": "OMEG", "50": "FIFT"}


def _reading(reply: str) -> tuple[bool, int]:
    """Return whether more than the buffer is still to come, and the points in the buffer."""
    state, _, points = reply.strip().upper().partition(",")
    if state not in ("IDLE", "READ") or not points.strip().isdigit():
        raise ValueError(f"the reply {reply!r} is not a state of the readout")
    return state == "READ", int(points)


class RigolDs4000(RigolOscilloscope):
    """An :class:`~tsbench.instruments.Oscilloscope`."""

    repeatable = data_sheet.REPEATABLE_DS4000

    def configure_channel(self, channel: int, vertical: Vertical) -> Vertical:
        """Set input, impedance, range (full scale, eight divisions) and offset; DC coupled."""
        self.require_vertical(channel, vertical)
        word = _IMPEDANCE[vertical.impedance]
        self.write(f":CHAN{channel}:IMP {word}")
        self.check_errors()
        self.require_impedance(channel, vertical, parse_name(self.ask(f":CHAN{channel}:IMP?")), word)
        return super().configure_channel(channel, vertical)

    def read_memory(self, preamble: Sequence[float]) -> tuple[npt.NDArray[np.uint8], float]:
        """Return the codes of the span and the time [s] of the first after the trigger."""
        first, last = self.wanted_points(preamble, round(self.ask_number(":ACQ:MDEP?")))
        self.send(f":WAV:POIN {last}", ":WAV:RES", ":WAV:BEG")
        codes = self._from_the_buffer(last)
        self.write(":WAV:END")
        if len(codes) != last:
            raise CommunicationError(
                f"{self.label}: a record has {len(codes)} of {last} bytes. Repeat the acquisition")
        return codes[first:], preamble[5] + first * preamble[4]

    def _from_the_buffer(self, points: int) -> npt.NDArray[np.uint8]:
        """Return what the buffer has until the last part, at most ``points`` codes and one part more."""
        parts: list[npt.NDArray[np.uint8]] = []
        empty, more, read = 0, True, 0
        while more and empty < _PATIENCE and read <= points:
            more, waiting = self.questions.parsed(":WAV:STAT?", _reading)
            if not waiting:
                empty += 1
                self.wait(_POLL)
                continue
            parts.append(np.frombuffer(self.questions.block(":WAV:DATA?"), dtype=np.uint8))
            read += len(parts[-1])
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.uint8)


if TYPE_CHECKING:  # mypy holds the driver to its contracts
    _as_driver: type[Driver] = RigolDs4000
    _as_oscilloscope: type[Oscilloscope] = RigolDs4000
