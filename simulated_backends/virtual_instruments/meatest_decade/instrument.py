"""Virtual Meatest decade box: a resistance or a capacitance between the terminals ``high`` and ``low``.

Behaviour of the instruments that the virtual instruments reproduce
-------------------------------------------------------------------
- While the terminals are off (``OUTPut OFF``, and after ``*RST``), nothing is connected between them.
- A value outside the range is error -222 and changes nothing. A value is rounded to the step of the box.
- A new value opens and closes relays. For the settling time, the terminals are open.
- An empty error queue answers ``0, No Error``.
- The true value differs from the one that was set by the accuracy of the box.
"""

from typing import ClassVar

from tsbench.netlist import GROUND, Element
from tsbench.simulated_backends.scpi.executing import Handler
from tsbench.simulated_backends.scpi.parameters import Boolean, Number
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.instrument import OPEN, Attachment, Placement, VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.meatest_decade.data_sheet import (
    MEATEST_M525,
    MEATEST_M632,
    DecadeDataSheet,
)

LEAST_CAPACITANCE = 1e-15  #: [F] between open terminals of a capacitance box


class VirtualDecadeBox(VirtualInstrument):
    """A decade box; a model adds its data sheet and its command."""

    data_sheet: ClassVar[DecadeDataSheet]
    manufacturer = "MEATEST"
    terminals = ("high", "low")
    no_error = "0, No Error"
    number_format = ".6E"

    def __init__(self, bench: BenchServices, placement: Placement) -> None:
        super().__init__(bench, placement)
        self.value = self.data_sheet.first
        self.connected = False
        self._gain = 1.0 + self.calibration("value", self.data_sheet.accuracy, 0.0).gain

    def attachment(self) -> Attachment:
        """Return the element between the terminals, open."""
        high, low = self.node("high"), self.node("low") or GROUND
        if high is None:
            return Attachment()
        return Attachment((Element(self.data_sheet.kind, self._element, (high, low), value=self._open),))

    @property
    def _element(self) -> str:
        return self.element_name(self.data_sheet.kind, "", "decade")

    @property
    def _open(self) -> float:
        return OPEN if self.data_sheet.kind == "R" else LEAST_CAPACITANCE

    def _put(self, value: float) -> None:
        if self.node("high") is None:
            return
        circuit = self.bench.circuit
        if self.data_sheet.kind == "R":
            circuit.set_resistance(self._element, value)
        else:
            circuit.set_capacitance(self._element, value)
        self.bench.changed()

    def _switch(self, value: float, connected: bool) -> Handler:
        """Open the terminals; after the relays have settled, connect ``value``."""
        if connected or self.connected:
            self.bench.moved(self.name, f"relays of {self.name}")
        self._put(self._open)
        self.value, self.connected = value, connected
        if connected:
            yield self.data_sheet.settling
            self._put(value * self._gain)
            self.bench.relays(self.name, [self.format_number(value)])

    def reset(self) -> Handler | None:
        """Open the terminals; first value."""
        return self._switch(self.data_sheet.first, connected=False)

    def set_value(self, value: float) -> Handler:
        """Take a new value [Ohm or F], rounded to the step."""
        step = self.data_sheet.step
        return self._switch(round(value / step) * step, self.connected)

    @command(":OUTPut[:STATe]", Boolean())
    def _connect(self, on: bool) -> Handler:
        yield from self._switch(self.value, bool(on))

    @command(":OUTPut[:STATe]?")
    def _is_connected(self) -> str:
        return str(int(self.connected))


class VirtualMeatestM632(VirtualDecadeBox):
    """Resistance."""

    data_sheet = MEATEST_M632
    model, firmware = MEATEST_M632.model, MEATEST_M632.firmware

    @command("[:SOURce]:RESistance", Number("OHM", MEATEST_M632.low, MEATEST_M632.high))
    def _set(self, value: float) -> Handler:
        yield from self.set_value(value)

    @command("[:SOURce]:RESistance?")
    def _get(self) -> str:
        return self.format_number(self.value)


class VirtualMeatestM525(VirtualDecadeBox):
    """Capacitance."""

    data_sheet = MEATEST_M525
    model, firmware = MEATEST_M525.model, MEATEST_M525.firmware

    @command("[:SOURce]:CAPacitance", Number("F", MEATEST_M525.low, MEATEST_M525.high))
    def _set(self, value: float) -> Handler:
        yield from self.set_value(value)

    @command("[:SOURce]:CAPacitance?")
    def _get(self) -> str:
        return self.format_number(self.value)
