"""The Rigol DS4024: what differs from its sisters (programming guide of the DS4000E; user's guide of the DS4000).

Quirks that the twin has
------------------------
- Each input has 1 MOhm or 50 Ohm (``:CHANnel<n>:IMPedance``).
- Both channels of a pair (1 and 2, 3 and 4) have half the rate and half the memory.
- The memory is read from its beginning, :WAVeform:POINts of it: RESet, BEGin, then DATA? as long as STATus? says READ,
  and once more when it says IDLE; at last END. There is neither STARt nor STOP.

Not compared with an instrument: how much DATA? returns at once; STATus? before BEGin.
"""

import numpy as np

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Choice, Integer
from tsbench.simulated_backends.scpi.tree import Setting, Subsystem, command
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition_memory import Levels
from tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes import data_sheet as sheets
from tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes.absent import AbsentOfDs4000
from tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes.acquiring import RigolAcquiring
from tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes.channels import RigolChannels
from tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes.command_table import RigolBase
from tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes.instrument import VirtualRigolOscilloscope
from tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes.triggering import RigolTrigger
from tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes.waveform import Readout, RigolWaveform


class Ds4000Channels(RigolChannels):
    """What ``CHANnel`` sets, with the impedance of the input."""

    impedance = Setting(":CHANnel<1-4>:IMPedance", Choice("OMEG", "FIFTy"), default="OMEG",
                        change="_impedance_changed")

    def greatest_scale(self, channel: int) -> float:
        """Return the largest scale [V/div] at 1:1: that of 50 Ohm is smaller."""
        return self.data_sheet.max_scale[self.impedance[channel]]

    def _impedance_changed(self, channel: int) -> None:
        """Switch the input; a scale that is too large becomes the largest."""
        self.scale[channel] = min(self.scale[channel], self.greatest_scale(channel) * self.probe[channel])
        self._scale_changed(channel)
        self.scope.inputs.set_impedance(channel, self.impedance[channel])


class Ds4000Waveform(RigolWaveform):
    """What ``:WAVeform`` does: the memory comes in parts, from its beginning.

    Parameters
    ----------
    scope : RigolBase
    settings : RigolAcquiring
        Of the same scope.
    """

    start_point = 1
    stop_point = 0
    wanted = Setting(":WAVeform:POINts", Integer("", 1, lambda owner: owner.most_points()),
                     default=lambda owner: owner.screen_points)

    def __init__(self, scope: RigolBase, settings: RigolAcquiring) -> None:
        super().__init__(scope, settings)
        self._reading = False
        self._sent = 0  #: points that have been read since RESet

    def readout(self) -> Readout:
        """Return what a readout covers now: the points that are set, of the memory or of the screen."""
        whole = super().readout()
        return Readout(whole.raw, min(int(self.wanted), whole.points), whole.first, whole.interval)

    def _part(self) -> int:
        """Return the number of points that wait in the buffer."""
        return min(self.readout().points - self._sent, self.data_sheet.transfer)

    def _levels(self) -> Levels:
        channel, readout = int(self.source[4:]), self.readout()
        if not self.memory.has(channel):
            return np.zeros(0, dtype=np.int32)
        if not readout.raw:
            return self.memory.on_screen(channel, readout.first, readout.interval, readout.points)
        if not self._reading:
            raise ScpiError(-221)
        begin, count = self._sent, self._part()
        self._sent += count
        return self.memory.levels(channel)[begin:begin + count]

    @command(":WAVeform:RESet")
    def _reset(self) -> None:
        """``:WAV:RES``: read from the beginning."""
        self._sent = 0

    @command(":WAVeform:BEGin")
    def _begin(self) -> None:
        """``:WAV:BEG``: begin to read the memory."""
        self._reading = True

    @command(":WAVeform:END")
    def _end(self) -> None:
        """``:WAV:END``: read no more."""
        self._reading = False

    @command(":WAVeform:STATus?")
    def _status(self) -> str:
        """``:WAV:STAT?``: IDLE when the last points are in the buffer, else READ, and how many there are."""
        if not self._reading:
            return "IDLE,0"
        waiting = self._part()
        return f"{'READ' if self._sent + waiting < self.readout().points else 'IDLE'},{waiting}"


class VirtualRigolDS4024(VirtualRigolOscilloscope):
    """DS4024: four channels, 200 MHz, 4 GSa/s, 140 Mpts."""

    data_sheet = sheets.RIGOL_DS4024
    channel_commands = Subsystem(Ds4000Channels)
    absent_functions = Subsystem(AbsentOfDs4000)
    trigger_commands = Subsystem(RigolTrigger, lambda scope: RigolTrigger(scope, scope.channel_commands))
    acquire_commands = Subsystem(
        RigolAcquiring, lambda scope: RigolAcquiring(scope, scope.channel_commands, scope.trigger_commands))
    waveform_commands = Subsystem(Ds4000Waveform, lambda scope: Ds4000Waveform(scope, scope.acquire_commands))
