"""The analog side of the Keithley 2450: output stage, relay, ranges, apertures.

The stage's two loops live in the circuit (``SourceMeterStage``); here are their set-points with the
calibration errors of the active range, the output relay with its three off states, and what one aperture
averages.
"""

import math
from dataclasses import dataclass

from tsbench.netlist import GROUND, Element
from tsbench.simulated_backends.circuit.engine import (
    Gap,
    Repetition,
    Segment,
    SourceMeterStage,
    Trajectory,
)
from tsbench.simulated_backends.services.regulation import Regulation
from tsbench.simulated_backends.virtual_instruments.instrument import (
    OPEN,
    AttachedStage,
    Attachment,
    VirtualInstrument,
)
from tsbench.simulated_backends.virtual_instruments.keithley_2450.ranges import (
    CURRENT,
    SLEW_RATE,
    VOLTAGE,
    RangeData,
    range_for,
)

OUTPUT_RESISTANCE = 0.05  #: [Ohm]
CLOSED = 0.05  #: [Ohm] of the output relay
#: [V] at the full current of a range that the current loop's speed is stated for; more where the voltage
#: range is high, or the loop would hold the output's slew down far from any limit
LOOP_SWING = 1.0
LOOP_SWING_OF_RANGE = 0.15
ZERO_LIMIT = 0.005  #: of the range: what limits the current in the NORMal off state
LIMIT_BAND = 0.005  #: relative: this near the limit counts as limiting


class Aperture:
    """Averages terminal voltage and current over one aperture; an observer of the circuit."""

    def __init__(self, node: str, element: str) -> None:
        self.node, self.element = node, element
        self.start: float | None = None
        self.end = 0.0
        self._volt_seconds = 0.0
        self._coulombs = 0.0

    def observe(self, segment: Segment) -> None:
        """Add one segment."""
        if self.start is None:
            self.start = segment.start
        self.end = segment.end
        if isinstance(segment, Gap):   # nothing is known of it: no number
            self._volt_seconds = self._coulombs = math.nan
        elif isinstance(segment, Repetition):
            self._add(segment.period, segment.count)
        else:
            self._add(segment, 1)

    def _add(self, trajectory: Trajectory, count: int) -> None:
        first, last = trajectory.start, trajectory.end
        self._volt_seconds += count * trajectory.integral("voltage", self.node, first, last)
        self._coulombs += count * trajectory.integral("current", self.element, first, last)

    @property
    def length(self) -> float:
        return 0.0 if self.start is None else self.end - self.start

    @property
    def voltage(self) -> float:
        """Return the mean voltage [V]."""
        return self._volt_seconds / self.length

    @property
    def current(self) -> float:
        """Return the mean current [A] out of the instrument."""
        return self._coulombs / self.length


@dataclass
class SetPoints:
    """What the stage is asked to do, in the user's terms."""

    function: str = "VOLT"  #: "VOLT" or "CURR"
    level: float = 0.0
    limit: float = 105e-6
    source_range: RangeData = VOLTAGE[0]
    current_range: RangeData = CURRENT[4]  #: the range the current is measured (or sourced) in
    high_capacitance: bool = False


class OutputStage:
    """Stage and relay of one 2450 in the circuit."""

    def __init__(self, instrument: VirtualInstrument) -> None:
        self._instrument = instrument
        self._bench = instrument.bench
        self.stage_name = instrument.element_name("S", "", "stage")
        self.relay_name = instrument.element_name("R", "", "relay")
        self.node = (instrument.node() or instrument.element_name("n", "", "open")).lower()
        self._inner = instrument.element_name("n", "", "output").lower()
        self.enabled = False
        self.off_state = "NORM"
        self.points = SetPoints()

    def attachment(self) -> Attachment:
        """Return stage and relay; a leak where nothing is wired to the terminals."""
        name = self._instrument.element_name
        elements = [Element("R", self.relay_name, (self._inner, self.node), 0, OPEN)]
        if self._instrument.node() is None:
            elements.append(Element("R", name("R", "", "leak"), (self.node, GROUND), 0, 1e9))
        return Attachment(tuple(elements), (AttachedStage(self.stage_name, self._inner, self._stage()),))

    def _stage(self) -> SourceMeterStage:
        points = self.points if self.enabled else self._off_points()
        voltage_source = points.function == "VOLT"
        calibrate = self._instrument.calibration
        row = points.source_range
        level = (
            calibrate(
                f"source {points.function} {row.full_scale:g}", row.source_gain, row.source_offset
            ).apply(points.level)
            if self.enabled
            else 0.0
        )
        current_range = points.current_range
        limit = max(points.limit, 1e-12)
        limit_row = current_range if voltage_source else range_for("VOLT", limit)
        limit *= 1.0 + calibrate(f"limit {points.function}", limit_row.source_gain, 0.0).gain
        slow = 20.0 if points.high_capacitance else 1.0
        voltage_range = row if voltage_source else limit_row
        swing = max(LOOP_SWING, LOOP_SWING_OF_RANGE * voltage_range.full_scale)
        return SourceMeterStage(
            function="voltage" if voltage_source else "current",
            level=level,
            limit=limit,
            output_resistance=OUTPUT_RESISTANCE,
            voltage_time_constant=voltage_range.time_constant * slow,
            current_time_constant=(current_range if voltage_source else row).time_constant * slow,
            loop_resistance=swing / (current_range if voltage_source else row).full_scale,
            slew_rate=SLEW_RATE / slow,
        )

    def _off_points(self) -> SetPoints:
        full = self.points.current_range.full_scale
        return SetPoints(
            "VOLT",
            0.0,
            full * (1.0 if self.off_state == "ZERO" else ZERO_LIMIT),
            self.points.source_range if self.points.function == "VOLT" else VOLTAGE[0],
            self.points.current_range,
        )

    def apply(self) -> None:
        """Give the circuit the present set-points."""
        stage = self._stage()
        self._bench.circuit.set_stage(self.stage_name, stage)
        limited = self.enabled and stage.function == "voltage"
        self._bench.compliance(
            self._instrument.name, Regulation(self._inner, stage.level, stage.limit) if limited else None)
        self._bench.changed()

    def glitch(self, volts: float) -> None:
        """Push the output by ``volts`` for an instant (a change of range)."""
        stage = self._stage()
        pushed = SourceMeterStage(**{**stage.__dict__, "level": stage.level + volts})
        self._bench.circuit.set_stage(self.stage_name, pushed)
        self._bench.changed()

    def set_relay(self, closed: bool) -> None:
        """Open or close the output relay."""
        self._bench.circuit.set_resistance(self.relay_name, CLOSED if closed else OPEN)
        self._bench.changed()

    # ------------------------------------------------------------------------------------- measuring

    def begin(self) -> Aperture:
        """Start an aperture now."""
        self._bench.sync()
        aperture = Aperture(self.node, self.relay_name)
        self._bench.lagging_circuit.add_observer(aperture)
        return aperture

    def finish(self, aperture: Aperture) -> None:
        """End it now."""
        self._bench.sync()
        self.cancel(aperture)

    def cancel(self, aperture: Aperture) -> None:
        """Take the observer away."""
        self._bench.lagging_circuit.remove_observer(aperture)

    def limiting(self, aperture: Aperture | None = None) -> bool:
        """Whether the limit loop has (or, over an aperture, had on average) taken over."""
        if not self.enabled:
            return False
        points = self.points
        circuit = self._bench.circuit
        if aperture is not None and aperture.length > 0:
            voltage, current = aperture.voltage, aperture.current
        else:
            voltage, current = circuit.voltage(self.node), circuit.current(self.relay_name)
        limited = current if points.function == "VOLT" else voltage
        threshold = self._stage().limit * (1.0 - LIMIT_BAND)
        return math.isfinite(limited) and abs(limited) >= threshold
