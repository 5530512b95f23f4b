"""The volatile waveform of each channel of a DG800/900.

It comes in packages of 8 to 16384 points; behind the last one (``END``) the channel plays it (DG800 programming guide,
p. 2-136). A point is two bytes from 0000 (low level) to 3FFF (high level). Not compared with a manual: the low
byte comes first.
"""

import numpy as np
import numpy.typing as npt

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Block, Choice
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.generator.synthesis import DAC_FULL_SCALE
from tsbench.simulated_backends.virtual_instruments.rigol_dg800.command_table import DgBase, DgTable

HIGHEST = 0x3FFF
LEAST_POINTS, MOST_POINTS = 8, 16384  #: of a package
Codes = npt.NDArray[np.int16]


class DgVolatileMemory(DgTable):
    """What ``SOURce:TRACe:DATA`` does.

    Parameters
    ----------
    generator : DgBase
    """

    def __init__(self, generator: DgBase) -> None:
        super().__init__(generator)
        ramp = np.round(np.linspace(-1.0, 1.0, 4096) * DAC_FULL_SCALE).astype(np.int16)
        self.codes: dict[int, Codes] = dict.fromkeys(generator.channels.numbers, ramp)
        self._packages: dict[int, list[Codes]] = {channel: [] for channel in generator.channels.numbers}

    @command("[:SOURce<1-2>][:TRACe]:DATA:DAC16", Choice("VOLATILE"), Choice("CON", "END"), Block())
    def download(self, channel: int, memory: str, flag: str, block: bytes) -> None:
        """``DATA:DAC16 VOLATILE,END,#216...``."""
        if len(block) % 2:
            raise ScpiError(-161)
        codes = np.frombuffer(block, "<u2").astype(np.float64)
        if not LEAST_POINTS <= len(codes) <= MOST_POINTS or codes.max() > HIGHEST:
            self._packages[channel].clear()
            raise ScpiError(-222)
        scaled = (codes / HIGHEST * 2 - 1) * DAC_FULL_SCALE
        self._packages[channel].append(np.round(scaled).astype(np.int16))
        if sum(map(len, self._packages[channel])) > self.data_sheet.max_arb_points:
            self._packages[channel].clear()
            raise ScpiError(-223)
        if flag == "END":
            self.codes[channel] = np.concatenate(self._packages[channel])
            self._packages[channel].clear()
            self.generator.shape_commands.function[channel] = "USER"
            self.generator.shape_commands.function_changed(channel)
