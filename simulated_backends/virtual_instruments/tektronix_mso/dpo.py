"""The virtual MSO5000, DPO5000 and DPO7000."""

from tsbench.simulated_backends.scpi.tree import Subsystem
from tsbench.simulated_backends.virtual_instruments.tektronix_mso import data_sheet as sheets
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.channels import DpoChannelCommands
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.cursors import CursorCommands
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.files import DpoFileCommands
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.frames import DpoFrameCommands
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.horizontal import DpoHorizontalCommands
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.instrument import VirtualTektronix
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.measure import DpoMeasureCommands
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.run import DpoRunCommands
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.triggering import DpoTriggerCommands
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.waveform import DpoWaveformCommands


class VirtualTektronixDpo(VirtualTektronix):
    """The command tables of the series."""

    zero = "0.0000"

    channel_commands = Subsystem(DpoChannelCommands)
    trigger_commands = Subsystem(
        DpoTriggerCommands, lambda scope: DpoTriggerCommands(scope, scope.channel_commands))
    horizontal_commands = Subsystem(
        DpoHorizontalCommands,
        lambda scope: DpoHorizontalCommands(scope, scope.channel_commands, scope.trigger_commands))
    run_commands = Subsystem(DpoRunCommands, lambda scope: DpoRunCommands(scope, scope.horizontal_commands))
    waveform_commands = Subsystem(DpoWaveformCommands, lambda scope: DpoWaveformCommands(scope, scope.records))
    frame_commands = Subsystem(DpoFrameCommands, lambda scope: DpoFrameCommands(scope, scope.records))
    measure_commands = Subsystem(
        DpoMeasureCommands, lambda scope: DpoMeasureCommands(scope, scope.records))
    file_commands = Subsystem(DpoFileCommands, lambda scope: DpoFileCommands(scope, scope.shown_traces))
    cursor_commands = Subsystem(CursorCommands)


class VirtualTektronixMSO5104B(VirtualTektronixDpo):
    """MSO5104B: four channels, 1 GHz, 10 GSa/s on two, 8 bits."""

    data_sheet = sheets.TEKTRONIX_MSO5104B


class VirtualTektronixDPO5104B(VirtualTektronixDpo):
    """DPO5104B: as MSO5104B, without digital channels."""

    data_sheet = sheets.TEKTRONIX_DPO5104B


class VirtualTektronixDPO7254C(VirtualTektronixDpo):
    """DPO7254C: four channels, 2.5 GHz, 40 GSa/s on one, 8 bits."""

    data_sheet = sheets.TEKTRONIX_DPO7254C
