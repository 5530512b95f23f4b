"""The command AUToscale of the InfiniiVision oscilloscopes: a set-up that shows what is at the inputs."""

import math

import numpy as np

from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import Many
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.command_table import ScopeBase, ScopeTable
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.settings import AcquisitionCommands
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.sources import SourceName
from tsbench.simulated_backends.virtual_instruments.oscilloscope.input_watch import InputWatch, watch_inputs

_TIME = 2.0  #: [s] that it takes
_LOOK = 0.04  #: [s] of it: one period of 25 Hz, the slowest signal that it finds
_LEAST = 10e-3  #: [V] peak to peak at 1:1 of a signal
_PERIODS = 2.0  #: that the screen shows at least


class AutoscaleCommands(ScopeTable):
    """What ``:AUToscale`` does.

    Parameters
    ----------
    scope : ScopeBase
    settings : AcquisitionCommands
        Of the same scope.
    """

    def __init__(self, scope: ScopeBase, settings: AcquisitionCommands) -> None:
        super().__init__(scope)
        self.settings = settings

    @command(":AUToscale", Many(SourceName("CHAN")))
    def autoscale(self, *sources: str) -> Handler:
        """``:AUT``: range, offset, time base and trigger that show what is at the inputs; those without are off."""
        self.control.abandon()
        watch = yield from watch_inputs(self.scope.bench, _LOOK)
        yield _TIME - _LOOK
        channels, found = self.settings.channels, list[tuple[int, float]]()
        for number in range(1, self.data_sheet.channels + 1):
            channels.displayed[number] = self.scope.node(str(number)) is not None
            if channels.displayed[number] and (period := self._fit(number, watch)) is not None:
                found.append((number, period))
        if not channels.shown_channels():
            channels.displayed[1] = True
        self.settings.timebase_mode, self.settings.reference, self.settings.position = "MAIN", "CENT", 0.0
        self.settings.trigger.trigger_mode, self.settings.trigger.sweep = "EDGE", "AUTO"
        if found:
            self.settings.trigger.trigger_source, self.settings.trigger.slope = f"CHAN{found[-1][0]}", "POS"
            self.settings.timebase_range = self._time_shown(max(period for _, period in found))
        self.control.run()

    def _fit(self, number: int, watch: InputWatch) -> float | None:
        """Set range, offset and level of a channel; return the period [s] of its signal, None if it has none."""
        scope, channels, sheet = self.scope, self.settings.channels, self.data_sheet
        node, probe = scope.node(str(number)), channels.probe[number]
        assert node is not None
        factor = probe / scope.inputs.dividers.get(number, 1.0)
        volts, times = watch.course(node)
        low, high = (float(np.min(volts)) * factor, float(np.max(volts)) * factor) if len(volts) else (0.0, 0.0)
        largest = sheet.divisions * sheet.max_scale[channels.impedance[number]] * probe
        smallest = sheet.divisions * 1e-3 * probe
        if high - low < _LEAST * probe:   # a level
            wanted, channels.offset[number] = 2 * abs(scope.bench.circuit.voltage(node) * factor), 0.0
            channels.vertical_range[number] = min(max(wanted, smallest), largest)
            return None
        channels.vertical_range[number] = min(max(1.6 * (high - low), smallest), largest)
        channels.offset[number] = (high + low) / 2
        scope.trigger_levels[f"CHAN{number}"] = (high + low) / 2
        above = volts * factor > (high + low) / 2
        rising = times[1:][~above[:-1] & above[1:]]
        return float(np.median(np.diff(rising))) if len(rising) > 1 else None

    def _time_shown(self, period: float) -> float:
        wanted = _PERIODS * period / self.data_sheet.time_divisions
        decade = 10.0 ** math.floor(math.log10(wanted))
        scale = next(step * decade for step in (1.0, 2.0, 5.0, 10.0) if step * decade >= wanted * (1 - 1e-9))
        return min(max(scale, self.data_sheet.min_timebase), 5e-3) * self.data_sheet.time_divisions
