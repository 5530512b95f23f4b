"""Status registers of an instrument with TSP: sets of condition, event, enable and transition filters.

A summary of each set goes into a bit of the set above it, and the uppermost sets into the status byte
(2600BS-901-01, appendix E).
"""

from collections.abc import Callable
from typing import Any

from tsbench.simulated_backends.scpi.status import POWER_ON, EventRegister, StatusModel
from tsbench.simulated_backends.tsp.instrument import TspParts
from tsbench.simulated_backends.tsp.tables import TspTable, whole

MEASUREMENT_BIT = 0x01  #: of the status byte

_TOP = {
    "MEASUREMENT_SUMMARY_BIT": 1, "MSB": 1, "SYSTEM_SUMMARY_BIT": 2, "SSB": 2, "ERROR_AVAILABLE": 4, "EAV": 4,
    "QUESTIONABLE_SUMMARY_BIT": 8, "QSB": 8, "MESSAGE_AVAILABLE": 16, "MAV": 16, "EVENT_SUMMARY_BIT": 32, "ESB": 32,
    "MASTER_SUMMARY_STATUS": 64, "MSS": 64, "OPERATION_SUMMARY_BIT": 128, "OSB": 128,
}
_STANDARD = {
    "OPERATION_COMPLETE": 1, "OPC": 1, "QUERY_ERROR": 4, "QYE": 4, "DEVICE_DEPENDENT_ERROR": 8, "DDE": 8,
    "EXECUTION_ERROR": 16, "EXE": 16, "COMMAND_ERROR": 32, "CME": 32, "USER_REQUEST": 64, "URQ": 64,
    "POWER_ON": POWER_ON, "PON": POWER_ON,
}


class RegisterSet:
    """One set of registers.

    Parameters
    ----------
    register : EventRegister
    mask : the bits that are used
    changed : is called after each change
    look : brings the condition up to date before it is read
    not_yet : is called when a condition that is read has a bit
    """

    def __init__(
        self, register: EventRegister, mask: int, changed: Callable[[], None],
        look: Callable[[], None] = lambda: None, not_yet: Callable[[], None] = lambda: None,
    ) -> None:
        self.register = register
        self._mask = mask
        self._changed = changed
        self._look = look
        self._not_yet = not_yet
        self.preset()

    def preset(self) -> None:
        """Take what a reset of the status leaves: nothing is enabled, rising bits become events."""
        self.register.enable, self.register.positive, self.register.negative = 0, self._mask, 0
        self.register.event = 0

    def set_bits(self, bits: int, on: bool) -> None:
        """Set or clear bits of the condition."""
        before = self.register.condition
        self.register.set_bit(bits, on)
        if self.register.condition != before:
            self._changed()

    def show(self, table: TspTable, writable_condition: bool = False) -> None:
        """Give a table the attributes of these registers."""
        register = self.register

        def condition() -> int:
            self._look()
            value = register.condition
            if value:
                self._not_yet()
            return value

        def event() -> int:
            self._look()
            value = register.read_event()
            self._changed()
            return value

        def setter(name: str) -> Callable[[Any], None]:
            def write(value: Any) -> None:
                setattr(register, name, whole(value, 0, 65535) & self._mask)
                self._changed()
            return write

        def set_condition(value: Any) -> None:
            register.set_condition(whole(value, 0, 65535) & self._mask)
            self._changed()

        table.attribute("condition", condition, set_condition if writable_condition else None)
        table.attribute("event", event)
        table.attribute("enable", lambda: register.enable, setter("enable"))
        table.attribute("ptr", lambda: register.positive, setter("positive"))
        table.attribute("ntr", lambda: register.negative, setter("negative"))


class StatusTree:
    """The table ``status``; a model adds its own sets with :meth:`add`.

    Parameters
    ----------
    parts : TspParts
    """

    def __init__(self, parts: TspParts) -> None:
        self._model: StatusModel = parts.instrument.status
        self._interpreter = parts.interpreter
        self._not_yet = parts.instrument.operations.not_yet
        self.table = TspTable(parts.interpreter, "status")
        self.table.make_global("status")
        self.sets: dict[str, RegisterSet] = {}
        self._tables: dict[str, TspTable] = {}
        self._above: dict[str, tuple[str, int]] = {}
        self._measurement = EventRegister()
        self._model.extra_bits = lambda: MEASUREMENT_BIT if self._measurement.summary else 0
        self._show_top()

    def add(
        self, path: str, bits: dict[str, int], above: int = 0, look: Callable[[], None] = lambda: None,
        writable_condition: bool = False,
    ) -> RegisterSet:
        """Add a set of registers.

        Parameters
        ----------
        path : "measurement.instrument.smua"; the sets above it must be there
        bits : the names of its bits, and their weights
        above : the bit [weight] of the set above it that is its summary
        look : brings its condition up to date before it is read
        writable_condition : whether a script may write the condition
        """
        register = {
            "measurement": self._measurement, "operation": self._model.operation,
            "questionable": self._model.questionable,
        }.get(path) or EventRegister()
        parent, _, name = path.rpartition(".")
        if above:
            self._above[path] = (parent, above)
        mask = 0
        for weight in bits.values():
            mask |= weight
        runs = path.startswith("operation")   # whoever polls until an operation ends lets time pass
        made = RegisterSet(register, mask, self._summarise, look, self._not_yet if runs else lambda: None)
        table = (self._tables[parent] if parent else self.table).table(name)
        made.show(table, writable_condition)
        table.constants(**bits)
        self.sets[path], self._tables[path] = made, table
        return made

    def preset(self) -> None:
        """Do what ``status.reset()`` does."""
        for one in self.sets.values():
            one.preset()
        self._model.standard_enable = self._model.service_enable = 0
        self._summarise()

    def _summarise(self) -> None:
        for path in sorted(self._above, key=lambda one: -one.count(".")):   # the lowest sets first
            parent, bit = self._above[path]
            self.sets[parent].register.set_bit(bit, self.sets[path].register.summary)
        self._model.update()

    def _show_top(self) -> None:
        model, table = self._model, self.table

        def set_request(value: Any) -> None:
            model.service_enable = whole(value, 0, 255) & ~0x40
            model.update()

        def event() -> int:
            value, model.standard_event = model.standard_event, 0
            model.update()
            return value

        def set_enable(value: Any) -> None:
            model.standard_enable = whole(value, 0, 255)
            model.update()

        table.constants(**_TOP)
        table.attribute("condition", model.status_byte)
        table.attribute("request_enable", lambda: model.service_enable, set_request)
        table.attribute("request_event", lambda: model.status_byte() & model.service_enable)
        table.attribute("node_enable", lambda: 0, lambda value: None)
        table.attribute("node_event", lambda: 0)
        table.method("reset", self.preset)
        standard = table.table("standard")
        standard.constants(**_STANDARD)
        standard.attribute("condition", lambda: model.standard_event)
        standard.attribute("event", event)
        standard.attribute("enable", lambda: model.standard_enable, set_enable)
        standard.attribute("ptr", lambda: 253, lambda value: None)
        standard.attribute("ntr", lambda: 0, lambda value: None)
