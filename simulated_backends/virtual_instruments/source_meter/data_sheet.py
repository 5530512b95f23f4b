"""Data sheet of a source meter: ranges with accuracy, noise and speed, and the limits of the output.

Quantities are "VOLT" [V] and "CURR" [A]; a function ("VOLT" or "CURR") is the quantity that is sourced.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from tsbench.simulated_backends.virtual_instruments.sources import NO_DATA_SHEET, Origin

NOT_A_NUMBER = 9.91e37  #: SCPI-99, 7.2.1.5
OVERFLOW = 9.9e37  #: the reading of a value beyond the range


@dataclass(frozen=True)
class FastConverter:
    """What the readings of a range are if a second, faster converter takes them."""

    gain: float  #: relative accuracy
    offset: float
    noise: float  #: rms of a reading at 1 PLC
    resolution: float  #: in parts of the range


@dataclass(frozen=True, eq=False)   # each row of a table is one range: nothing compares their numbers
class RangeData:
    """One range of one quantity (V or A)."""

    full_scale: float
    measure_gain: float  #: relative accuracy of a reading
    measure_offset: float
    source_gain: float  #: relative accuracy of a level
    source_offset: float
    noise: float  #: rms of a reading at 1 PLC
    time_constant: float  #: [s] of the loop that regulates this quantity
    overrange: float = 1.05
    read_overrange: float | None = None  #: the same for readings; None: as for levels
    fast: FastConverter | None = None  #: None: the instrument has one converter
    reading_step: float | None = None  #: in parts of the range; None: the ``resolution`` of all ranges
    top: float = field(init=False)  #: the highest level: the full scale times ``overrange``
    reading_top: float = field(init=False)  #: the highest reading

    def __post_init__(self) -> None:
        read = self.overrange if self.read_overrange is None else self.read_overrange
        object.__setattr__(self, "top", self.full_scale * self.overrange)
        object.__setattr__(self, "reading_top", self.full_scale * read)


@dataclass(frozen=True)
class OffState:
    """What the output does while it is off."""

    relay_closed: bool
    limit_of_range: float  #: what limits, in parts of the current range at 0 V, of the voltage range at 0 A
    limit: float | None = None  #: [A or V] what limits instead, the same in each range
    function: str = "VOLT"  #: "VOLT": 0 V with a limit of the current; "CURR": 0 A with a limit of the voltage
    #: True: a voltage source keeps the limit that it had, and a current source is limited to its level, but not to less
    #: than ``limit_of_range``
    keeps_limit: bool = False


@dataclass(frozen=True)
class SourceMeterSources:
    """Where the numbers of each imperfection come from (``docs/imperfections.md``)."""

    reading_accuracy: Origin = NO_DATA_SHEET
    level_accuracy: Origin = NO_DATA_SHEET  #: that of a limit too
    reading_noise: Origin = NO_DATA_SHEET
    reading_resolution: Origin = NO_DATA_SHEET
    overflow: Origin = NO_DATA_SHEET  #: the highest reading of a range
    settling: Origin = NO_DATA_SHEET
    slew_rate: Origin = NO_DATA_SHEET
    limit_loop: Origin = NO_DATA_SHEET
    least_limit: Origin = NO_DATA_SHEET
    limiting_range: Origin = NO_DATA_SHEET  #: what a fixed measuring range does to the limit
    range_change_overshoot: Origin = NO_DATA_SHEET
    range_change_time: Origin = NO_DATA_SHEET
    automatic_range: Origin = NO_DATA_SHEET
    automatic_delay: Origin = NO_DATA_SHEET
    output_resistance: Origin = NO_DATA_SHEET  #: what lies outside the regulation with two wires
    off_state: Origin = NO_DATA_SHEET
    switching_times: Origin = NO_DATA_SHEET  #: of the output
    reading_time: Origin = NO_DATA_SHEET  #: beside the aperture
    high_capacitance: Origin = NO_DATA_SHEET


@dataclass(frozen=True)
class SourceMeterDataSheet:
    """One model of source meter."""

    name: str  #: as in ``*IDN?``
    manufacturer: str
    firmware: str
    ranges: Mapping[str, tuple[RangeData, ...]]  #: by quantity, lowest first
    resistance_ranges: tuple[float, ...]  #: [Ohm]
    first_ranges: Mapping[str, RangeData]  #: in which the automatic range begins
    #: by function, beside each of its source ranges: [A] of a voltage source, [V] of a current source
    highest_limit: Mapping[str, tuple[float, ...]]
    least_limit: float  #: a limit is more than this part of a fixed measuring range
    off_states: Mapping[str, OffState]  #: by the name that the model's commands use
    auto_delays: tuple[float, ...]  #: [s] source delay that the instrument chooses, by current range
    output_resistance: float  #: [Ohm] outside the regulation, at small currents (:meth:`resistances`)
    relay_resistance: float  #: [Ohm] likewise, of the closed relay
    slew_rate: float  #: [V/s]
    high_capacitance_factor: float  #: how much slower the loops are in high-capacitance mode
    #: [V] at the full current of a range that the current loop's speed is stated for; more where the voltage
    #: range is high, or the loop would hold the output's slew down far from any limit
    loop_swing: float
    loop_swing_of_range: float
    limit_band: float  #: relative: this near the limit counts as limiting
    relay_time: float  #: [s] from the output's zero to the open relay
    switch_on_time: float  #: [s]
    range_change_time: float  #: [s] until a new range has settled
    range_change_overshoot: float  #: [V] at the output, when the voltage source changes its range
    overshoot_time: float  #: [s] until the overshoot is at its highest
    reading_overhead: float  #: [s] of one reading beside its aperture
    resolution: float  #: of a reading, in parts of its range
    range_down: float  #: a reading below this part of the range makes the automatic range go down
    #: whether a fixed voltage range limits the voltage of a current source, as a fixed current range limits the current
    voltage_range_limits: bool = field(default=False, kw_only=True)
    open_relay_settling: float = field(default=0.0, kw_only=True)  #: [s] beside ``switch_on_time``, if it was open
    #: False: a limit below ``least_limit`` is set higher; True: it stays as set, but the output limits there
    least_limit_is_enforced: bool = field(default=False, kw_only=True)
    #: where a fixed current range limits the current by itself, as a multiple of its highest level
    range_limits_at: float = field(default=1.0, kw_only=True)
    #: [V] that falls outside the regulation with two wires at the full current of a range, at most: the voltage is
    #: sensed at the terminals. Infinity: the resistances are the same in each range
    voltage_burden: float = field(default=math.inf, kw_only=True)
    sources: SourceMeterSources = field(default=SourceMeterSources(), kw_only=True)

    def resistances(self, current_range: RangeData) -> tuple[float, float]:
        """Return what lies outside the regulation beside a current range [Ohm]: of the stage, and of the relay.

        A circuit without any resistance there cannot be computed, and one with as little at 1 pA as at 1 A would lose
        the small current between the digits of two nearly equal voltages.
        """
        fall = current_range.full_scale * (self.output_resistance + self.relay_resistance)
        part = min(1.0, self.voltage_burden / fall)
        return part * self.output_resistance, part * self.relay_resistance

    def step_of(self, row: RangeData) -> float:
        """Return the steps [V or A] of the readings in a range."""
        return row.full_scale * (self.resolution if row.reading_step is None else row.reading_step)
