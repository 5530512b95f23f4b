"""Driver of the Keithley 2400, 2401 and 2410 (user's manual 2400S-900-01 rev. K, section 18).

Voltage and current are measured together, so that in compliance the voltage is what stood at the terminals. The
instrument answers no message while it sweeps. On a bus with a serial poll, the status byte tells the end of the sweep:
bit 0 (the buffer is full) or bit 7 (the trigger model is idle). On RS-232, the reply to ``*OPC?`` tells it.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tsbench.errors import ConfigurationError, InstrumentError, LimitError, nearest
from tsbench.instruments.driver import Driver
from tsbench.instruments.guard.limits import require_in_range
from tsbench.instruments.interfaces import (
    HasSenseLeads,
    Interlocked,
    LimitReadable,
    MeasureSettings,
    OutputOffSelectable,
    Range,
    Reading,
    SenseLeads,
    SourceMeter,
    SourceSettings,
    TriggerEvent,
    TriggerLinked,
)
from tsbench.instruments.keithley_2400.data_sheet import (
    KEITHLEY_2400,
    KEITHLEY_2401,
    KEITHLEY_2410,
    LIST_CHUNK,
)
from tsbench.instruments.keithley_2400.operating_ranges import row_for, top_of
from tsbench.instruments.keithley_2400.readings import ListSweep, decoded
from tsbench.instruments.keithley_2400.source import SourceOf2400
from tsbench.instruments.languages.scpi import format_list, format_number
from tsbench.instruments.source_meters.functions import UNIT, WORD
from tsbench.instruments.source_meters.output_off import OUTPUT_OFF
from tsbench.instruments.source_meters.readings import ELEMENTS
from tsbench.instruments.source_meters.records import accuracy_tables, settings_record
from tsbench.records import FloatArray

_BUFFER_FULL, _IDLE = 512, 1024  #: bits of the measurement events and of the operation events
_ENDED = 0x81  #: bits of the status byte that tell of them
_POINTS_ON_SERIAL_PORT = 25  #: of one sweep, so that a stop is heard soon
TRIGGER_LINK = ("line1", "line2", "line3", "line4")  #: its jacks


def _line(label: str, jack: str) -> int:
    """Return the number of a jack of the trigger link; LimitError where there is none."""
    if jack not in TRIGGER_LINK:
        raise LimitError(f"{label}: it has no trigger jack '{jack}'. It has {', '.join(TRIGGER_LINK)}")
    return TRIGGER_LINK.index(jack) + 1


class Keithley2400(SourceOf2400):
    """A :class:`~tsbench.instruments.SourceMeter` of 210 V, 1.05 A and 22 W.

    Parameters
    ----------
    output_off : str
        What the terminals are when the output is off: ``high_impedance`` (relay open), ``normal``, ``zero``,
        ``guard``.
    four_wire : bool
        Sense the voltage at the device, with leads from the sense terminals.
    output_enable : bool
        Let the output switch on only while the output enable line of the rear panel is closed.
    """

    title = "Keithley 2400"
    data_sheet = KEITHLEY_2400
    trigger_inputs: Sequence[str] = TRIGGER_LINK
    trigger_outputs: Sequence[str] = TRIGGER_LINK

    def __init__(
        self, adapter: Any, name: str = "source_meter", output_off: str = "high_impedance", four_wire: bool = False,
        output_enable: bool = False, **kwargs: Any,
    ) -> None:
        if output_off not in OUTPUT_OFF:
            raise ConfigurationError(
                f"{name}: output_off = '{output_off}' is unknown{nearest(str(output_off), OUTPUT_OFF)}")
        self._off_mode = OUTPUT_OFF[output_off]
        self.four_wire, self.output_enable = four_wire, output_enable
        self._sweep = ListSweep(np.zeros(0))  #: the last one
        super().__init__(adapter, name, **kwargs)
        self.sense_leads = SenseLeads(
            self.label, four_wire, lambda four: self.send(f":SYST:RSEN {'ON' if four else 'OFF'}"),
            lambda: self.ask_switch(":SYST:RSEN?"))
        self.polls = bool(getattr(self.adapter.connection, "polls", True))
        if not self.polls:
            self.capabilities = dataclasses.replace(
                self.capabilities, maximum_sweep_points=_POINTS_ON_SERIAL_PORT)

    def initialise(self) -> None:
        """After a reset: readings of voltage and current, mains frequency, off state, way of sensing, events."""
        self.sweeping = False
        self.capabilities = dataclasses.replace(self.capabilities, line_frequency=self.ask_number(":SYST:LFR?"))
        self.send(
            f":OUTP:SMOD {self._off_mode}", f":OUTP:ENAB {'ON' if self.output_enable else 'OFF'}",
            f":SYST:RSEN {'ON' if self.four_wire else 'OFF'}", ":SENS:FUNC:CONC ON", ':SENS:FUNC "VOLT","CURR"',
            f":FORM:ELEM {ELEMENTS}", ":STAT:PRES", f":STAT:MEAS:ENAB {_BUFFER_FULL}", f":STAT:OPER:ENAB {_IDLE}")
        self.forget()

    # ------------------------------------------------------------------------------------- configuration

    def configure_measure(self, settings: MeasureSettings) -> MeasureSettings:
        """Set range and aperture of what is measured; voltage and current are measured in any case."""
        require_in_range(self.label, "nplc", settings.nplc, self.capabilities.nplc)
        self.to_fixed_level()
        sourced = self.source.function if self.source is not None else None
        word = f":SENS:{WORD[settings.function]}"
        fixed = settings.range if settings.function != sourced else None   # what is sourced has the source range
        if fixed is not None:
            self.ranges.require_range(settings.function, fixed)
            if self.source is not None:
                self.ranges.require_suitable(self.source, fixed)
        self.send(
            *([] if settings.function == sourced else
              [f"{word}:RANG:AUTO ON" if fixed is None else f"{word}:RANG {format_number(fixed)}"]),
            f"{word}:NPLC {format_number(settings.nplc)}", f":SYST:AZER {'ON' if settings.auto_zero else 'OFF'}")
        self.check_errors()
        nplc = self.accepted("nplc", settings.nplc, self.ask_number(f"{word}:NPLC?"), "")
        if fixed is not None:
            row = row_for(self.ranges.measuring(settings.function), fixed)
            self.accepted(
                f"{settings.function} range", top_of(row), self.ask_number(f"{word}:RANG?"), UNIT[settings.function])
            fixed = row.full_scale
        self.measure_settings = dataclasses.replace(settings, nplc=nplc, range=fixed)
        return self.measure_settings

    # -------------------------------------------------------------------------------------- single points

    def measure(self) -> Reading:
        """Take one reading at the present level."""
        self.configured(self.source, "source")
        self.to_fixed_level()
        return decoded(self.ask_list(":READ?"), self.level, self.label)

    # --------------------------------------------------------------------------------------------- sweeps

    def start_sweep(self, levels: FloatArray, dwell: float) -> None:
        """Load the list, make the buffer ready, start. The readings come when the sweep has ended."""
        source = self.configured(self.source, "source")
        require_in_range(self.label, "number of sweep points", len(levels),
                         Range(1, self.capabilities.maximum_sweep_points, ""))
        for level in levels:
            self.ranges.require_level(float(level), source)
        if dwell:
            require_in_range(self.label, "dwell", dwell, Range(self.capabilities.minimum_dwell, 999.9999, "s"))
        self.abort()
        word, chunk = WORD[source.function], LIST_CHUNK
        for first in range(0, len(levels), chunk):
            append = "" if first == 0 else ":APP"
            self.write(f":SOUR:LIST:{word}{append} {format_list(levels[first : first + chunk])}")
        self.send(
            f":SOUR:{word}:MODE LIST", f":SOUR:DEL {format_number(dwell)}", ":ARM:COUN 1", f":TRIG:COUN {len(levels)}",
            ":TRAC:FEED:CONT NEV", f":TRAC:POIN {len(levels)}", ":TRAC:FEED SENS", ":TRAC:FEED:CONT NEXT", ":OUTP ON")
        self.lists_levels = True
        self.check_errors()
        self.ask(":STAT:MEAS?;:STAT:OPER?")   # the events of an earlier sweep
        self._sweep = ListSweep(np.array(levels, dtype=np.float64))
        self.sweeping = True
        self.write(":INIT")
        if not self.polls:
            self.write("*OPC?")

    def sweep_running(self) -> bool:
        """Ask the status byte, or look whether the reply to ``*OPC?`` has come."""
        if not self.sweeping:
            return False
        connection = self.adapter.connection
        if self.polls:
            self.sweeping = not connection.serial_poll() & _ENDED
        elif connection.reply_waits():
            connection.read()
            self.sweeping = False
        if not self.sweeping:
            self.check_errors()
        return self.sweeping

    def poll_sweep(self) -> int:
        """Return how many readings can be fetched: none before the sweep has ended."""
        return 0 if self.sweep_running() else len(self._sweep.fetched(self))

    def fetch_sweep(self, first: int, last: int) -> list[Reading]:
        """Return readings ``first`` up to but not including ``last``, each with its level."""
        return self._sweep.fetched(self)[first:last]

    # --------------------------------------------------------------------------------- trigger link, duties

    def start_at(self, jack: str | None) -> None:
        """Let the next sweep start at an edge of the jack; None: as soon as it is started."""
        if jack is None:
            self.send(":ARM:SOUR IMM")
        else:
            self.send(f":ARM:ILIN {_line(self.label, jack)}", ":ARM:SOUR TLIN")
        self.check_errors()

    def tell(self, jack: str, event: TriggerEvent | None) -> None:
        """Give a pulse at the jack when a sweep begins, at each point, or when it has ended; None: no more."""
        line = _line(self.label, jack)
        arm = {"begin": "TENT", "end": "TEX"}.get(event or "", "NONE")
        point = "SENS" if event == "point" else "NONE"
        self.send(f":ARM:OLIN {line}", f":TRIG:OLIN {line}", f":ARM:OUTP {arm}", f":TRIG:OUTP {point}")
        self.check_errors()

    def accepted_settings(self) -> Mapping[str, object]:
        """Return the set-up as it was last read back."""
        found: dict[str, object] = {
            "output_off": self._off_mode, "four_wire": self.four_wire,
            "line_frequency": self.capabilities.line_frequency,
        }
        return found | settings_record(self.source, self.measure_settings)

    def accuracy(self) -> Mapping[str, Mapping[str, float]]:
        """Return the accuracy of every range, as the run file keeps it."""
        return accuracy_tables(self.capabilities)


class Keithley2401(Keithley2400):
    """A :class:`~tsbench.instruments.SourceMeter` of 21 V, 1.05 A and 22 W."""

    title = "Keithley 2401"
    data_sheet = KEITHLEY_2401


class Keithley2410(Keithley2400):
    """A :class:`~tsbench.instruments.SourceMeter` of 1100 V, 1.05 A and 22 W, with an output enable as interlock."""

    title = "Keithley 2410"
    data_sheet = KEITHLEY_2410

    def interlock_closed(self) -> bool:
        """Ask whether the output enable line lets the output switch on; a sweep ends first."""
        self.abort()
        return self.ask_switch(":OUTP:ENAB:TRIP?")

    def configure_source(self, settings: SourceSettings) -> SourceSettings:
        """Set function, range, compliance; see :meth:`_enable_line`."""
        if settings.function == "current":
            self._enable_line(settings.compliance)
        return super().configure_source(settings)

    def set_level(self, level: float) -> None:
        """Set the source level [V or A], read back; see :meth:`_enable_line`."""
        if self.source is not None and self.source.function == "voltage":
            self._enable_line(abs(level))
        super().set_level(level)

    def start_sweep(self, levels: FloatArray, dwell: float) -> None:
        """Start a list sweep; see :meth:`_enable_line`."""
        if self.source is not None and self.source.function == "voltage":
            self._enable_line(float(np.abs(levels).max(initial=0.0)))
        super().start_sweep(levels, dwell)

    def _enable_line(self, volts: float) -> None:
        """Let the output enable line switch the output off from now on, if the voltage [V] needs the interlock.

        Otherwise, and without the option ``output_enable``, the line has no effect (user's manual, p. 18-56).
        """
        above = self.capabilities.interlock_above
        if not self.output_enable and above is not None and volts > above:
            self.abort()
            self.write(":OUTP:ENAB ON")
            self.check_errors()
            if not self.ask_switch(":OUTP:ENAB?"):
                raise InstrumentError(f"{self.label}: the output enable line did not come into use. Check the "
                                      "instrument")


if TYPE_CHECKING:  # mypy holds the driver to its contracts
    _as_driver: type[Driver] = Keithley2400
    _as_source_meter: type[SourceMeter] = Keithley2400
    _as_trigger_linked: type[TriggerLinked] = Keithley2400
    _as_interlocked: type[Interlocked] = Keithley2410
    _as_output_off: type[OutputOffSelectable] = Keithley2400
    _as_limit_readable: type[LimitReadable] = Keithley2400
    _as_sense_leads: type[HasSenseLeads] = Keithley2400
