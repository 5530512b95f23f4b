"""Reading waveforms out of a Rigol oscilloscope: ``:WAVeform``.

NORMal reads the screen (100 points a division), RAW the memory, MAXimum the screen while it runs and the memory when
it is stopped. One reply has at most 250,000 bytes; longer memories are read in parts between STARt and STOP.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import Choice, Integer
from tsbench.simulated_backends.scpi.syntax import definite_block
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition_memory import FINE, Levels
from tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes.acquiring import RigolAcquiring
from tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes.command_table import RigolBase, RigolTable
from tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes.triggering import TriggerSource

_FORMATS, _MODES = {"BYTE": 0, "WORD": 1, "ASC": 2}, {"NORM": 0, "MAX": 1, "RAW": 2}
_PARTS = ("FORM", "TYPE", "POIN", "COUN", "XINC", "XOR", "XREF", "YINC", "YOR", "YREF")
SCREEN_POINTS = 100  #: a division


@dataclass(frozen=True)
class Readout:
    """What one readout covers."""

    raw: bool  #: the memory, else the screen
    points: int
    first: float  #: [s] after the trigger
    interval: float  #: [s]


class RigolWaveform(RigolTable):
    """What ``:WAVeform`` does.

    Parameters
    ----------
    scope : RigolBase
    settings : RigolAcquiring
        Of the same scope.
    """

    def __init__(self, scope: RigolBase, settings: RigolAcquiring) -> None:
        super().__init__(scope)
        self.settings = settings

    source = Setting(":WAVeform:SOURce", TriggerSource(), default="CHAN1")
    read_mode = Setting(":WAVeform:MODE", Choice("NORMal", "MAXimum", "RAW"), default="NORM")
    form = Setting(":WAVeform:FORMat", Choice("WORD", "BYTE", "ASCii"), default="BYTE")
    start_point = Setting(":WAVeform:STARt", Integer("", 1, lambda owner: owner.most_points()), default=1)
    stop_point = Setting(":WAVeform:STOP", Integer("", 1, lambda owner: owner.most_points()),
                         default=lambda owner: owner.screen_points)

    @property
    def screen_points(self) -> int:
        """Return the points of the screen."""
        return SCREEN_POINTS * self.data_sheet.time_divisions

    @property
    def _raw(self) -> bool:
        return self.read_mode == "RAW" or (self.read_mode == "MAX" and not self.control.running)

    def most_points(self) -> int:
        """Return the largest number that STARt and STOP can have."""
        return self.data_sheet.memory if self._raw else self.screen_points

    def readout(self) -> Readout:
        """Return what a readout covers now; the memory cannot be read while it runs."""
        plan = self.memory.plan
        if self._raw:
            if plan is None or self.control.running:
                return Readout(True, 0, 0.0, self.settings.sampling().interval)
            return Readout(True, plan.sampling.points, plan.first_sample, plan.sampling.interval)
        interval = self.settings.time_scale / SCREEN_POINTS
        return Readout(False, self.screen_points, self.settings.screen_start(), interval)

    def _levels(self) -> Levels:
        """Return the samples between STARt and STOP."""
        channel, readout = int(self.source[4:]), self.readout()
        if not self.memory.has(channel):
            return np.zeros(0, dtype=np.int32)
        first, last = self.start_point - 1, min(self.stop_point, readout.points)
        most = {"BYTE": self.data_sheet.transfer, "WORD": self.data_sheet.transfer // 2,
                "ASC": self.data_sheet.ascii_points}[self.form]
        if readout.raw and self.stop_point - first > most:
            raise ScpiError(-222)
        if readout.raw:
            return self.memory.levels(channel)[first:last]
        points = self.memory.on_screen(channel, readout.first, readout.interval, readout.points)
        return points[first:last]

    def _scaling(self) -> tuple[float, int, int]:
        """Return (increment [V], origin, reference) of the source."""
        channel = int(self.source[4:])
        if self.memory.has(channel):
            screen = self.memory.input(channel)
            return screen.step, round(-screen.offset / screen.step), self.data_sheet.reference_code
        step = self.settings.channels.step(channel)
        return step, round(self.settings.channels.position[channel] / step), self.data_sheet.reference_code

    @command(":WAVeform:DATA?")
    def _data(self) -> Handler:
        """``:WAV:DATA?``: a block with nine digits of length."""
        yield from self._ready()
        levels = self._levels()
        if self.form == "ASC":
            volts = self.memory.volts(int(self.source[4:]), levels) if len(levels) else ()
            return definite_block(",".join(f"{value:.6e}" for value in volts).encode(), 9)
        codes = (levels + FINE // 2) // FINE + self.data_sheet.reference_code
        return definite_block(codes.astype("u1" if self.form == "BYTE" else "<u2").data, 9)

    def _ready(self) -> Handler:
        self.control.look()
        yield from self.control.snapshot()

    # --------------------------------------------------------------------------------------- what it is

    def _preamble(self) -> dict[str, str]:
        readout, (step, origin, reference) = self.readout(), self._scaling()
        plan = self.memory.plan
        count = self.settings.averages if plan is not None and plan.averaged else 1
        values: list[Any] = [
            _FORMATS[self.form], _MODES[self.read_mode], readout.points, count, self.format_number(readout.interval),
            self.format_number(readout.first), 0, self.format_number(step), origin, reference]
        return dict(zip(_PARTS, map(str, values), strict=True))

    @command(":WAVeform:PREamble?")
    def _whole_preamble(self) -> Handler:
        """``:WAV:PRE?``: ten numbers."""
        yield from self._ready()
        return ",".join(self._preamble().values())

    @command(":WAVeform:{XINCrement|XORigin|XREFerence|YINCrement|YORigin|YREFerence}?")
    def _part_of_preamble(self, which: str) -> Handler:
        """``:WAV:XINC?`` and its sisters."""
        yield from self._ready()
        return self._preamble()[which]
