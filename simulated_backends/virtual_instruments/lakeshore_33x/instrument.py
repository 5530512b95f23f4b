"""Virtual Lake Shore temperature controller (user's manual of the 336, chapter 6; the 335 has two inputs and outputs).

Behaviour of the instruments that the virtual instruments reproduce
-------------------------------------------------------------------
- Replies end with carriage return and line feed. Several commands may stand in one message, separated by semicolons.
  The replies to their queries are separated by semicolons too.
- There is no error queue. A command that is unknown, or that has a value out of range, is ignored. It sets the bit of
  the command error or of the execution error in the standard event register. A query that is unknown has no reply.
- A closed loop needs an input (``OUTMODE``) and a heater range (``RANGE``). Without a sensor, the reading is 0 and
  ``RDGST?`` says that the sensor is out of range; a closed loop then gives no power.
- ``SETP?`` on a ramp replies the set-point where the ramp has got to (``RAMP``, ``RAMPST?``).
- Switching a heater range on begins a ramp at the temperature of the sensor.
- ``*RST`` switches all heater ranges off.
- Above the temperature limit of an input (``TLIMIT``) all outputs go off. ``INCRV`` is kept, and changes no reading.
- ``SRDG?`` replies the volts of a diode DT-670 or the ohms of a platinum sensor of 100 Ohm (``INTYPE``) at the
  temperature of the reading. For another type of sensor it has no reply.
- Curves of the user are kept (``CRVHDR``, ``CRVPT``), and so are filters and the current of diodes; they change no
  reading. The first two points of a curve decide its coefficient.
- Alarms (``ALARM``), relays (``RELAY``), and the lowest and highest readings (``MDAT?``, ``MNMXRST``) follow the chuck
  ten times a second. ``*RST`` leaves them, and the zones. An input without a sensor has no alarm.
- In the mode "zone", gains, manual output, range, input and rate follow the set-point (``ZONE``).
- The condition "new reading" of the operation registers is always set. Events of the alarms and ramps are kept for
  ``OPSTR?``, also if no program asked while they lasted.
- The settings of the front panel are kept, and change no reading.
- The points of standard curves, tuning and warm-up are not modelled: their commands count as unknown. ``TUNEST?``
  always replies that nothing is tuned.
- Heater outputs refuse the modes 4 and 5 (monitor, warm-up). Outputs 3 and 4 of the 336 take them, and give no voltage.
- ``HTR?``, ``MOUT`` and the control law are in percent of the power, whatever ``HTRSET`` says.
"""

from typing import Any, ClassVar

from tsbench.simulated_backends.scpi.executing import Handler, execute_scpi
from tsbench.simulated_backends.scpi.syntax import WHITE_TEXT, Framing, capitals
from tsbench.simulated_backends.virtual_instruments.lakeshore_33x.alarm_commands import AlarmCommands
from tsbench.simulated_backends.virtual_instruments.lakeshore_33x.arguments import COMMAND_ERROR
from tsbench.simulated_backends.virtual_instruments.lakeshore_33x.commands import (
    ControlCommands,
    ReadingCommands,
    ZoneCommands,
)
from tsbench.simulated_backends.virtual_instruments.lakeshore_33x.controller import LoopController
from tsbench.simulated_backends.virtual_instruments.lakeshore_33x.data_sheet import LAKESHORE_335, LAKESHORE_336
from tsbench.simulated_backends.virtual_instruments.lakeshore_33x.panel_commands import PanelCommands
from tsbench.simulated_backends.virtual_instruments.lakeshore_33x.sensor_commands import (
    EmulationCommands,
    SensorCommands,
)
from tsbench.simulated_backends.virtual_instruments.line_commands import LineError, LineTable
from tsbench.simulated_backends.virtual_instruments.serial_port import SerialPort

#: common commands of IEEE 488.2 that the instruments have
COMMON = ("*CLS", "*ESE", "*ESE?", "*ESR?", "*IDN?", "*OPC", "*OPC?", "*RST", "*SRE", "*SRE?", "*STB?", "*TST?", "*WAI")


class VirtualLakeShore(LoopController):
    """A temperature controller of the series 33x."""

    line_tables: ClassVar[tuple[type[LineTable[Any]], ...]] = (
        ReadingCommands, ControlCommands, ZoneCommands, SensorCommands, AlarmCommands, PanelCommands)
    bus_latency: ClassVar[float] = 10e-3
    #: of the USB interface, which cannot be changed (user's manual of the 335, chapter 6)
    serial_port: ClassVar[SerialPort] = SerialPort(57600, 7, "odd")
    framing: ClassVar[Framing] = Framing(reply_end=b"\r\n", blocks=False)

    def cut(self, line: str) -> tuple[str, list[str]]:
        """Cut ``SETP 1,300`` or ``KRDG?A``."""
        word, mark, rest = line.partition("?")
        if mark:
            word += "?"
        else:
            word, _, rest = line.partition(" ")
        rest = rest.strip(WHITE_TEXT)
        return word.strip(WHITE_TEXT), [part.strip(WHITE_TEXT) for part in rest.split(",")] if rest else []

    def unknown(self, word: str) -> LineError:
        """Return the error of an unknown word."""
        return LineError(COMMAND_ERROR, word)

    def wrong_arguments(self, word: str) -> LineError:
        """Return the error of too many or too few arguments."""
        return LineError(COMMAND_ERROR, word)

    def refused(self, error: LineError) -> str | None:
        """Set the bit of the error; there is no reply."""
        self.status.set_event(error.code)
        return None

    def execute(self, message: bytes) -> Handler:
        """Execute one message: its commands in order."""
        replies = []
        for line in message.decode("latin-1").split(";"):
            text = line.strip(WHITE_TEXT)
            if not text:
                continue
            if capitals(text.split(" ")[0]) in COMMON:
                found = yield from execute_scpi(self, text.encode("latin-1"))
                reply = None if found is None else found.decode("latin-1")
                self.status.errors.clear()
            else:
                reply = yield from self.obey(text)
            if reply is not None:
                replies.append(reply)
        return ";".join(replies).encode("latin-1") if replies else None


class VirtualLakeShore335(VirtualLakeShore):
    """Two inputs; two heater outputs of 75 W and 25 W."""

    data_sheet = LAKESHORE_335
    line_tables = (*VirtualLakeShore.line_tables, EmulationCommands)
    model, firmware = LAKESHORE_335.model, LAKESHORE_335.firmware


class VirtualLakeShore336(VirtualLakeShore):
    """Four inputs; two heater outputs of 100 W and 50 W, two analog outputs."""

    data_sheet = LAKESHORE_336
    model, firmware = LAKESHORE_336.model, LAKESHORE_336.firmware
