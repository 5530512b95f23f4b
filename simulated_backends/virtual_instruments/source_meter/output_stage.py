"""Output stage of a source meter in the circuit: two control loops, the output relay, and the averages over apertures.

The loops themselves live in the circuit (``SourceMeterStage``). Here are their set-points with the calibration errors
of the active range, the output relay with its off states, and what one aperture averages.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tsbench.netlist import GROUND, Element
from tsbench.simulated_backends.circuit.engine import Gap, Repetition, Segment, SourceMeterStage, Trajectory
from tsbench.simulated_backends.services.regulation import Regulation
from tsbench.simulated_backends.virtual_instruments.instrument import (
    OPEN,
    AttachedStage,
    Attachment,
    Calibration,
    VirtualInstrument,
)
from tsbench.simulated_backends.virtual_instruments.source_meter.data_sheet import (
    OffState,
    RangeData,
    SourceMeterDataSheet,
)


def range_for(ranges: Sequence[RangeData], value: float) -> RangeData:
    """Return the lowest of the ranges (lowest first) that holds ``value`` [V or A]; the highest if none does."""
    magnitude = abs(value)
    for row in ranges:
        if magnitude <= row.top * (1 + 1e-9):
            return row
    return ranges[-1]


class Aperture:
    """Averages terminal voltage and current over one aperture; an observer of the circuit.

    Parameters
    ----------
    node, element : what is averaged
    opened : [s] what is before this instant does not count; None: it begins with the first segment
    """

    def __init__(self, node: str, element: str, opened: float | None = None) -> None:
        self.node, self.element = node, element
        self.start = opened
        self.end = math.nan if opened is None else opened
        self._volt_seconds = 0.0
        self._coulombs = 0.0

    def observe(self, segment: Segment) -> None:
        """Add one segment, or the part of it behind the opening."""
        if self.start is None:
            self.start = segment.start
        late = self.start - segment.start   #: [s] of the segment that do not count
        if late > 0.0 and segment.end <= self.start:
            return
        self.end = segment.end
        if isinstance(segment, Gap):   # it was not computed: there is no number
            self._volt_seconds = self._coulombs = math.nan
        elif isinstance(segment, Repetition):
            period, passed = segment.period, int(max(late, 0.0) // segment.length)
            rest = max(late, 0.0) - passed * segment.length
            if rest > 0.0:   # it opens within a period
                self._add(period, min(period.start + rest, period.end), 1)
            self._add(period, period.start, segment.count - passed - int(rest > 0.0))
        else:
            self._add(segment, max(segment.start, self.start), 1)

    def _add(self, trajectory: Trajectory, first: float, count: int) -> None:
        if count > 0:
            last = trajectory.end
            self._volt_seconds += count * trajectory.integral("voltage", self.node, first, last)
            self._coulombs += count * trajectory.integral("current", self.element, first, last)

    @property
    def length(self) -> float:
        """Return how long it has been open [s]."""
        return 0.0 if self.start is None else max(self.end - self.start, 0.0)

    def means(self) -> dict[str, float]:
        """Return the mean voltage [V] ("VOLT") and the mean current [A] out of the instrument ("CURR")."""
        length = self.length
        return {"VOLT": self._volt_seconds / length, "CURR": self._coulombs / length}


@dataclass
class SetPoints:
    """What the stage is asked to do, in the user's terms."""

    source_range: RangeData
    current_range: RangeData  #: the range the current is measured (or sourced) in
    function: str = "VOLT"  #: "VOLT" or "CURR"
    level: float = 0.0
    limit: float = 105e-6
    high_capacitance: bool = False


class OutputStage:
    """Stage and relay of one pair of terminals.

    Parameters
    ----------
    instrument : VirtualInstrument
    sheet : SourceMeterDataSheet
    off_state : of the output when the instrument is switched on
    terminal : name of the terminals, "" for an instrument with one pair

    Raises
    ------
    ConfigurationError
        The instrument has no terminal of that name.
    """

    def __init__(
        self, instrument: VirtualInstrument, sheet: SourceMeterDataSheet, off_state: OffState, terminal: str = "",
    ) -> None:
        self._instrument = instrument
        self._bench = instrument.bench
        self._sheet = sheet
        self._terminal = terminal
        instrument.require_terminals("this output of a source meter", [terminal])
        name = instrument.element_name
        self.stage_name = name("S", terminal, "stage")
        self.relay_name = name("R", terminal, "relay")
        self.node = (instrument.node(terminal) or name("n", terminal, "open")).lower()
        self._inner = name("n", terminal, "output").lower()
        self.enabled = False
        self.series_resistance = 0.0  #: [Ohm] that the user has switched between the stage and the terminals
        self.off_state = off_state
        self.relay_closed = off_state.relay_closed
        self._relay_resistance = OPEN  #: [Ohm] in the circuit
        self._resistances: dict[RangeData, tuple[float, float]] = {}  #: by current range, as far as needed
        self.points = SetPoints(sheet.ranges["VOLT"][0], sheet.first_ranges["CURR"])
        self._errors: dict[str, Calibration] = {}  #: drawn so far, by what they are errors of
        self._applied = self._stage()
        self._off_given: tuple[object, ...] | None = None  #: what the stage in the circuit depends on

    def attachment(self) -> Attachment:
        """Return stage and relay; a leak where nothing is wired to the terminals."""
        elements = [Element("R", self.relay_name, (self._inner, self.node), value=OPEN)]
        if self._instrument.node(self._terminal) is None:
            leak = self._instrument.element_name("R", self._terminal, "leak")
            elements.append(Element("R", leak, (self.node, GROUND), value=1e9))
        return Attachment(tuple(elements), (AttachedStage(self.stage_name, self._inner, self._stage()),))

    def _stage(self) -> SourceMeterStage:
        sheet, points = self._sheet, self._points_now()
        inside = self._inside(points)
        voltage_source = points.function == "VOLT"
        row = points.source_range
        level = 0.0
        if self.enabled:
            errors = self.error(f"source {points.function} {row.full_scale:g}", row.source_gain, row.source_offset)
            level = points.level * (1.0 + errors.gain) + errors.offset
        current_range = points.current_range
        limit = max(points.limit, 1e-12)
        limit_row = current_range if voltage_source else range_for(sheet.ranges["VOLT"], limit)
        limit *= 1.0 + limit_row.source_gain * self.error(f"limit {points.function}", 1.0, 0.0).gain
        slow = sheet.high_capacitance_factor if points.high_capacitance else 1.0
        voltage_range = row if voltage_source else limit_row
        swing = max(sheet.loop_swing, sheet.loop_swing_of_range * voltage_range.full_scale)
        return SourceMeterStage(
            function="voltage" if voltage_source else "current",
            level=level,
            limit=limit,
            output_resistance=inside[0],
            voltage_time_constant=voltage_range.time_constant * slow,
            current_time_constant=(current_range if voltage_source else row).time_constant * slow,
            # the speed is stated for a load at the terminals, which are behind the stage and the relay
            loop_resistance=swing / (current_range if voltage_source else row).full_scale + sum(inside),
            slew_rate=sheet.slew_rate / slow,
        )

    def error(self, what: str, gain: float, offset: float) -> Calibration:
        """Return a fixed error of these terminals, drawn when it is first needed."""
        if what not in self._errors:
            where = f"{self._terminal} " if self._terminal else ""
            self._errors[what] = self._instrument.calibration(where + what, gain, offset)
        return self._errors[what]

    def _inside(self, points: SetPoints) -> tuple[float, float]:
        """Return what lies outside the regulation [Ohm]: of the stage, and of the relay."""
        row = points.current_range
        if row not in self._resistances:
            self._resistances[row] = self._sheet.resistances(row)
        return self._resistances[row]

    def _points_now(self) -> SetPoints:
        return self.points if self.enabled else self._off_points()

    def _off_points(self) -> SetPoints:
        points, off = self.points, self.off_state
        if off.function == "CURR":
            lowest, ranges = self._sheet.ranges["CURR"][0], self._sheet.ranges["VOLT"]
            volts = points.source_range if points.function == "VOLT" else range_for(ranges, points.limit)
            limit = volts.full_scale * off.limit_of_range if off.limit is None else off.limit
            return SetPoints(lowest, lowest, "CURR", limit=limit)
        limit = points.current_range.full_scale * off.limit_of_range if off.limit is None else off.limit
        if off.keeps_limit:
            limit = points.limit if points.function == "VOLT" else max(abs(points.level), limit)
        return SetPoints(
            points.source_range if points.function == "VOLT" else self._sheet.ranges["VOLT"][0],
            points.current_range if off.limit is None else range_for(self._sheet.ranges["CURR"], limit),
            limit=limit,
        )

    def _given_while_off(self) -> tuple[object, ...]:
        """Return all that the stage of an output that is off depends on."""
        points = self.points
        kept = (points.limit, points.level) if self.off_state.keeps_limit or self.off_state.function == "CURR" else None
        return points.function, points.source_range, points.current_range, self.off_state, kept

    def apply(self) -> None:
        """Give the circuit the present set-points, unless the output is off and the circuit has them."""
        if not self.enabled and self._off_given == (given := self._given_while_off()):
            return
        stage, bench, name = self._stage(), self._bench, self._instrument.name
        self._applied = stage
        self._off_given = None if self.enabled else given
        limited = self.enabled and stage.function == "voltage"
        bench.circuit.set_stage(self.stage_name, stage)
        self._put_relay()
        bench.compliance(
            f"{name}.{self._terminal}" if self._terminal else name,
            Regulation(self._inner, stage.level, stage.limit) if limited else None)
        bench.changed()

    def push(self, volts: float, seconds: float) -> None:
        """Push the output, so that it is ``volts`` [V] beside its course after ``seconds`` [s] (a change of range)."""
        reached = -math.expm1(-seconds / self.points.source_range.time_constant)   # of a push that the loop follows
        stage = self._stage()
        self._bench.circuit.set_stage(self.stage_name, replace(stage, level=stage.level + volts / reached))
        self._bench.changed()

    def set_relay(self, closed: bool) -> None:
        """Open or close the output relay, behind which the series resistor is."""
        self.relay_closed = closed
        self._put_relay(True)
        self._bench.changed()

    def _put_relay(self, again: bool = False) -> None:
        """Give the circuit the resistance of the relay; ``again``: even if it has it."""
        resistance = OPEN
        if self.relay_closed:
            resistance = self._inside(self._points_now())[1] + self.series_resistance
        if again or resistance != self._relay_resistance:
            self._bench.circuit.set_resistance(self.relay_name, resistance)
            self._relay_resistance = resistance

    # ------------------------------------------------------------------------------------- measuring

    @property
    def _sensed(self) -> str:
        """The node whose voltage is measured: the terminals, or the stage before a series resistor or an open relay."""
        return self._inner if self.series_resistance or not self.relay_closed else self.node

    def present(self, quantity: str) -> float:
        """Return voltage [V] ("VOLT") or current [A] ("CURR") at the terminals now, or at an open relay."""
        circuit = self._bench.circuit
        return circuit.voltage(self._sensed) if quantity == "VOLT" else circuit.current(self.relay_name)

    def begin(self) -> Aperture:
        """Start an aperture now. The circuit follows later: it need not be integrated up to here for that."""
        aperture = Aperture(self._sensed, self.relay_name, self._bench.clock.now)
        self._bench.lagging_circuit.add_observer(aperture)
        return aperture

    def cancel(self, aperture: Aperture) -> None:
        """End an aperture where the circuit is."""
        self._bench.lagging_circuit.remove_observer(aperture)

    def limiting(self, means: Mapping[str, float] | None = None) -> bool:
        """Whether the limit loop has taken over, now or (by the means of an aperture) on average."""
        if not self.enabled:
            return False
        limits = "CURR" if self.points.function == "VOLT" else "VOLT"
        limited = self.present(limits) if means is None else means[limits]
        threshold = self._applied.limit * (1.0 - self._sheet.limit_band)
        return math.isfinite(limited) and abs(limited) >= threshold
