"""Virtual Lake Shore temperature controller: alarms, relays, extreme readings, and the operation event register.

The commands are those of the user's manuals of the 335 and 336, chapter 6; their arguments and replies are those that
the maker's driver sends and reads (lakeshore 1.10.0, ``temperature_controllers.py``). The two models have no MNMX and
no MNMXRDG?, but MDAT?.
"""

from tsbench.simulated_backends.virtual_instruments.lakeshore_33x.alarms import BOTH, RELAY_BY_ALARM, Alarm
from tsbench.simulated_backends.virtual_instruments.lakeshore_33x.arguments import number, six_digits, whole_number
from tsbench.simulated_backends.virtual_instruments.lakeshore_33x.controller import LoopController
from tsbench.simulated_backends.virtual_instruments.line_commands import LineTable, line_command

_LARGEST = 999_999  #: value of an alarm: replies have six digits
_LARGEST_MASK = 255


def _switch(text: str, old: bool) -> bool:
    return bool(whole_number(text, 0, 1)) if text else old


class AlarmCommands(LineTable[LoopController]):
    """What follows the readings of the inputs."""

    @line_command("ALARM")
    def _set_alarm(
        self, letter: str, on: str, high: str = "", low: str = "", deadband: str = "", latch: str = "",
        audible: str = "", visible: str = "",
    ) -> None:
        """``ALARM A,1,270,0,1,1,0,1``, or ``ALARM A,0``: what is not given stays."""
        found = self.instrument.letter(letter)
        old = self.instrument.alarms[found]
        self.instrument.alarms[found] = Alarm(
            on=bool(whole_number(on, 0, 1)), high=number(high, -_LARGEST, _LARGEST) if high else old.high,
            low=number(low, -_LARGEST, _LARGEST) if low else old.low,
            deadband=number(deadband, 0, _LARGEST) if deadband else old.deadband,
            latch=_switch(latch, old.latch), audible=_switch(audible, old.audible),
            visible=_switch(visible, old.visible))
        self.instrument.up_to_now()

    @line_command("ALARM?")
    def _alarm(self, letter: str) -> str:
        """``ALARM? A``: on, high and low value, dead band, latch, audible, visible."""
        alarm = self.instrument.alarms[self.instrument.letter(letter)]
        values = ",".join(map(six_digits, (alarm.high, alarm.low, alarm.deadband)))
        return f"{alarm.on:d},{values},{alarm.latch:d},{alarm.audible:d},{alarm.visible:d}"

    @line_command("ALARMST?")
    def _alarm_state(self, letter: str) -> str:
        """``ALARMST? A``: state of the high and of the low alarm."""
        found = self.instrument.letter(letter)
        self.instrument.up_to_now()
        return f"{self.instrument.alarms[found].is_high:d},{self.instrument.alarms[found].is_low:d}"

    @line_command("ALMRST")
    def _reset_alarms(self) -> None:
        self.instrument.up_to_now()
        for alarm in self.instrument.alarms.values():
            alarm.reset()
        self.instrument.up_to_now()

    @line_command("RELAY")
    def _set_relay(self, relay: str, mode: str, letter: str = "", kind: str = "") -> None:
        """``RELAY 1,2,B,0``: closed while the low alarm of input B is active; ``RELAY 1,1,,``: closed."""
        found = self.instrument.relays[whole_number(relay, 1, len(self.instrument.relays)) - 1]
        wanted = whole_number(mode, 0, RELAY_BY_ALARM)
        source = self.instrument.letter(letter) if letter else found.letter
        found.kind = whole_number(kind, 0, BOTH) if kind else found.kind
        found.mode, found.letter = wanted, source

    @line_command("RELAY?")
    def _relay(self, relay: str) -> str:
        found = self.instrument.relays[whole_number(relay, 1, len(self.instrument.relays)) - 1]
        return f"{found.mode},{found.letter},{found.kind}"

    @line_command("RELAYST?")
    def _relay_state(self, relay: str) -> str:
        found = self.instrument.relays[whole_number(relay, 1, len(self.instrument.relays)) - 1]
        self.instrument.up_to_now()
        return f"{found.closed(self.instrument.alarms):d}"

    @line_command("MDAT?")
    def _extremes(self, letter: str) -> str:
        """``MDAT? A``: lowest and highest reading since MNMXRST, in the preferred unit of the input."""
        found = self.instrument.letter(letter)
        self.instrument.up_to_now()
        return ",".join(f"{value:+.3f}" for value in self.instrument.extreme_readings(found))

    @line_command("MNMXRST")
    def _reset_extremes(self) -> None:
        self.instrument.up_to_now()
        self.instrument.forget_extremes()

    @line_command("OPST?")
    def _condition(self) -> str:
        self.instrument.up_to_now()
        return f"{self.instrument.status.operation.condition:03d}"

    @line_command("OPSTR?")
    def _events(self) -> str:
        self.instrument.up_to_now()
        found = self.instrument.status.operation.read_event()
        self.instrument.status.update()
        return f"{found:03d}"

    @line_command("OPSTE")
    def _set_mask(self, mask: str) -> None:
        self.instrument.status.operation.enable = whole_number(mask, 0, _LARGEST_MASK)
        self.instrument.status.update()

    @line_command("OPSTE?")
    def _mask(self) -> str:
        return f"{self.instrument.status.operation.enable:03d}"
