"""The front panel as scripts see it: texts, screen, menus without a user (2600BS-901-01, section 7)."""

from typing import Any

from tsbench.simulated_backends.tsp.events import EventBus, EventDetector, seconds_of, wait_for
from tsbench.simulated_backends.tsp.instrument import TspParts
from tsbench.simulated_backends.tsp.tables import TspTable, number, text, whole

SMUA, SMUB, SMUA_SMUB, USER = range(4)
_ROWS = 2
_KEYS = {
    "KEY_NONE": 0, "KEY_RANGEUP": 65, "KEY_MODEB": 66, "KEY_RELB": 67, "KEY_RUN": 68, "KEY_DISPLAY": 69, "KEY_AUTO": 70,
    "KEY_FILTERB": 71, "KEY_EXIT": 75, "KEY_SRCB": 76, "KEY_SPEEDB": 77, "KEY_DIGITSB": 78, "KEY_MEASB": 79,
    "KEY_LEFT": 80, "KEY_RIGHT": 81, "KEY_ENTER": 82, "KEY_MENU": 83, "KEY_RANGEDOWN": 85, "KEY_OUTPUTB": 86,
    "KEY_LOAD": 88, "KEY_TRIG": 90, "KEY_CONFIG": 91, "KEY_RECALL": 92, "KEY_STORE": 93, "KEY_LIMITB": 94,
    "KEY_OUTPUTA": 96, "KEY_SRCA": 97, "KEY_MODEA": 98, "KEY_MEASA": 99, "KEY_DIGITSA": 100, "KEY_FILTERA": 101,
    "KEY_RELA": 102, "KEY_LIMITA": 103, "KEY_SPEEDA": 104, "WHEEL_LEFT": 107, "WHEEL_RIGHT": 114, "WHEEL_ENTER": 103,
}


class Display:
    """The table ``display``.

    Parameters
    ----------
    parts : TspParts
    bus : EventBus
    channels : names of the source-measure units: "smua", "smub"
    """

    def __init__(self, parts: TspParts, bus: EventBus, channels: tuple[str, ...]) -> None:
        self._interpreter = parts.interpreter
        self._screens = (SMUA, USER) if len(channels) == 1 else (SMUA, SMUB, SMUA_SMUB, USER)
        self._channels: dict[str, dict[str, int]] = {name: {} for name in channels}
        self._shown: dict[str, Any] = {}
        self.reset()
        table = TspTable(parts.interpreter, "display")
        table.make_global("display")
        table.constants(
            SMUA=SMUA, SMUB=SMUB, SMUA_SMUB=SMUA_SMUB, USER=USER, MEASURE_DCAMPS=0, MEASURE_DCVOLTS=1, MEASURE_OHMS=2,
            MEASURE_WATTS=3, LIMIT_IV=0, LIMIT_P=1, DIGITS_4_5=4, DIGITS_5_5=5, DIGITS_6_5=6, ENABLE=1, DISABLE=0,
            SAVE=1, DONT_SAVE=0, UNLOCK=0, LOCK=1, **_KEYS)
        table.attribute("screen", lambda: self._shown["screen"], self._set_screen)
        self._simple(table, "locallockout", 0, 1)
        self._simple(table, "numpad", 0, 1)
        table.method("clear", self._clear)
        table.method("settext", self._set_text, 1)
        table.method("gettext", lambda *place: self._shown["text"])
        table.method("setcursor", lambda row, column, style=0: whole(row, 1, _ROWS) and None, 2)
        table.method("getcursor", lambda: (1, 1, 0))
        table.method("getannunciators", lambda: 0)
        table.method("getlastkey", lambda: self._shown["key"])
        table.method("sendkey", self._send_key, 1)
        for nobody in ("menu", "prompt", "inputvalue", "waitkey"):   # nobody answers at the panel
            table.method(nobody, lambda *arguments: None)
        menu = table.table("loadmenu")
        menu.method("add", lambda name, code, memory=0: None, 2)
        menu.method("delete", lambda name: None, 1)
        self._trigger = EventDetector(bus)
        trigger = table.table("trigger")
        event = bus.make()
        self._trigger.stimulus.set(event)
        trigger.constant("EVENT_ID", event)
        trigger.attribute("overrun", lambda: self._trigger.overrun)
        trigger.method("clear", self._trigger.clear)
        trigger.method("wait", lambda seconds: wait_for(self._trigger, seconds_of(seconds)), 1)
        for name, values in self._channels.items():
            self._show_channel(table.table(name), values)

    def _simple(self, table: TspTable, name: str, low: int, high: int) -> None:
        table.attribute(name, lambda: self._shown[name],
                        lambda value: self._shown.__setitem__(name, whole(value, low, high)))

    @staticmethod
    def _show_channel(table: TspTable, values: dict[str, int]) -> None:
        def attribute(owner: TspTable, shown: str, key: str, low: int, high: int) -> None:
            owner.attribute(shown, lambda: values[key], lambda value: values.__setitem__(key, whole(value, low, high)))

        attribute(table, "digits", "digits", 4, 6)
        attribute(table.table("measure"), "func", "measure", 0, 3)
        attribute(table.table("limit"), "func", "limit", 0, 1)

    def reset(self) -> None:
        """Show what a reset leaves."""
        self._shown = {"screen": self._screens[-2], "text": "", "key": 0, "locallockout": 0, "numpad": 1}
        for values in self._channels.values():
            values.update(digits=5, measure=0, limit=0)

    def _set_screen(self, value: Any) -> None:
        screen = whole(value, self._screens[0], self._screens[-1])
        if screen in self._screens:
            self._shown["screen"] = screen

    def _clear(self) -> None:
        self._shown.update(screen=USER, text="")

    def _set_text(self, value: Any) -> None:
        self._shown.update(screen=USER, text=text(value, 1000))

    def _send_key(self, value: Any) -> None:
        self._shown["key"] = int(number(value, 0, 200))
        if self._shown["key"] == _KEYS["KEY_EXIT"] and self._shown["screen"] == USER:
            self._shown["screen"] = self._screens[-2]
