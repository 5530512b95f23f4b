"""Driver of the Meatest decade boxes (commands as in the operation manual of the sister model M631, p. 29)."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from tsbench.errors import InstrumentError
from tsbench.instruments.guard.limits import require_in_range
from tsbench.instruments.interfaces import OutputState, Range
from tsbench.instruments.languages.repeatable import COMMON
from tsbench.instruments.languages.scpi import format_number
from tsbench.instruments.languages.scpi_instrument import ScpiInstrument


class MeatestDecade(ScpiInstrument):
    """A decade box; a model adds its quantity. Not compared with a data sheet: ranges and accuracies."""

    bounds: Range
    quantity: ClassVar[str]  #: in words
    command: ClassVar[str]
    relative: ClassVar[float]  #: accuracy
    output_names: Sequence[str] = ()
    _value: float | None = None

    def accepted_settings(self) -> Mapping[str, object]:
        """Return the value that was set last [Ohm or F]."""
        return {} if self._value is None else {self.quantity: self._value}

    def set_value(self, value: float) -> float:
        """Set the value and connect it; read both back and return the value."""
        require_in_range(self.label, f"the {self.quantity}", value, self.bounds)
        self.write(f"{self.command} {format_number(value)}")
        self.write(":OUTP ON")
        found = self.accepted(f"the {self.quantity}", value, self.value(), self.bounds.unit)
        self.check_errors()
        if not self.ask_switch(":OUTP?"):
            raise InstrumentError(f"{self.label}: its terminals could not be connected. Check the box")
        self._value = found
        return found

    def value(self) -> float:
        """Read the value back; InstrumentError where the box cannot have it."""
        value = self.ask_number(f"{self.command}?")
        if not self.bounds.low <= value <= self.bounds.high:
            raise InstrumentError(
                f"{self.label}: it gives a {self.quantity} of {value:g} {self.bounds.unit}, but it can only have "
                f"{self.bounds.low:g} to {self.bounds.high:g} {self.bounds.unit}. Check its cable, and ask again")
        return value

    def safe_state(self) -> None:
        """Do nothing: its relays must not switch while an output may still be on."""

    def output_states(self) -> Sequence[OutputState]:
        """Return nothing: a box has no output that drives anything."""
        return []

    def accuracy(self) -> Mapping[str, Mapping[str, float]]:
        """Return the relative accuracy of the value."""
        return {self.quantity: {"relative": self.relative}}


class MeatestM632(MeatestDecade):
    """Resistance."""

    title, quantity, command, relative = "Meatest M632", "resistance", ":SOUR:RES", 2e-4
    #: [W] that it takes at any value. No data sheet was found: small precision resistors take about this much (chosen)
    rating = 0.5
    bounds = Range(1.0, 1.2e6, "Ohm")
    repeatable = (*COMMON, "[:SOURce]:RESistance?", ":OUTPut[:STATe]?")


class MeatestM525(MeatestDecade):
    """Capacitance."""

    title, quantity, command, relative = "Meatest M525", "capacitance", ":SOUR:CAP", 5e-3
    bounds = Range(1e-9, 100e-6, "F")
    repeatable = (*COMMON, "[:SOURce]:CAPacitance?", ":OUTPut[:STATe]?")
