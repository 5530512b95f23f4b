"""A transistor as a resistor of the fixture: the gate voltage of a source meter sets its resistance."""

import contextlib
import math
from collections.abc import Callable, Iterator

import numpy as np

from tsbench.errors import InstrumentError, LimitError
from tsbench.instruments import MeasureSettings, Range, SourceMeter, SourceSettings
from tsbench.quantities import short_quantity
from tsbench.records import Flag
from tsbench.station.bench.bench_tables import ControlTable

_SAME_VOLTAGE = 1e-9  #: [V] of rounding
_BEYOND_TABLE = 1.0  #: [Ohm] of a transistor whose gate voltage the table does not reach (chosen): limits stay safe


class GateCurve:
    """The resistance of a transistor over its gate voltage: the logarithm is interpolated between the rows of a table.

    Parameters
    ----------
    table : ``[fixture.control.QUANTITY]``
    """

    def __init__(self, table: ControlTable) -> None:
        order = np.argsort(table.gate_voltages)
        self._volts = np.asarray(table.gate_voltages, dtype=float)[order]
        self._logarithms = np.log(np.asarray(table.resistances, dtype=float)[order])
        self.widest = float(np.max(np.abs(self._volts)))  #: [V] largest magnitude in the table

    def resistance_at(self, volts: float) -> float:
        """Return the resistance [Ohm] at a gate voltage [V] that was measured; beyond the table that of its end.

        Parameters
        ----------
        volts : [V] at the gate
        """
        return float(math.exp(np.interp(volts, self._volts, self._logarithms)))

    def least_resistance_at(self, volts: float) -> float:
        """Return the least resistance [Ohm] that counts for limits at a gate voltage [V] that is set.

        Beyond the conducting end of the table, the transistor may conduct fully.

        Parameters
        ----------
        volts : [V] at the gate
        """
        on = self._volts[np.argmin(self._logarithms)]
        if abs(volts - on) > _SAME_VOLTAGE and (volts > on) == (on == self._volts[-1]):
            return _BEYOND_TABLE
        return self.resistance_at(volts)

    def voltage_for(self, resistance: float) -> float:
        """Return the gate voltage [V] for a resistance [Ohm]."""
        rising = slice(None) if self._logarithms[0] < self._logarithms[-1] else slice(None, None, -1)
        return float(np.interp(math.log(resistance), self._logarithms[rising], self._volts[rising]))


class GateControl:
    """A :class:`~tsbench.instruments.DecadeBox` in function: the resistance [Ohm] of a transistor between two nodes.

    The output of the source meter is on while the resistance is set. Whatever makes the bench safe switches it off. The
    transistor is then open, unless it conducts at 0 V.

    Parameters
    ----------
    meter : returns the guarded source meter at the gate
    table : ``[fixture.control.QUANTITY]``
    """

    def __init__(self, meter: Callable[[], SourceMeter], table: ControlTable) -> None:
        self._meter, self._table = meter, table
        self.curve = GateCurve(table)
        self.bounds = Range(min(table.resistances), max(table.resistances), "Ohm")
        self.wanted: float | None = None  #: [Ohm] that was set last

    def is_on(self) -> bool:
        """Read back whether the gate has its voltage."""
        return any(state.enabled for state in self._meter().output_states())

    @contextlib.contextmanager
    def conducting(self) -> Iterator[None]:
        """The transistor conducts as well as its table tells meanwhile; then its gate has 0 V, and its output is off.

        Raises
        ------
        InstrumentError
            The gate draws more current than its limit.
        """
        wanted, meter = self.wanted, self._meter()
        try:
            self.set_value(self.bounds.low)
            yield
        finally:
            self.wanted = wanted
            meter.set_output(False)
        meter.set_level(0.0)

    def value(self) -> float | None:
        """Return the resistance at the gate voltage that is measured now; None while the output is off."""
        return self.curve.resistance_at(self._meter().measure().voltage) if self.is_on() else None

    def set_value(self, value: float) -> float:
        """Set the gate voltage for a resistance [Ohm]; return the resistance at the voltage that is measured.

        Raises
        ------
        LimitError
            The table does not reach this value, or the source meter cannot set the voltage.
        InstrumentError
            The gate draws more current than its limit.
        """
        if not self.bounds.low <= value <= self.bounds.high:
            raise LimitError(
                f"the transistor '{self._table.element}' has {short_quantity(self.bounds.low, 'Ohm')} to "
                f"{short_quantity(self.bounds.high, 'Ohm')} in its table, not {short_quantity(value, 'Ohm')}. Choose a "
                "value in this range, or measure more rows of the table")
        meter, limit = self._meter(), self._table.gate_limit
        meter.configure_source(SourceSettings("voltage", compliance_current=limit, range=self.curve.widest))
        meter.configure_measure(MeasureSettings("current", range=limit))
        meter.set_level(self.curve.voltage_for(value))
        meter.set_output(True)
        reading = meter.measure()
        if Flag.COMPLIANCE in reading.flags:
            meter.set_output(False)
            raise InstrumentError(
                f"the gate of '{self._table.element}' (role '{self._table.gate}') draws "
                f"{short_quantity(reading.current, 'A')} at "
                f"{short_quantity(reading.voltage, 'V')}: it has reached gate_limit = {short_quantity(limit, 'A')} of "
                "[fixture.control.load_resistance]. Check the transistor and its wiring")
        self.wanted = value
        return self.curve.resistance_at(reading.voltage)
