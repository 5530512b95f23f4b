"""Base of virtual oscilloscopes whose ADC is given by its codes: of any resolution, from a lowest to a highest code."""

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.instrument import Placement
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition_memory import AcquisitionMemory
from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import ConverterSheet
from tsbench.simulated_backends.virtual_instruments.oscilloscope.virtual_oscilloscope import VirtualOscilloscope


class ConverterScope(VirtualOscilloscope):
    """An oscilloscope with a :class:`~.data_sheet.ConverterSheet`; its command tables have the settings.

    Its memory has parts of an ADC step from mid-screen. A family adds its command tables and ``scope_settings``.
    """

    data_sheet: ClassVar[ConverterSheet]

    def __init__(self, bench: BenchServices, placement: Placement) -> None:
        super().__init__(bench, placement)
        self.memory = AcquisitionMemory(self.data_sheet, self.digitiser, lambda: self.control.finished)

    def reset(self) -> Handler | None:
        """Default set-up, running; the inputs have their first impedance."""
        self.control.start_over()
        for channel in range(1, self.data_sheet.channels + 1):
            self.inputs.set_impedance(channel, self.first_impedance)
        return None

    def shown_traces(self, start: float, span: float, columns: int) -> dict[int, npt.NDArray[np.float64]]:
        """Return what the screen shows of each channel, in screen heights from the middle.

        Parameters
        ----------
        start : [s] after the trigger, at the left edge
        span : [s]
        columns : points of a trace, at most
        """
        found = {}
        for number in self.scope_settings.shown_channels():
            if (trace := self.memory.trace(number, start, span, columns)) is not None:
                screen = self.memory.input(number)
                found[number] = (trace.values - screen.offset) / (screen.scale * screen.divisions)
        return found
