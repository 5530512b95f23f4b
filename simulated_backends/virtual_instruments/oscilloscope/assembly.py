"""An oscilloscope put together from its parts: front panel, inputs, run control, digitiser, memory."""

from collections.abc import Callable
from typing import ClassVar

from tsbench.simulated_backends.numerics.seeds import seed_of
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.instrument import Attachment, Placement, VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition_control import AcquisitionControl
from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import ScopeDataSheet
from tsbench.simulated_backends.virtual_instruments.oscilloscope.digitiser import Digitiser
from tsbench.simulated_backends.virtual_instruments.oscilloscope.front_end import channel_errors
from tsbench.simulated_backends.virtual_instruments.oscilloscope.front_panel import FrontPanel, step_up
from tsbench.simulated_backends.virtual_instruments.oscilloscope.input_watch import InputWatch
from tsbench.simulated_backends.virtual_instruments.oscilloscope.inputs import ScopeInputs
from tsbench.simulated_backends.virtual_instruments.oscilloscope.memory import RecordMemory

_LEAST = 10e-3  #: [V] peak to peak at 1:1 of a signal that an automatic set-up finds


class PanelScope(VirtualInstrument):
    """An oscilloscope with a :class:`~.front_panel.FrontPanel`; ``data_sheet`` has the numbers of the model.

    A model's class adds its commands.
    """

    option_names = ("probes", "cables")
    has_trigger = True
    data_sheet: ClassVar[ScopeDataSheet]
    first_impedance: ClassVar[str]  #: name of the impedance of an input after a reset

    def __init_subclass__(cls, **keywords: object) -> None:
        super().__init_subclass__(**keywords)
        if (sheet := vars(cls).get("data_sheet")) is not None:
            cls.manufacturer, cls.model, cls.firmware = sheet.manufacturer, sheet.name, sheet.firmware
            cls.terminals = tuple(str(number) for number in range(1, sheet.channels + 1))

    def __init__(self, bench: BenchServices, placement: Placement) -> None:
        super().__init__(bench, placement)
        sheet = self.data_sheet
        self.inputs = ScopeInputs(self, sheet, self.first_impedance)
        errors = channel_errors(bench, self.name, sheet, self.inputs.cables)
        timebase_error = self.calibration("timebase", sheet.timebase_accuracy, 0.0).gain
        self.panel = FrontPanel(sheet, self.inputs, self.first_impedance, timebase_error, bench.imperfections)
        self.panel.node_of = self.node
        digitiser = Digitiser(
            sheet, errors, (bench.seed, seed_of(self.name)), bench.imperfections, bench.node_noise)
        self.control = AcquisitionControl(self, sheet, self.panel, self.state_changed)
        self.memory = RecordMemory(lambda: self.control.finished, digitiser)
        #: acts when running, armed or triggered may have changed
        self.on_change: Callable[[], None] = lambda: None

    def state_changed(self) -> None:
        """Act on a change of the run state."""
        self.on_change()

    def attachment(self) -> Attachment:
        """Return what each wired input puts on its node."""
        return self.inputs.attachment()

    def disconnect(self) -> None:
        """Nothing goes on when the world is closed."""
        self.control.drop()

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
        for number, one in panel.channels.items():
            node = self.node(str(number))
            if node is None:
                continue
            signal = watch.signal(node, one.probe / self.inputs.dividers.get(number, 1.0))
            height = signal.high - signal.low
            if height < _LEAST * one.probe or signal.period is None:
                continue
            found[number] = signal.period
            panel.set_scale(number, step_up(height / (0.75 * self.data_sheet.divisions)))
            panel.set_middle(number, (signal.high + signal.low) / 2)
            panel.set_level(number, (signal.high + signal.low) / 2)
        if not found:
            return False
        for number, one in panel.channels.items():
            one.shown = number in found
        panel.trigger.kind, panel.trigger.source, panel.trigger.slope = "EDGE", f"C{min(found)}", "POS"
        wanted = periods * max(found.values()) / self.data_sheet.time_divisions
        panel.time_scale = min(max(step_up(wanted), self.data_sheet.min_timebase), self.data_sheet.max_timebase)
        panel.position, panel.sweep = 0.0, "AUTO"
        return True
