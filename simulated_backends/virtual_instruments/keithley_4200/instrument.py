"""Virtual Keithley 4200A-SCS behind KXCI: source-measure units, and a 4225-PMU with two 4225-RPM.

The source-measure units that its world file names (``options.smus``) are terminals ``smu1``, ``smu2``, ...; the
channels of the pulse card are ``pmu1`` and ``pmu2``. Options of a world file: ``smus``, ``line_frequency`` [Hz],
``interlock = false`` and ``pulse_card = false``.

Differences from an instrument that we know of
----------------------------------------------
- The 4145 command set, VAR1', logarithmic sweeps, VS and VM, ME2, the exit on compliance, the C-V unit and user
  libraries (UL, EX, GP) are errors.
- A 4225-RPM is wired to its own terminal and switches no source-measure unit.
- A test of more than 100 000 pulses or segments is an error.
- A command that has to wait for the end of a test waits. ``:ERROR``, SP, RD, ME4 and :PMU:ABORT do not.
- ``*OPT?`` names the second RPM only, as the software of instruments does.
"""

import re
from collections.abc import Generator, Mapping
from typing import ClassVar

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.kxci.exchange import KxciExchange
from tsbench.simulated_backends.kxci.execution import execute_kxci
from tsbench.simulated_backends.kxci.status import KxciStatus
from tsbench.simulated_backends.kxci.syntax import KXCI_FRAMING, KxciEntry, kxci_table
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.operations import Operations
from tsbench.simulated_backends.scpi.syntax import Framing
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.instrument import Attachment, Placement, VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.keithley_4200.data_sheet import (
    FIRMWARE,
    MANUFACTURER,
    MODEL,
    SOURCE_MODELS,
)
from tsbench.simulated_backends.virtual_instruments.keithley_4200.definitions import DefinitionCommands, Definitions
from tsbench.simulated_backends.virtual_instruments.keithley_4200.mainframe import Frame4200
from tsbench.simulated_backends.virtual_instruments.keithley_4200.mainframe_commands import PageCommands
from tsbench.simulated_backends.virtual_instruments.keithley_4200.pulse_commands import PulseCardCommands
from tsbench.simulated_backends.virtual_instruments.keithley_4200.pulse_patterns import StandardPulseCommands
from tsbench.simulated_backends.virtual_instruments.keithley_4200.pulse_run import PulseCardRun
from tsbench.simulated_backends.virtual_instruments.keithley_4200.pulse_unit import PulseCardChannel
from tsbench.simulated_backends.virtual_instruments.keithley_4200.run_commands import TestCommands
from tsbench.simulated_backends.virtual_instruments.keithley_4200.segment_commands import SegmentCommands
from tsbench.simulated_backends.virtual_instruments.keithley_4200.source_unit import SourceUnit
from tsbench.simulated_backends.virtual_instruments.keithley_4200.user_commands import UserCommands
from tsbench.simulated_backends.virtual_instruments.source_meter.options import (
    interlock_is_closed,
    is_true,
    line_frequency,
)

NUMBERS, CHANNELS = range(1, 9), (1, 2)
USUAL_UNITS = {1: "4200-SMU+4200-PA", 2: "4200-SMU+4200-PA", 3: "4210-SMU", 4: "4210-SMU"}
#: commands that reply also on GPIB
_ASKED = re.compile(rb"\?|(?:^|;)\s*(?:TI|TV|SP|ID|DO|RD|:ERROR:LAST:GET|:PMU:DATA:GET)")


def planned_units(options: Mapping[str, object]) -> dict[int, str]:
    """Return the models by number that a world file asks for.

    Raises
    ------
    ConfigurationError
        It names a number or a model that there is not.
    """
    wanted = options.get("smus", USUAL_UNITS)
    if not isinstance(wanted, Mapping):
        raise ConfigurationError('options.smus must be a table of numbers, as { 1 = "4200-SMU" }')
    units: dict[int, str] = {}
    for key, model in wanted.items():
        if str(key) not in map(str, NUMBERS):
            raise ConfigurationError(f"options.smus: {key!r} is no number of a unit. The numbers are 1 to 8")
        if model not in SOURCE_MODELS:
            raise ConfigurationError(f"options.smus: there is no unit {model!r}. Units: {', '.join(SOURCE_MODELS)}")
        units[int(str(key))] = str(model)
    return units


class Virtual4200(VirtualInstrument):
    """4200A-SCS: mainframe, source-measure units and pulse card."""

    manufacturer, model, firmware = MANUFACTURER, MODEL, FIRMWARE
    terminals = (*(f"smu{number}" for number in NUMBERS), *(f"pmu{channel}" for channel in CHANNELS))
    framing: ClassVar[Framing] = KXCI_FRAMING
    keeps_replies: ClassVar[bool] = True
    option_names = ("smus", "pulse_card", "line_frequency", "interlock")
    has_trigger: ClassVar[bool] = False

    def __init__(self, bench: BenchServices, placement: Placement) -> None:
        super().__init__(bench, placement)
        models = planned_units(placement.options)
        self.page = "DE"
        self.kxci_status = KxciStatus(now=lambda: bench.clock.now)
        self.status = self.kxci_status
        self.operations = Operations(bench.clock, self.status)
        self.kxci_exchange = KxciExchange(
            self, bench.clock, self.status, self.operations, placement.resource.upper().endswith("SOCKET"))
        self.exchange = self.kxci_exchange
        frequency, closed = line_frequency(placement), interlock_is_closed(placement)
        self._sources = {number: SourceUnit(self, SOURCE_MODELS[name], number, frequency, closed)
                         for number, name in sorted(models.items())}
        self._pulses = {channel: PulseCardChannel(self, channel) for channel in CHANNELS
                        if is_true(placement, "pulse_card", "true: the card is there, false: it is not")}
        names = [SOURCE_MODELS[name].option + str(number) for number, name in sorted(models.items())]
        self._output_states = dict.fromkeys(
            (*(f"smu{number}" for number in self._sources), *(f"pmu{channel}" for channel in self._pulses)), False)
        placement.require_modules(tuple(self._output_states))
        self._frame = Frame4200(self, self._sources, self.kxci_status)
        self.kxci_status.busy = lambda: self._frame.busy
        self._setup = Definitions()
        self._run = PulseCardRun(self, self._pulses)
        parts: list[object] = [
            PageCommands(self._frame, ",".join([*names, *(["PMU1RPM1-2"] if self._pulses else [])]),
                         self._go_to, self.reset),
            UserCommands(self._frame), DefinitionCommands(self._frame, self._setup),
            TestCommands(self._frame, self._setup)]
        if self._pulses:
            parts += [PulseCardCommands(self._frame, self._run), StandardPulseCommands(self._run),
                      SegmentCommands(self._run)]
        self.commands: Mapping[str, KxciEntry] = kxci_table(*parts)

    def _go_to(self, page: str) -> None:
        self.page = page

    # ------------------------------------------------------------------------------------------ circuit

    def attachment(self) -> Attachment:
        """Return stages and relays of the source-measure units, and the sources of the pulse card."""
        parts = [unit.output.stage.attachment() for unit in self._sources.values()]
        pulses = [channel.attachment() for channel in self._pulses.values()]
        return Attachment(
            sum((*(part.elements for part in parts), *pulses), ()), sum((part.stages for part in parts), ()))

    def connect(self) -> None:
        """Power on: all outputs off."""
        for unit in self._sources.values():
            unit.output.refresh()
            unit.output.take_off_state()

    # ----------------------------------------------------------------------------------------- messages

    def execute(self, message: bytes) -> Handler:
        """Execute one message of KXCI."""
        return execute_kxci(self, message)

    def may_answer(self, message: bytes) -> bool:
        """Whether the sender of a message may expect a reply."""
        return self.kxci_exchange.socket or _ASKED.search(message) is not None

    def reset(self) -> Generator[float, None, None]:
        """Do ``*RST``: the test ends, outputs off, all settings at their first values. The last error stays."""
        self._frame.stop()
        for unit in self._sources.values():
            yield from unit.switch_off()
            unit.reset()
        for channel in self._pulses.values():
            if channel.is_on:
                channel.switch(False)
        self._run.initialise(segments=False)
        vars(self._setup).update(vars(Definitions()))
        self._frame.clear_data()
        self._frame.digits, self.page = 5, "DE"
        self.kxci_status.service_enable = 0
        self.kxci_status.update()

    def power_cycle(self) -> None:
        """Restart: as after ``*RST``, without an error."""
        self.kxci_exchange.device_clear()
        for _ in self.reset():
            pass   # a restart takes no turns: relays have opened when power comes back
        self.kxci_status.clear()
