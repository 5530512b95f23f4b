"""One channel of a B2900 as a :class:`~tsbench.instruments.SourceMeter`, with pulses and sampling.

Sweeps and pulses are lists of levels: a trigger brings the next level and, behind its delay, a reading. Sampling has
readings by the timer. All readings go to the trace buffer, which can be read while it is filled.
"""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from tsbench.errors import InstrumentError, LimitError
from tsbench.instruments.guard.limits import require_in_range
from tsbench.instruments.interfaces import (
    LimitQuestions,
    MeasureSettings,
    OutputState,
    Range,
    Reading,
    SenseLeads,
    SourceMeterCapabilities,
    SourcePulses,
    SourceSettings,
    TriggerEvent,
)
from tsbench.instruments.keysight_b2900.data_sheet import (
    IDLE,
    IDLE_SHIFT,
    LIST_CHUNK,
    MOST_POINTS,
    ModelB2900,
)
from tsbench.instruments.keysight_b2900.readings import decoded, require_level, row_for
from tsbench.instruments.languages.scpi import format_list, format_number, parse_name
from tsbench.instruments.languages.scpi_instrument import ScpiInstrument
from tsbench.instruments.source_meters.functions import OTHER, UNIT, WORD, key_of
from tsbench.instruments.source_meters.readings import ELEMENTS
from tsbench.instruments.source_meters.records import settings_record
from tsbench.records import FloatArray, Identity

OUTPUT_OFF: Mapping[str, str] = {"high_impedance": "HIZ", "normal": "NORM", "zero": "ZERO"}
PINS = tuple(f"ext{pin}" for pin in range(1, 15))  #: of the digital port, as jacks
_TELLS: Mapping[str, str] = {"begin": "TRIG", "point": "SENS"}
_FETCH_CHUNK = 500
_BEFORE_END = 10e-6  #: [s] between the end of an aperture and the end of its pulse


def _aperture(capabilities: SourceMeterCapabilities, measure: MeasureSettings | None) -> float:
    """Return the aperture [s]; before it is configured that of a reset."""
    return (0.1 if measure is None else measure.nplc) / capabilities.line_frequency


def load_list(
    box: ScpiInstrument, number: int, model: ModelB2900, label: str, source: SourceSettings | None, levels: FloatArray,
) -> None:
    """Send the levels of a list, after a check of each."""
    source = box.configured(source, "source")
    require_in_range(label, "number of levels", len(levels), Range(1, MOST_POINTS, ""))
    for level in levels:
        require_level(label, model, float(level), source)
    word = WORD[source.function]
    for first in range(0, len(levels), LIST_CHUNK):
        append = "" if first == 0 else ":APP"
        box.write(f":SOUR{number}:LIST:{word}{append} {format_list(levels[first : first + LIST_CHUNK])}")
    box.write(f":SOUR{number}:{word}:MODE LIST")


def start(box: ScpiInstrument, number: int, count: int, which: str) -> None:
    """Make the trace buffer ready for ``count`` readings, and leave idle."""
    box.send(
        f":TRAC{number}:FEED:CONT NEV", f":TRAC{number}:CLE", f":TRAC{number}:POIN {count}", f":TRAC{number}:FEED SENS",
        f":TRAC{number}:FEED:CONT NEXT", f":OUTP{number} ON")
    box.check_errors()
    box.write(f":INIT:{which} (@{number})")


def _signal(label: str, jack: str) -> str:
    """Return a pin as messages name it ("EXT3"); LimitError where there is none."""
    if jack not in PINS:
        raise LimitError(f"{label}: it has no trigger jack '{jack}'. It has ext1 to ext14")
    return jack.upper()


class ChannelSourceMeter:
    """A source meter: one channel.

    Parameters
    ----------
    box : ScpiInstrument
    number : 1 or 2
    model : ModelB2900
    four_wire : whether the voltage is sensed at the device
    """

    reads_output_back = True  #: after :meth:`set_output`, which raises where the output did not switch

    trigger_inputs: Sequence[str] = PINS
    trigger_outputs: Sequence[str] = PINS

    def __init__(self, box: ScpiInstrument, number: int, model: ModelB2900, four_wire: bool) -> None:
        self.box = box
        self.number = number
        self.model = model
        self.capabilities: SourceMeterCapabilities = dataclasses.replace(
            model.capabilities, boundaries=model.boundaries)
        self.identity: Identity = box.identity
        self.label = f"{box.label} channel {number}"
        self.output = f"{box.name}.{number}"
        self.limit_questions = LimitQuestions(
            box.ask_number, {sourced: f":SENS{number}:{WORD[OTHER[sourced]]}:PROT?" for sourced in OTHER})
        self.sense_leads = SenseLeads(
            self.label, four_wire, lambda four: box.send(f":SENS{number}:REM {'ON' if four else 'OFF'}"),
            lambda: box.ask_switch(f":SENS{number}:REM?"))
        self.off_mode = "NORM"  #: a value of :data:`OUTPUT_OFF`
        self.forget()

    def forget(self) -> None:
        """Forget the set-up as it was last read back (after a reset)."""
        #: as it was last read to be set; None before it is configured
        self.source: SourceSettings | None = None
        self._measure: MeasureSettings | None = None
        self._level = 0.0
        self._levels: FloatArray = np.zeros(0)
        self._plain = True  #: a fixed level, without pulses, timers and lists

    # ------------------------------------------------------------------------------------- configuration

    def configure_source(self, settings: SourceSettings) -> SourceSettings:
        """Set function, range, compliance; a new function starts at level zero (its output opens)."""
        box, n, function = self.box, self.number, settings.function
        caps, word, limited = self.capabilities, WORD[function], WORD[OTHER[function]]
        quantity = "compliance"
        require_in_range(
            self.label, quantity, settings.compliance,
            caps.compliance_current if function == "voltage" else caps.compliance_voltage)
        if settings.high_capacitance and function != "voltage":
            raise LimitError(f"{self.label}: the high-capacitance mode needs a voltage source. Set high_capacitance to "
                             "false, or source a voltage")
        same = self.source is not None and self.source.function == function
        level = self._level if same else 0.0
        require_level(self.label, self.model, level if settings.range is None else settings.range, dataclasses.replace(
            settings, range=None))
        require_level(self.label, self.model, level, settings)
        self._be_plain()
        if not same:
            box.send(f":SOUR{n}:FUNC:MODE {word}", f":SOUR{n}:{word}:MODE FIX", f":SOUR{n}:{word} 0")
            self._level = 0.0
        to_limit = f":SENS{n}:{limited}:PROT {format_number(settings.compliance)}"
        to_range = (f":SOUR{n}:{word}:RANG:AUTO ON" if settings.range is None
                    else f":SOUR{n}:{word}:RANG {format_number(settings.range)}")
        lowered = self.source is None or settings.compliance <= self.source.compliance
        # a high compliance is refused beside a high range, so what comes down comes first
        box.send(*((to_limit, to_range) if lowered else (to_range, to_limit)))
        if function == "voltage":
            box.write(f":OUTP{n}:HCAP {'ON' if settings.high_capacitance else 'OFF'}")
        box.check_errors()
        limit = box.accepted(
            quantity, settings.compliance, self.limit_questions.now(function), UNIT[OTHER[function]])
        source_range = None
        if settings.range is not None:
            rows = caps.source_voltage_accuracy if function == "voltage" else caps.source_current_accuracy
            source_range = box.accepted(
                f"{function} range", row_for(rows, settings.range).full_scale,
                box.ask_number(f":SOUR{n}:{word}:RANG?"), UNIT[function])
        self.source = settings.read_back(limit, source_range)
        return self.source

    def configure_measure(self, settings: MeasureSettings) -> MeasureSettings:
        """Set range and aperture of what is measured; voltage and current are measured in any case."""
        box, n = self.box, self.number
        require_in_range(self.label, "nplc", settings.nplc, self.capabilities.nplc)
        self._be_plain()
        word = f":SENS{n}:{WORD[settings.function]}"
        rows = (self.capabilities.current_accuracy if settings.function == "current"
                else self.capabilities.voltage_accuracy)
        fixed = settings.range
        if self.source is not None and self.source.function == settings.function:
            fixed = None   # what is sourced is measured in its source range
        if fixed is not None:
            top = rows[-1].full_scale * 1.05
            require_in_range(
                self.label, f"{settings.function} range", fixed, Range(0.0, top, UNIT[settings.function]))
        box.send(
            f"{word}:RANG:AUTO ON" if fixed is None else f"{word}:RANG {format_number(fixed)}",
            f"{word}:NPLC {format_number(settings.nplc)}")
        box.check_errors()
        nplc = box.accepted("nplc", settings.nplc, box.ask_number(f"{word}:NPLC?"), "")
        if fixed is not None:
            fixed = box.accepted(
                f"{settings.function} range", row_for(rows, fixed).full_scale, box.ask_number(f"{word}:RANG?"),
                UNIT[settings.function])
        self._measure = dataclasses.replace(settings, nplc=nplc, range=fixed, auto_zero=False)
        return self._measure

    def _be_plain(self) -> None:
        """Leave lists, pulses and timers: a level can be set again."""
        if not self._plain:
            n, word = self.number, WORD[self.box.configured(self.source, "source").function]
            self.box.send(
                f":ABOR (@{n})", f":SOUR{n}:{word}:MODE FIX", f":SOUR{n}:FUNC DC", f":TRIG{n}:ALL:SOUR AINT",
                f":TRIG{n}:ALL:COUN 1", f":TRIG{n}:ACQ:DEL 0")
            self._plain = True

    # ------------------------------------------------------------------------------------- level, output

    def set_level(self, level: float) -> None:
        """Set the source level [V or A], read back; settled before the next reading."""
        source = self.box.configured(self.source, "source")
        row = require_level(self.label, self.model, level, source)
        self._be_plain()
        word = f":SOUR{self.number}:{WORD[source.function]}"
        self.box.write(f"{word} {format_number(level)}")
        self.box.check_errors()
        self._level = self.box.accepted(
            f"source {source.function}", level, self.box.ask_number(f"{word}?"), UNIT[source.function],
            absolute=row.full_scale * 1e-5)

    def set_output(self, enabled: bool) -> None:
        """Switch the output and read back that it did; off ends a sweep."""
        n = self.number
        self.box.write(f":OUTP{n} {'ON' if enabled else 'OFF'}")
        self.box.check_errors()
        if self.box.ask_switch(f":OUTP{n}?") != enabled:
            raise InstrumentError(
                f"{self.label}: the output did not switch {'on' if enabled else 'off'}. Check the interlock")

    def measure(self) -> Reading:
        """Take one reading at the present level."""
        self.box.configured(self.source, "source")
        self._be_plain()
        return decoded(self.box.ask_list(f":MEAS? (@{self.number})"), self._level, self.label)

    # ------------------------------------------------------------------------- sweeps, pulses, sampling

    def start_sweep(self, levels: FloatArray, dwell: float) -> None:
        """Load the list, make the buffer ready, start."""
        caps, n = self.capabilities, self.number
        require_in_range(self.label, "number of sweep points", len(levels), Range(1, caps.maximum_sweep_points, ""))
        if dwell:
            require_in_range(self.label, "dwell", dwell, Range(caps.minimum_dwell, 1e5, "s"))
        self._be_plain()
        self._plain = False
        load_list(self.box, self.number, self.model, self.label, self.source, levels)
        self.box.send(
            f":SOUR{n}:FUNC DC", f":SOUR{n}:FUNC:TRIG:CONT ON", f":TRIG{n}:ALL:SOUR AINT",
            f":TRIG{n}:ALL:COUN {len(levels)}", f":TRIG{n}:ACQ:DEL {format_number(dwell)}")
        self._levels = np.array(levels, dtype=np.float64)
        start(self.box, self.number, len(self._levels), "ALL")

    def start_pulses(self, pulses: SourcePulses) -> SourcePulses:
        """Play the pulses by the timer, with a reading at the end of each top."""
        allowed, n = self.capabilities.pulses, self.number
        assert allowed is not None
        require_in_range(self.label, "pulse width", pulses.width, allowed.width)
        require_in_range(self.label, "pulse period", pulses.period, allowed.period)
        require_in_range(self.label, "number of pulses", len(pulses.levels), Range(1, allowed.maximum_pulses, ""))
        if pulses.period < pulses.width + 50e-6:
            raise LimitError(f"{self.label}: the pulse period {pulses.period:g} s must be at least 50 us above the "
                             f"width {pulses.width:g} s")
        aperture = _aperture(self.capabilities, self._measure)
        if aperture + 2 * _BEFORE_END > pulses.width:
            raise LimitError(f"{self.label}: the aperture {aperture:g} s does not fit into the pulse width "
                             f"{pulses.width:g} s. Lower nplc")
        self.set_level(pulses.base)
        self._be_plain()
        self._plain = False
        load_list(self.box, self.number, self.model, self.label, self.source, pulses.levels)
        delay = pulses.width - aperture - _BEFORE_END
        word = WORD[self.box.configured(self.source, "source").function]
        self.box.send(
            f":SOUR{n}:FUNC PULS", f":SOUR{n}:PULS:DEL 0", f":SOUR{n}:PULS:WIDT {format_number(pulses.width)}",
            f":SOUR{n}:{word} {format_number(pulses.base)}", f":TRIG{n}:ALL:SOUR TIM",
            f":TRIG{n}:ALL:TIM {format_number(pulses.period)}", f":TRIG{n}:ALL:COUN {len(pulses.levels)}",
            f":TRIG{n}:ACQ:DEL {format_number(round(delay, 6))}")
        width = self.box.accepted("pulse width", pulses.width, self.box.ask_number(f":SOUR{n}:PULS:WIDT?"), "s",
                                  relative=0.02)
        period = self.box.accepted("pulse period", pulses.period, self.box.ask_number(f":TRIG{n}:ALL:TIM?"), "s")
        self._levels = np.array(pulses.levels, dtype=np.float64)
        start(self.box, self.number, len(self._levels), "ALL")
        return dataclasses.replace(pulses, width=width, period=period)

    def start_sampling(self, level: float, interval: float, count: int) -> float:
        """Read by the timer at a constant level; returns the accepted interval [s]."""
        allowed, n = self.capabilities.sampling, self.number
        assert allowed is not None
        require_in_range(self.label, "sampling interval", interval, allowed.interval)
        require_in_range(self.label, "number of samples", count, Range(1, allowed.maximum_samples, ""))
        aperture = _aperture(self.capabilities, self._measure)
        if aperture + _BEFORE_END > interval:
            raise LimitError(f"{self.label}: the aperture {aperture:g} s does not fit into the sampling "
                             f"interval {interval:g} s. Lower nplc")
        self.set_level(level)
        self._plain = False
        self.box.send(
            f":TRIG{n}:ACQ:SOUR TIM", f":TRIG{n}:ACQ:TIM {format_number(interval)}", f":TRIG{n}:ACQ:COUN {count}")
        accepted = self.box.accepted("sampling interval", interval, self.box.ask_number(f":TRIG{n}:ACQ:TIM?"), "s")
        self._levels = np.full(count, level)
        start(self.box, self.number, len(self._levels), "ACQ")
        return accepted

    def poll_sweep(self) -> int:
        """Return how many readings are in the buffer."""
        return int(self.box.ask_number(f":TRAC{self.number}:POIN:ACT?"))

    def sweep_running(self) -> bool:
        """Ask whether one of the two trigger systems of the channel is not idle."""
        idle = IDLE << IDLE_SHIFT * (self.number - 1)
        return int(self.box.ask_number(":STAT:OPER:COND?")) & idle != idle

    def fetch_sweep(self, first: int, last: int) -> list[Reading]:
        """Return readings ``first`` up to but not including ``last``, each with its level."""
        width, readings = len(ELEMENTS.split(",")), list[Reading]()
        for start in range(first, last, _FETCH_CHUNK):
            count = min(_FETCH_CHUNK, last - start)
            values = self.box.ask_list(f":TRAC{self.number}:DATA? {start},{count}")
            if len(values) != width * count:
                raise InstrumentError(
                    f"{self.label}: the instrument sent {len(values)} values for {count} readings, but {width} values "
                    "are expected for each reading. Repeat the measurement")
            readings += [
                decoded(values[k * width : (k + 1) * width], float(self._levels[start + k]), self.label)
                for k in range(count)]
        return readings

    def abort(self) -> None:
        """Stop levels, pulses and readings; level and output stay."""
        self.box.write(f":ABOR (@{self.number})")

    def start_at(self, jack: str | None) -> None:
        """Let the next sweep, train or sampling start at an edge of a pin; None: as soon as it is started."""
        n = self.number
        if jack is None:
            self.box.write(f":ARM{n}:ALL:SOUR AINT")
        else:
            pin = _signal(self.label, jack)
            self.box.send(f":SOUR:DIG:{pin}:FUNC TINP", f":ARM{n}:ALL:SOUR {pin}")
        self.box.check_errors()

    def tell(self, jack: str, event: TriggerEvent | None) -> None:
        """Give an edge at a pin when a run begins or at each point; None: no more."""
        n, pin = self.number, _signal(self.label, jack)
        if event is not None and event not in _TELLS:
            raise LimitError(f"{self.label}: it cannot tell the event '{event}'. It tells {', '.join(_TELLS)}")
        self.box.send(*(f":{word}{n}:TOUT OFF" for word in _TELLS.values()))
        if event is not None:
            word = _TELLS[event]
            self.box.send(f":SOUR:DIG:{pin}:FUNC TOUT", f":{word}{n}:TOUT:SIGN {pin}", f":{word}{n}:TOUT ON")
        self.box.check_errors()

    # --------------------------------------------------------------------------------------- common duties

    def safe_state(self) -> None:
        """Stop, open the output, set the levels to zero."""
        n = self.number
        self.box.send(
            f":ABOR (@{n})", f":OUTP{n} OFF", f":SOUR{n}:VOLT:MODE FIX", f":SOUR{n}:CURR:MODE FIX", f":SOUR{n}:VOLT 0",
            f":SOUR{n}:CURR 0")
        self._level = 0.0

    def output_states(self) -> list[OutputState]:
        """Read the output back."""
        return [OutputState(self.output, self.box.ask_switch(f":OUTP{self.number}?"))]

    def clear(self) -> None:
        """Device clear of the box."""
        self.box.clear()

    def check_errors(self) -> None:
        """Empty the error queue of the box."""
        self.box.check_errors()

    def set_output_off(self, state: str) -> str:
        """Set the output-off state, and return it as read back."""
        self.box.send(f":OUTP{self.number}:OFF:MODE {OUTPUT_OFF[state]}")
        self.box.check_errors()
        self.off_mode = parse_name(self.box.ask(f":OUTP{self.number}:OFF:MODE?"))[:4]
        return key_of(OUTPUT_OFF, self.off_mode)

    def interlock_closed(self) -> bool:
        """Ask whether the interlock is closed."""
        return not self.box.ask_switch(":SYST:INT:TRIP?")

    def accepted_settings(self) -> Mapping[str, object]:
        """Return the set-up as it was last read back."""
        return settings_record(self.source, self._measure)

    def close(self) -> None:
        """Leave the connection to the box."""
