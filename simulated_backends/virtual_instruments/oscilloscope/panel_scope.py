"""Base of virtual oscilloscopes whose commands set what a front panel does: volts and seconds for each division."""

import functools
from typing import ClassVar

from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.instrument import Placement
from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import ScopeDataSheet
from tsbench.simulated_backends.virtual_instruments.oscilloscope.front_panel import FrontPanel, step_up
from tsbench.simulated_backends.virtual_instruments.oscilloscope.input_watch import InputWatch
from tsbench.simulated_backends.virtual_instruments.oscilloscope.record_memory import RecordMemory
from tsbench.simulated_backends.virtual_instruments.oscilloscope.settings import OscilloscopeSettings
from tsbench.simulated_backends.virtual_instruments.oscilloscope.virtual_oscilloscope import VirtualOscilloscope

_LEAST = 10e-3  #: [V] peak to peak at 1:1 of a signal that an automatic set-up finds


class PanelScope(VirtualOscilloscope):
    """An oscilloscope with a :class:`~.front_panel.FrontPanel`, which has all settings of the shared code.

    The command tables of the family set its fields. Its memory has codes of 16 bits.
    """

    data_sheet: ClassVar[ScopeDataSheet]

    def __init__(self, bench: BenchServices, placement: Placement) -> None:
        super().__init__(bench, placement)
        self.memory = RecordMemory(lambda: self.control.finished, self.digitiser)

    @functools.cached_property
    def panel(self) -> FrontPanel:
        """Return the front panel: its settings are those of the oscilloscope."""
        made = FrontPanel(
            self.data_sheet, self.inputs, self.first_impedance, self.timebase_error, self.bench.imperfections)
        made.node_of = self.node
        return made

    @property
    def scope_settings(self) -> OscilloscopeSettings:
        """Return what is set, as the shared code reads it."""
        return self.panel

    def fit_channel(self, number: int, watch: InputWatch) -> float | None:
        """Set range, middle and trigger level of a channel so that the screen shows what is at its input.

        Returns
        -------
        float or None
            The period [s] of the signal; None if there is none, and nothing is set.
        """
        panel, node = self.panel, self.node(str(number))
        if node is None:
            return None
        probe = panel.channels[number].probe
        signal = watch.signal(node, probe / self.inputs.dividers.get(number, 1.0))
        height = signal.high - signal.low
        if height < _LEAST * probe or signal.period is None:
            return None
        panel.set_scale(number, step_up(height / (0.75 * self.data_sheet.divisions)))
        panel.set_middle(number, (signal.high + signal.low) / 2)
        panel.set_level(number, (signal.high + signal.low) / 2)
        return signal.period

    def fit_to(self, watch: InputWatch, periods: float) -> bool:
        """Set ranges, time base and trigger so that the screen shows what is at the inputs.

        Parameters
        ----------
        watch : what the inputs have done
        periods : of the slowest signal that the screen shows at least

        Returns
        -------
        bool
            Whether there is a signal.
        """
        panel, found = self.panel, dict[int, float]()
        for number in panel.channels:
            if (period := self.fit_channel(number, watch)) is not None:
                found[number] = period
        if not found:
            return False
        for number, one in panel.channels.items():
            one.shown = number in found
        panel.trigger.kind, panel.trigger.source, panel.trigger.slope = "EDGE", f"C{min(found)}", "POS"
        wanted = periods * max(found.values()) / self.data_sheet.time_divisions
        panel.time_scale = min(max(step_up(wanted), self.data_sheet.min_timebase), self.data_sheet.max_timebase)
        panel.position, panel.sweep = 0.0, "AUTO"
        return True
