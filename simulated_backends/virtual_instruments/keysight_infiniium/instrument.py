"""The Keysight Infiniium S-Series and 9000 Series oscilloscopes, as their programmer's guide describes them.

Quirks that the twin has
------------------------
- ``:SYSTem:ERRor?`` answers with the number alone; with STRing, number and text.
- A trigger level belongs to a source: ``:TRIGger:LEVel CHAN1,0.5``. AUX is the external input.
- ``:CHANnel:INPut`` is coupling and impedance in one: DC, DC50, AC.
- There is no command for a forced trigger: the sweep AUTO triggers by itself.
- ``:AER?``, ``:TER?`` and ``:ADER?`` forget what they report.
- With ``:WAVeform:STReaming ON``, a block begins with ``#0`` and ends with the message.
- Some codes are no voltages: not filled, clipped below, clipped above.

Not simulated: headers in replies (``:SYSTem:HEADer ON`` changes nothing), math, serial buses, more trigger types.
"""

from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.tree import Subsystem
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.instrument import Placement
from tsbench.simulated_backends.virtual_instruments.keysight_infiniium import data_sheet as sheets
from tsbench.simulated_backends.virtual_instruments.keysight_infiniium.acquiring import InfiniiumAcquiring
from tsbench.simulated_backends.virtual_instruments.keysight_infiniium.channels import InfiniiumChannels
from tsbench.simulated_backends.virtual_instruments.keysight_infiniium.measuring import InfiniiumMeasuring
from tsbench.simulated_backends.virtual_instruments.keysight_infiniium.running import InfiniiumRunning
from tsbench.simulated_backends.virtual_instruments.keysight_infiniium.tables import InfiniiumBase
from tsbench.simulated_backends.virtual_instruments.keysight_infiniium.triggering import InfiniiumTrigger
from tsbench.simulated_backends.virtual_instruments.keysight_infiniium.waveform import InfiniiumWaveform
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition_control import ACQUISITION
from tsbench.simulated_backends.virtual_instruments.oscilloscope.settings import OscilloscopeSettings


class VirtualInfiniium(InfiniiumBase):
    """Inputs, triggers, acquisition, measurements; ``data_sheet`` has the numbers of the model."""

    error_queue_depth = 30
    number_format = ".8E"
    not_a_number = "9.99999E+37"

    channel_commands = Subsystem(InfiniiumChannels)
    trigger_commands = Subsystem(InfiniiumTrigger, lambda scope: InfiniiumTrigger(scope, scope.channel_commands))
    acquire_commands = Subsystem(InfiniiumAcquiring, lambda scope: InfiniiumAcquiring(
        scope, scope.channel_commands, scope.trigger_commands))
    run_commands = Subsystem(InfiniiumRunning, lambda scope: InfiniiumRunning(scope, scope.acquire_commands))
    waveform_commands = Subsystem(InfiniiumWaveform, lambda scope: InfiniiumWaveform(scope, scope.acquire_commands))
    measure_commands = Subsystem(InfiniiumMeasuring, lambda scope: InfiniiumMeasuring(scope, scope.acquire_commands))

    def __init__(self, bench: BenchServices, placement: Placement) -> None:
        self.trigger_levels = {}
        super().__init__(bench, placement)
        self.control.on_complete = self._acquired

    def _acquired(self) -> None:
        self.run_commands.done = True

    @property
    def scope_settings(self) -> OscilloscopeSettings:
        """Return what is set, as the shared code reads it."""
        return self.acquire_commands

    def reset(self) -> Handler | None:
        """Default set-up, running."""
        self.trigger_levels.clear()
        self.run_commands.done = False
        return super().reset()

    def trigger(self) -> Handler | None:
        """``*TRG``: as ``:RUN`` once."""
        self.control.single()
        return None

    def cleared(self) -> None:
        """A device clear ends a digitize; running goes on."""
        if ACQUISITION in self.operations.pending:
            self.control.abandon()


class VirtualKeysightDSOS104A(VirtualInfiniium):
    """DSOS104A: four channels, 1 GHz, 20 GSa/s, 10 bits."""

    data_sheet = sheets.KEYSIGHT_DSOS104A


class VirtualKeysightDSO9254A(VirtualInfiniium):
    """DSO9254A: four channels, 2.5 GHz, 20 GSa/s, 8 bits."""

    data_sheet = sheets.KEYSIGHT_DSO9254A
