"""Base of all virtual oscilloscopes: inputs in the circuit, errors of the channels, digitiser and run control."""

from typing import ClassVar

from tsbench.simulated_backends.numerics.seeds import seed_of
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.instrument import Attachment, Placement, VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition_control import AcquisitionControl
from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import ScopeDataSheet
from tsbench.simulated_backends.virtual_instruments.oscilloscope.digitiser import Digitiser
from tsbench.simulated_backends.virtual_instruments.oscilloscope.front_end import channel_errors
from tsbench.simulated_backends.virtual_instruments.oscilloscope.inputs import ScopeInputs
from tsbench.simulated_backends.virtual_instruments.oscilloscope.settings import OscilloscopeSettings


class VirtualOscilloscope(VirtualInstrument):
    """An oscilloscope, from its inputs to its digitiser; ``data_sheet`` has the numbers of the model.

    A family adds its command tables, and ``scope_settings`` as the tables have set them. It keeps the records in one of
    the memories of this folder, or in its own. Most families derive from one of two subclasses, which have a memory
    (see ``__init__.py`` of this folder).
    """

    option_names = ("probes", "cables")
    has_trigger = True
    data_sheet: ClassVar[ScopeDataSheet]
    channel_header: ClassVar[str] = ""  #: of the commands of a channel, whose number is limited by the data sheet

    def __init_subclass__(cls, **keywords: object) -> None:
        super().__init_subclass__(**keywords)
        if (sheet := vars(cls).get("data_sheet")) is not None:
            cls.manufacturer, cls.model, cls.firmware = sheet.manufacturer, sheet.name, sheet.firmware
            cls.terminals = tuple(str(number) for number in range(1, sheet.channels + 1))
        if hasattr(cls, "data_sheet") and cls.channel_header:
            cls.tree.limit_suffix(cls.channel_header, cls.data_sheet.channels)

    def __init__(self, bench: BenchServices, placement: Placement) -> None:
        super().__init__(bench, placement)
        sheet = self.data_sheet
        self.inputs = ScopeInputs(self, sheet, self.first_impedance)
        errors = channel_errors(bench, self.name, sheet, self.inputs.cables)
        #: relative
        self.timebase_error = self.calibration("timebase", sheet.timebase_accuracy, 0.0).gain
        self.digitiser = Digitiser(
            sheet, errors, (bench.seed, seed_of(self.name)), bench.imperfections, bench.node_noise)
        self.control = AcquisitionControl(self, sheet, self.scope_settings, self.update_status)

    @property
    def scope_settings(self) -> OscilloscopeSettings:
        """Return what is set, as the shared code reads it: always the same object."""
        raise NotImplementedError

    @property
    def first_impedance(self) -> str:
        """Return the name of the impedance of all inputs after power-on: the first of the data sheet."""
        return next(iter(self.data_sheet.impedances))

    def update_status(self) -> None:
        """Keep status registers up to date: the run control may have changed."""

    def attachment(self) -> Attachment:
        """Return what each wired input puts on its node."""
        return self.inputs.attachment()

    def disconnect(self) -> None:
        """Nothing goes on when the world is closed."""
        self.control.drop()
