"""What is set around the device between two runs: the temperature of the chuck, and values of the fixture."""

import contextlib
import functools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from numbers import Real
from typing import Any

from tsbench.errors import ConfigurationError, InstrumentError, LimitError, nearest
from tsbench.instruments import Clock, DecadeBox, Range, SourceMeter, TemperatureController
from tsbench.instruments.fixture import with_value
from tsbench.instruments.guard.limits import require_finite, require_in_range
from tsbench.instruments.interfaces import FIXTURE_UNITS
from tsbench.quantities import short_quantity
from tsbench.station.bench.bench_file import BenchFile
from tsbench.station.bench.bench_tables import ControlTable, TemperatureTable
from tsbench.station.bench.gate import GateControl
from tsbench.station.bench.operator import Ask, OperatorBox
from tsbench.station.bench.positioners import RequireOff

_ZERO_CELSIUS = 273.15  #: [K]
_HARDLY_KELVIN = 200.0  #: a number below it may be meant in degrees Celsius
_LEAST_LOAD = 1.0  #: [Ohm] of an operator who may set anything: contacts and leads have more
_CHECK_HEATER = "Check the heater, or raise timeout in [temperature]"
_TOO_WARM = ("It is still warmer. Check the cooling. If the chuck has only a heater, set lowest in [temperature] above "
             "room temperature, and plans will refuse such a value")
_READINGS = 3  #: of the temperature, at most
POLL = 1.0  #: [s] between two looks at the temperature


class ChuckTemperature:
    """The temperature of the chuck: set, and waited for.

    Parameters
    ----------
    controller : TemperatureController
    table : ``[temperature]`` of the bench file
    clock : Clock
    heat : is called with True before the heater goes on, and with False when it is off
    """

    def __init__(
        self, controller: TemperatureController, table: TemperatureTable, clock: Clock,
        heat: Callable[[bool], None] = lambda on: None,
    ) -> None:
        self._controller, self._table, self._clock, self._heat = controller, table, clock, heat

    @property
    def bounds(self) -> Range:
        """Return the temperatures [K] that can be set."""
        can = self._controller.capabilities.temperature
        return Range(max(can.low, self._table.lowest), min(can.high, self._table.highest), "K")

    def set_temperature(self, temperature: float, ramp: float | None = None) -> float:
        """Control to ``temperature`` [K], at most ``ramp`` [K/s]; return the mean temperature once it is stable.

        Raises
        ------
        InstrumentError, LimitError
            As for :meth:`approach`.
        """
        looks = list(self.approach(temperature, ramp))
        inside = looks[-max(math.ceil(self._table.settling / POLL), 1):]
        return sum(inside) / len(inside)

    def approach(self, temperature: float, ramp: float | None = None) -> Iterator[float]:
        """Control to ``temperature`` [K], at most ``ramp`` [K/s], and yield each look until it is stable.

        It is stable when it has stayed within ``band`` of the set-point for the time ``settling``.

        Raises
        ------
        InstrumentError
            It is not stable after ``timeout``. The heater is switched off then.
        LimitError
            It is below ``lowest``: a temperature in degrees Celsius would wait for ``timeout`` in vain. Or it is above
            ``highest``.
        """
        require_finite("[temperature]", "the temperature", temperature)
        if temperature < self._table.lowest:
            celsius = (f"If you mean {temperature:g} degrees Celsius, give {temperature + _ZERO_CELSIUS:g} K. "
                       if temperature < _HARDLY_KELVIN else "")
            raise LimitError(
                f"the temperature {temperature:g} K is below {self._table.lowest:g} K, the lowest one of the chuck. "
                f"{celsius}If the chuck can be so cold, change lowest in [temperature] of the bench file")
        if temperature > self._table.highest:
            raise LimitError(
                f"the temperature {temperature:g} K is above {self._table.highest:g} K, the highest one of the chuck. "
                "If chuck, sample and probes withstand it, change highest in [temperature] of the bench file")
        self._heat(True)
        target = self._controller.set_temperature(temperature, ramp)
        begin, inside, now = self._clock.now(), 0, target
        while inside * POLL < self._table.settling or not inside:
            if self._clock.now() - begin > self._table.timeout:
                warm = now > target + self._table.band
                self.heater_off()
                raise InstrumentError(
                    f"the chuck is not stable at {short_quantity(target, 'K')} after "
                    f"{short_quantity(self._table.timeout, 's')}. tsbench has switched its heater off. "
                    f"{_TOO_WARM if warm else _CHECK_HEATER}")
            self._clock.wait(POLL)
            now = self._controller.temperature()
            inside = inside + 1 if abs(now - target) <= self._table.band else 0
            yield now

    def temperature(self) -> float:
        """Return the temperature now [K], as two of up to three readings give it.

        A digit that the cable has changed makes a reading that looks good.

        Raises
        ------
        InstrumentError
            All readings are further apart than ``band``.
        """
        found: list[float] = []
        while len(found) < _READINGS:
            now = self._controller.temperature()
            if any(self.is_near(now, earlier) for earlier in found):
                return now
            found.append(now)
        raise InstrumentError(
            f"the temperature controller gives {', '.join(short_quantity(one, 'K') for one in found)} one after the "
            "other. Check the sensor and the cables, or raise band in [temperature] of the bench file")

    def is_near(self, wanted: float, found: float) -> bool:
        """Whether two temperatures [K] are within ``band`` of each other."""
        return abs(found - wanted) <= self._table.band

    def heater_off(self) -> None:
        """Switch the heater off."""
        self._controller.heater_off()
        self._heat(False)


class FixtureControls:
    """Sets quantities of the fixture with decade boxes, transistor gates and the operator.

    It is a :class:`~tsbench.instruments.FixtureControl`.

    Parameters
    ----------
    boxes : quantity -> its box
    tables : quantity -> ``[fixture.control.QUANTITY]``
    stated : quantity -> the value [Ohm or F] of its element in the netlist of the bench file
    require_off : raises unless all outputs are off
    changed : called with element and value after each change, so that the bench knows the new wiring
    """

    def __init__(
        self, boxes: Mapping[str, DecadeBox | OperatorBox | GateControl], tables: Mapping[str, ControlTable],
        stated: Mapping[str, float], require_off: RequireOff, changed: Callable[[str, float], None],
    ) -> None:
        self._boxes, self._tables, self._stated = boxes, tables, stated
        self._require_off, self._changed = require_off, changed
        #: quantity -> the value that was asked for, and the one that was set. What an operator set before, only the
        #: bench file tells
        self._asked = {name: stated[name] for name, box in boxes.items() if isinstance(box, OperatorBox)}
        self._found = dict(self._asked)
        self._setting = False  #: whether a gate moves because its resistance is set

    def _box(self, quantity: str) -> DecadeBox | OperatorBox | GateControl:
        if quantity not in self._boxes:
            raise ConfigurationError(
                f"'{quantity}' is not in [fixture.control] of the bench file{nearest(quantity, self._boxes)}")
        return self._boxes[quantity]

    def quantities(self) -> Sequence[str]:
        """Return the quantities that have a box."""
        return list(self._boxes)

    def bounds(self, quantity: str) -> Range:
        """Return what a box can set."""
        return self._box(quantity).bounds

    def value(self, quantity: str) -> float | None:
        """Read the value back from its box."""
        return self._box(quantity).value()

    def set_value(self, quantity: str, value: float) -> float:
        """Set a quantity while all outputs are off, and return the value that was set.

        Parameters
        ----------
        quantity : of the fixture, "load_resistance"
        value : [Ohm or F] above zero
        """
        box = self._box(quantity)
        if isinstance(value, bool) or not isinstance(value, Real) or not (math.isfinite(value) and value > 0):
            raise ConfigurationError(
                f"{quantity} = {value!r:.60} must be a positive number in "
                f"{FIXTURE_UNITS.get(quantity, 'the SI unit')}, such as 4e3")
        self._require_off(_what_changes(quantity, isinstance(box, GateControl)))
        self._asked.pop(quantity, None)
        self._setting = True
        try:
            found = box.set_value(value)
        finally:
            self._setting = False
        self._asked[quantity], self._found[quantity] = float(value), found
        self._changed(self._tables[quantity].element, found)
        return found

    def gate_moves(self, quantity: str, levels: Sequence[float]) -> None:
        """Let a script change the voltage of a gate: limits follow, by the least resistance that the gate may have.

        Parameters
        ----------
        quantity : which the gate sets
        levels : [V] one of them stands at the gate next

        Raises
        ------
        InstrumentError
            An output is on that reaches the device.
        """
        box = self._box(quantity)
        if self._setting or not isinstance(box, GateControl):
            return
        self._require_off(_what_changes(quantity, True))
        self._asked.pop(quantity, None)
        self._found.pop(quantity, None)
        self._changed(self._tables[quantity].element, min(map(box.curve.least_resistance_at, levels)))

    def gates_off(self) -> list[GateControl]:
        """Read back which gates are off: their transistors are open, unless they conduct at 0 V."""
        return [box for box in self._boxes.values() if isinstance(box, GateControl) and not box.is_on()]

    @contextlib.contextmanager
    def conducting(self, gates: Sequence[GateControl]) -> Iterator[None]:
        """Transistors of some gates that are off conduct meanwhile; limits do not follow.

        A source behind an open transistor takes no charge off what is in front of the device. All other outputs must
        hold 0 V already, and the cables in front of the transistors too: the device may be connected.
        """
        self._setting = True
        try:
            with contextlib.ExitStack() as meanwhile:
                for box in gates:
                    meanwhile.enter_context(box.conducting())
                yield
        finally:
            self._setting = False

    def smallest_load(self) -> dict[str, float]:
        """Return the smallest load resistance [Ohm] that can be set, by quantity; empty where nothing sets it."""
        box = self._boxes.get("load_resistance")
        return {} if box is None else {"load_resistance": max(box.bounds.low, _LEAST_LOAD)}

    def in_words(self) -> list[str]:
        """Return what a run does with each quantity, one line each."""
        lines = []
        for quantity, box in self._boxes.items():
            low, high, unit = box.bounds.low, box.bounds.high, FIXTURE_UNITS[quantity]
            stated = short_quantity(self._stated[quantity], unit)
            can = ("the operator sets it" if isinstance(box, OperatorBox)
                   else f"{short_quantity(low, unit)} to {short_quantity(high, unit)} can be set")
            beyond = "" if low <= self._stated[quantity] <= high else ", which cannot be set"
            lines.append(f"{quantity.replace('_', ' ')}: {can}. A run has {stated} as in the netlist{beyond}, or the "
                         f"value of --fixture {quantity}=VALUE")
        return lines

    def values(self) -> dict[str, float]:
        """Return the values [Ohm or F] that are set, as far as they are known."""
        return dict(self._found)

    def pending(self, given: Mapping[str, float] | None) -> dict[str, float]:
        """Return what must be set before a run.

        Parameters
        ----------
        given : the values of the run [Ohm or F]. The other quantities get the value of the netlist. None: what is set
            stays, and only what was never set gets the value of the netlist

        Raises
        ------
        ConfigurationError
            A quantity is not in ``[fixture.control]``.
        LimitError
            The box, or the table of the gate, does not have the value.
        """
        for quantity in given or {}:
            self._box(quantity)
        wanted = self._asked if given is None else given
        wanted = {quantity: wanted.get(quantity, self._stated[quantity]) for quantity in self._boxes}
        for quantity, value in wanted.items():
            require_in_range(f"[fixture.control.{quantity}]", f"the {quantity.replace('_', ' ')}", value,
                             self._box(quantity).bounds, "what can be set:")
        return {quantity: value for quantity, value in wanted.items() if self._asked.get(quantity) != value}

    def arrange(self, values: Mapping[str, float]) -> None:
        """Set several quantities while all outputs are off.

        Parameters
        ----------
        values : quantity -> [Ohm or F]
        """
        for quantity, value in values.items():
            self.set_value(quantity, value)

    def renew(self) -> None:
        """Set the gates again that were switched off with all other outputs since they were set."""
        for quantity, box in self._boxes.items():
            if isinstance(box, GateControl) and box.wanted is not None and not box.is_on():
                self.set_value(quantity, box.wanted)


def _what_changes(quantity: str, gate: bool) -> str:
    """Return what changes with a quantity of the fixture, in words."""
    said = quantity.replace("_", " ")
    return f"the gate voltage of the {said}" if gate else f"the {said}"


def chuck_temperature(
    file: BenchFile, driver_of: Callable[[str], Any], clock: Clock, heat: Callable[[bool], None],
) -> ChuckTemperature | None:
    """Return the temperature of the chuck, where the bench file names its controller."""
    table = file.table.temperature
    return None if table is None else ChuckTemperature(driver_of(table.instrument), table, clock, heat)


def fixture_control(
    file: BenchFile, driver_of: Callable[[str], Any], gate_of: Callable[[str], SourceMeter], require_off: RequireOff,
    rewire: Callable[[], None], ask: Ask | None = None,
) -> FixtureControls | None:
    """Return the decade boxes and the gates of the fixture, where the bench file names them.

    After each change, the netlist of ``file`` has the value that was set, and ``rewire`` is called: limits and fixture
    follow from it. ``ask``: asks the operator; None: the terminal of this process does.
    """
    tables = {str(quantity): table for quantity, table in file.table.fixture.control.items()}
    if not tables:
        return None

    def changed(element: str, value: float) -> None:
        assert file.netlist is not None
        file.netlist = with_value(file.netlist, element, value)
        rewire()

    boxes: dict[str, DecadeBox | OperatorBox | GateControl] = {}
    for quantity, table in tables.items():
        if table.gate:
            boxes[quantity] = GateControl(functools.partial(gate_of, table.gate), table)
        elif table.instrument:
            boxes[quantity] = box = driver_of(table.instrument)
            if box.bounds.unit != FIXTURE_UNITS[quantity]:
                raise ConfigurationError(
                    f"{file.path}: fixture.control.{quantity}.instrument: '{table.instrument}' sets a value in "
                    f"{box.bounds.unit}, not in {FIXTURE_UNITS[quantity]}. Name another decade box")
        else:
            boxes[quantity] = OperatorBox(quantity.replace("_", " "), FIXTURE_UNITS[quantity], ask)
    assert file.netlist is not None   # each element was found in it
    stated = {quantity: file.netlist.find(table.element).value for quantity, table in tables.items()}
    return FixtureControls(boxes, tables, stated, require_off, changed)
