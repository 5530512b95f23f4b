"""The virtual 4, 5 and 6 Series MSO."""

from tsbench.simulated_backends.scpi.tree import Subsystem
from tsbench.simulated_backends.virtual_instruments.tektronix_mso import data_sheet as sheets
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.channels import MsoChannelCommands
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.files import MsoFileCommands
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.frames import MsoFrameCommands
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.horizontal import MsoHorizontalCommands
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.instrument import VirtualTektronix
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.measure import MsoMeasureCommands
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.run import TektronixRun
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.triggering import MsoTriggerCommands
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.waveform import MsoWaveformCommands


class VirtualTektronixMso(VirtualTektronix):
    """The command tables of the series."""

    channel_commands = Subsystem(MsoChannelCommands)
    trigger_commands = Subsystem(
        MsoTriggerCommands, lambda scope: MsoTriggerCommands(scope, scope.channel_commands))
    horizontal_commands = Subsystem(
        MsoHorizontalCommands,
        lambda scope: MsoHorizontalCommands(scope, scope.channel_commands, scope.trigger_commands))
    run_commands = Subsystem(TektronixRun, lambda scope: TektronixRun(scope, scope.horizontal_commands))
    waveform_commands = Subsystem(MsoWaveformCommands, lambda scope: MsoWaveformCommands(scope, scope.records))
    frame_commands = Subsystem(MsoFrameCommands, lambda scope: MsoFrameCommands(scope, scope.records))
    measure_commands = Subsystem(
        MsoMeasureCommands, lambda scope: MsoMeasureCommands(scope, scope.records))
    file_commands = Subsystem(MsoFileCommands, lambda scope: MsoFileCommands(scope, scope.shown_traces))


class VirtualTektronixMSO54(VirtualTektronixMso):
    """MSO54: 5 Series, four channels, 1 GHz, 6.25 GSa/s on each, 12 bits up to 3.125 GSa/s."""

    data_sheet = sheets.TEKTRONIX_MSO54


class VirtualTektronixMSO58(VirtualTektronixMso):
    """MSO58: 5 Series, eight channels."""

    data_sheet = sheets.TEKTRONIX_MSO58


class VirtualTektronixMSO44(VirtualTektronixMso):
    """MSO44: 4 Series, four channels, 1 GHz."""

    data_sheet = sheets.TEKTRONIX_MSO44


class VirtualTektronixMSO64(VirtualTektronixMso):
    """MSO64: 6 Series, four channels, 2.5 GHz, 25 GSa/s on each, 12 bits up to 12.5 GSa/s."""

    data_sheet = sheets.TEKTRONIX_MSO64
