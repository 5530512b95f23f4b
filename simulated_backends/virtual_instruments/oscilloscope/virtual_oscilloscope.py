"""Base of virtual oscilloscopes: inputs in the circuit, errors, digitiser, run control and memory by a data sheet."""

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from tsbench.simulated_backends.numerics.seeds import seed_of
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.instrument import Attachment, Placement, VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition_control import AcquisitionControl
from tsbench.simulated_backends.virtual_instruments.oscilloscope.converter_memory import AcquisitionMemory
from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import ConverterSheet
from tsbench.simulated_backends.virtual_instruments.oscilloscope.digitiser import Digitiser
from tsbench.simulated_backends.virtual_instruments.oscilloscope.front_end import channel_errors
from tsbench.simulated_backends.virtual_instruments.oscilloscope.inputs import ScopeInputs
from tsbench.simulated_backends.virtual_instruments.oscilloscope.settings import OscilloscopeSettings


class VirtualOscilloscope(VirtualInstrument):
    """A subclass has ``data_sheet`` and the command tables of its family.

    It must define ``scope_settings`` (what the tables have set, as the shared code reads it) and ``first_impedance``.
    """

    option_names = ("probes", "cables")
    has_trigger = True
    data_sheet: ClassVar[ConverterSheet]

    def __init_subclass__(cls, **keywords: object) -> None:
        super().__init_subclass__(**keywords)
        if (sheet := vars(cls).get("data_sheet")) is not None:
            cls.manufacturer, cls.model, cls.firmware = sheet.manufacturer, sheet.name, sheet.firmware
            cls.terminals = tuple(str(number) for number in range(1, sheet.channels + 1))
        if hasattr(cls, "data_sheet"):
            cls.tree.limit_suffix("CHANnel", cls.data_sheet.channels)

    def __init__(self, bench: BenchServices, placement: Placement) -> None:
        super().__init__(bench, placement)
        sheet = self.data_sheet
        self.inputs = ScopeInputs(self, sheet, self.first_impedance)
        errors = channel_errors(bench, self.name, sheet, self.inputs.cables)
        #: relative
        self.timebase_error = self.calibration("timebase", sheet.timebase_accuracy, 0.0).gain
        digitiser = Digitiser(
            sheet, errors, (bench.seed, seed_of(self.name)), bench.imperfections, bench.node_noise)
        self.control = AcquisitionControl(self, sheet, self.scope_settings, self.update_status)
        self.memory = AcquisitionMemory(sheet, digitiser, lambda: self.control.finished)

    @property
    def scope_settings(self) -> OscilloscopeSettings:
        """Return what is set, as the shared code reads it."""
        raise NotImplementedError

    @property
    def first_impedance(self) -> str:
        """Return the name of the impedance of all inputs after power-on."""
        return next(iter(self.data_sheet.impedances))

    def update_status(self) -> None:
        """Keep status registers up to date: the run control may have changed."""

    def attachment(self) -> Attachment:
        """Return what each wired input puts on its node."""
        return self.inputs.attachment()

    def disconnect(self) -> None:
        """Nothing goes on when the world is closed."""
        self.control.drop()

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
