"""The tables of a bench file: their keys, units and defaults. :mod:`.bench_file` reads and checks them as a whole."""

import dataclasses
import datetime
import itertools
import math
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from tsbench.gpib_addresses import GpibCheckedResource
from tsbench.instruments.links.link_settings import (
    DEFAULT_TIMEOUT,
    DEFAULT_TIMEOUT_WHILE_ON,
    FlowControl,
    LinkSettings,
    Parity,
    StopBits,
)
from tsbench.quantities import (
    Amperes,
    Coulombs,
    Farads,
    Hertz,
    Joules,
    Kelvins,
    Number,
    Ohms,
    Seconds,
    Siemens,
    Volts,
    VoltsPerAmpere,
    Watts,
    short_quantity,
)

#: [V] far above what a source meter gives (1.1 kV: Keithley 2410 and 2470) and what fixtures withstand. A rating of
#: 42 V or more with a wrong prefix "k" is above it
_MOST_RATING = 10e3
#: [K] below what thermal chucks with a chiller reach (-60 degrees Celsius, 213 K), and above what is meant in degrees
#: Celsius in most cases
_LOWEST_CHUCK = 200.0
_HIGHEST_CHUCK = 400.0  #: [K] that most samples and probe cards withstand (chosen): more must be stated
PositiveVolts = Annotated[Volts, Field(gt=0)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LinkTable(_Table):
    """``[instruments.NAME.link]``: terminators and serial port, where the driver's defaults do not fit."""

    read_termination: str | None = None
    write_termination: str | None = None
    baud_rate: int | None = Field(default=None, gt=0)  #: [bit/s]
    data_bits: int | None = Field(default=None, ge=5, le=8)
    parity: Parity | None = None
    stop_bits: StopBits | None = None
    flow_control: FlowControl | None = None

    def over(self, usual: LinkSettings) -> LinkSettings:
        """Return the settings of a driver with what this table changes."""
        return dataclasses.replace(usual, **self.model_dump(exclude_none=True))


class InstrumentTable(_Table):
    """``[instruments.NAME]``."""

    driver: str
    resource: GpibCheckedResource
    visa_library: str | None = None
    timeout: Seconds = Field(default=DEFAULT_TIMEOUT, gt=0)
    timeout_while_on: Seconds = Field(default=DEFAULT_TIMEOUT_WHILE_ON, gt=0)
    link: LinkTable = LinkTable()
    options: dict[str, str | int | float | bool] = Field(default_factory=dict)
    calibrated: datetime.date | None = None  #: for the report; nothing depends on it
    calibration_due: datetime.date | None = None


class AmplifierTable(_Table):
    """``[fixture.sensing.amplifier]``: the transimpedance amplifier that senses the current."""

    input: str  #: node of the netlist
    gain: VoltsPerAmpere  #: of either sign, at the scope
    input_resistance: Ohms = Field(gt=0)
    bandwidth: Hertz = Field(gt=0)
    maximum_output: Volts = Field(gt=0)  #: at the scope
    maximum_current: Amperes | None = Field(default=None, gt=0)
    termination: Literal["50", "1M"] = "1M"  #: input of the scope at its output

    @model_validator(mode="after")
    def _amplifies(self) -> Self:
        if self.gain == 0:
            raise ValueError("gain must not be 0")
        return self


class SensingTable(_Table):
    """``[fixture.sensing]``: terminals of scope channels, and what senses the current."""

    voltage_high: str | None = None
    voltage_low: str | None = None
    current: str | None = None
    current_sensor: Literal["shunt", "scope_input", "amplifier"] = "shunt"
    current_resistance: Ohms | None = Field(default=None, gt=0)
    current_tolerance: Number = Field(default=0.0, ge=0, le=0.5)
    amplifier: AmplifierTable | None = None

    @model_validator(mode="after")
    def _one_sensor(self) -> Self:
        if (self.current_sensor == "amplifier") != (self.amplifier is not None):
            raise ValueError('current_sensor = "amplifier" and the table amplifier belong together. Give both or '
                             "neither")
        if self.current_sensor != "shunt" and self.current_resistance is not None:
            raise ValueError('current_resistance is only for current_sensor = "shunt". Remove it')
        if self.current_sensor != "shunt" and self.current is None:
            raise ValueError(f'current_sensor = "{self.current_sensor}" also needs current, the channel of the scope')
        for key in ("voltage_low", "current"):
            if self.voltage_high is not None and getattr(self, key) == self.voltage_high:
                raise ValueError(
                    f"voltage_high and {key} are the same channel '{self.voltage_high}'. Correct one of the two")
        return self


class ProbeTable(_Table):
    """``[fixture.probes.TERMINAL]``: a passive probe at a channel of a scope."""

    attenuation: Number = Field(ge=1, le=1000)  #: voltage at the tip / voltage at the input
    resistance: Ohms | None = Field(default=None, gt=0)  #: between the tip and ground; None: attenuation * 1 MOhm
    accuracy: Number = Field(default=0.0, ge=0, le=0.5)  #: relative limit of the error of the attenuation


class HighVoltageTable(_Table):
    """``[fixture.high_voltage]``: what allows more than 42 V."""

    rating: Volts = Field(gt=0)  #: of fixture and cable
    interlock: str = Field(min_length=3)  #: what opens the interlock of the instrument, in words

    @field_validator("rating")
    @classmethod
    def _plausible(cls, rating: float) -> float:
        if rating > _MOST_RATING:
            raise ValueError(
                f"{short_quantity(rating, 'V')} is more than {short_quantity(_MOST_RATING, 'V')}, and no source meter "
                "gives so much. Check the prefix, and write the rating of the weakest of fixture, "
                "probes and cables")
        return rating

    @field_validator("interlock")
    @classmethod
    def _in_words(cls, interlock: str) -> str:
        if len(interlock.strip()) < 3:
            raise ValueError("the text does not say what opens the interlock. Write for example 'the lid of the "
                             "prober'")
        return interlock.strip()


class MeasuredTable(_Table):
    """``[fixture.measured]``: what ``tsbench check --fixture`` found; it counts in place of the netlist."""

    date: str = ""
    path_resistance: dict[str, Ohms] = Field(default_factory=dict)  #: by role
    current_offset: dict[str, Amperes] = Field(default_factory=dict)  #: of the source meter in a role
    leakage: dict[str, Siemens] = Field(default_factory=dict)  #: of the open path, by role
    parallel_capacitance: Farads | None = Field(default=None, ge=0)
    oscilloscope: str = ""  #: model and serial number of that with which what follows was measured
    channel_skew: Seconds | None = None  #: by which the current's channel is late against that of the high side
    channel_skew_uncertainty: Seconds | None = Field(default=None, gt=0)  #: standard uncertainty
    sense_capacitance: Farads | None = Field(default=None, ge=0)  #: all that is across the sense resistor
    sense_capacitance_uncertainty: Farads | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _with_their_uncertainties(self) -> Self:
        for name in ("channel_skew", "sense_capacitance"):
            value, uncertainty = getattr(self, name), getattr(self, f"{name}_uncertainty")
            if (value is None) != (uncertainty is None):
                raise ValueError(f"{name} and {name}_uncertainty belong together. Give both or neither")
            if value is not None and not self.oscilloscope:
                raise ValueError(f"{name} needs oscilloscope, the model and the serial number of the oscilloscope "
                                 "with which it was measured")
        return self


def _wrong_row(rows: list[tuple[float, float]]) -> tuple[float, float] | None:
    """Return the first row (gate voltage [V], resistance [Ohm]; sorted) that breaks the rise or fall of the others."""
    rises = rows[-1][1] > rows[0][1]
    for before, row in itertools.pairwise([(-math.inf, 0.0 if rises else math.inf), *rows]):
        if row[1] <= 0 or row[0] == before[0] or not (row[1] > before[1] if rises else row[1] < before[1]):
            return row
    return None


class ControlTable(_Table):
    """``[fixture.control.QUANTITY]``: the decade box, the operator or the gate that sets a quantity of the fixture."""

    instrument: str = ""  #: "": the operator, unless there is a gate
    element: str  #: of the netlist, whose value the box is
    rating: Watts | None = Field(default=None, gt=0)  #: of the resistor that is set; None: that of the decade box
    gate: str = ""  #: role of the source meter at the gate of a transistor, which the element is
    gate_voltages: tuple[Volts, ...] = ()
    resistances: tuple[Ohms, ...] = ()  #: at these gate voltages
    gate_limit: Amperes = Field(default=1e-6, gt=0)  #: compliance at the gate, and its largest current
    gate_max_voltage: Volts | None = Field(default=None, gt=0)  #: largest magnitude; None: that of gate_voltages

    @model_validator(mode="after")
    def _calibrated(self) -> Self:
        if not self.gate:
            if self.gate_voltages or self.resistances or {"gate_limit", "gate_max_voltage"} & self.model_fields_set:
                raise ValueError("gate_voltages, resistances, gate_limit and gate_max_voltage need gate, the role of "
                                 "the source meter at the gate")
            return self
        if self.instrument:
            raise ValueError("a control has an instrument or a gate, not both. Remove one of the two")
        if len(self.gate_voltages) < 2 or len(self.gate_voltages) != len(self.resistances):
            raise ValueError(
                "a gate needs gate_voltages and resistances of the same length, two or more. To get them, connect a "
                "short in place of the device and measure the resistance of the path at several gate voltages")
        rows = sorted(zip(self.gate_voltages, self.resistances, strict=True))
        if (wrong := _wrong_row(rows)) is not None:
            raise ValueError(
                "resistances must be positive, and rise or fall steadily with gate_voltages, but "
                f"{short_quantity(wrong[1], 'Ohm', 6)} at {short_quantity(wrong[0], 'V', 6)} does not. Correct it")
        most = max(map(abs, self.gate_voltages))
        if self.gate_max_voltage is not None and most > self.gate_max_voltage:
            raise ValueError(
                f"gate_voltages go to {short_quantity(most, 'V')}, but gate_max_voltage is "
                f"{short_quantity(self.gate_max_voltage, 'V')}. Correct one of the two")
        return self

    @property
    def largest_gate_voltage(self) -> float:
        """Return the largest magnitude of the voltage [V] at the gate: as stated, or the largest of the table."""
        return self.gate_max_voltage or max(map(abs, self.gate_voltages), default=0.0)


class RouteTable(_Table):
    """``[fixture.routing.states.STATE]``: the roles whose instruments reach the device together."""

    roles: tuple[str, ...] = Field(min_length=1)
    crosspoints: tuple[str, ...] = ()  #: of a matrix, closed in this state; the others of the states are open


class RoutingTable(_Table):
    """``[fixture.routing]``: what decides which source reaches the device."""

    kind: Literal["matrix", "operator", "output_off"]
    instrument: str = ""  #: the switch matrix
    state: str | None = None  #: as the bench is opened, where the operator cannot be asked
    states: dict[str, RouteTable] = Field(min_length=1)

    @model_validator(mode="after")
    def _keys_of_its_kind(self) -> Self:
        if self.state is not None and self.kind != "operator":
            raise ValueError('state is only for kind = "operator": tsbench sets the state of other kinds. Remove it')
        if self.instrument and self.kind != "matrix":
            raise ValueError('instrument is only for kind = "matrix". Remove it')
        return self


class FixtureTable(_Table):
    """``[fixture]``: the wiring as the lab knows it."""

    netlist: str = ""
    terminals: dict[str, str] = Field(default_factory=dict)
    sensing: SensingTable = SensingTable()
    probes: dict[str, ProbeTable] = Field(default_factory=dict)  #: channel of a scope, such as "scope.1" -> its probe
    high_voltage: HighVoltageTable | None = None
    withstands: dict[str, PositiveVolts] = Field(default_factory=dict)  #: terminal -> with its probe, at the node
    measured: MeasuredTable = MeasuredTable()
    routing: RoutingTable | None = None
    bias_tee: str = ""  #: capacitor of the netlist through which pulses reach the device
    control: dict[Literal["load_resistance", "parallel_capacitance"], ControlTable] = Field(default_factory=dict)


class LimitsTable(_Table):
    """``[device.limits]`` and ``[devices.ID.limits]``: what a device must never see."""

    max_voltage: Volts | None = Field(default=None, gt=0)
    max_current: Amperes | None = Field(default=None, gt=0)
    max_power: Watts | None = Field(default=None, gt=0)
    max_charge: Coulombs | None = Field(default=None, gt=0)
    max_energy: Joules | None = Field(default=None, gt=0)


class BudgetTable(_Table):
    """``[device.budget]`` and ``[devices.ID.budget]``: what a device may be exposed to in its life."""

    cycles: Number | None = Field(default=None, gt=0)
    charge: Coulombs | None = Field(default=None, gt=0)
    energy: Joules | None = Field(default=None, gt=0)


class DeviceTable(_Table):
    """``[devices.ID]``."""

    material: str = ""
    stack: str = ""
    area: Number | None = Field(default=None, gt=0)  #: [m^2]
    notes: str = ""
    temperature: Kelvins | None = Field(default=None, gt=0)  #: at which it is measured, as the lab knows it
    die: tuple[int, int] | None = None  #: column and row on its wafer
    least_resistance: Ohms | None = Field(default=None, gt=0)  #: that it never falls below
    limits: LimitsTable = LimitsTable()
    budget: BudgetTable = BudgetTable()
    standard: Literal["open", "short", "resistor"] | None = None  #: what it is, if it serves to measure the fixture
    resistance: Ohms | None = Field(default=None, gt=0)  #: of a standard that is a resistor

    @model_validator(mode="after")
    def _known_resistor(self) -> Self:
        if (self.standard not in {None, "open", "short"}) != (self.resistance is not None):
            raise ValueError("standard = \"resistor\" and resistance belong together. Give both or neither")
        return self


class CommonDeviceTable(_Table):
    """``[device]``: what holds for all devices of the bench."""

    limits: LimitsTable = LimitsTable()
    budget: BudgetTable = BudgetTable()


class PositioningTable(_Table):
    """``[positioner]``: what connects the devices."""

    kind: Literal["operator", "matrix", "prober"] = "operator"
    instrument: str = ""  #: the switch matrix or the prober
    #: device -> crosspoints of a matrix, or column, row and subsite on the wafer of a prober
    devices: dict[str, tuple[str, ...] | tuple[int, ...]] = Field(default_factory=dict)

    @field_validator("devices", mode="before")
    @classmethod
    def _places(cls, value: object) -> object:
        for device, place in value.items() if isinstance(value, dict) else ():
            if any(isinstance(one, float) for one in place if isinstance(place, list | tuple)):
                raise ValueError(f"the place of {device} is {list(place)}. Write column, row and subsite as whole "
                                 "numbers, for example [3, 5, 0]")
        return value

    @model_validator(mode="after")
    def _keys_of_its_kind(self) -> Self:
        for key in ("instrument", "devices"):
            if self.kind == "operator" and getattr(self, key):
                raise ValueError(f'{key} is only for kind = "matrix" or "prober". Remove it, or correct the kind')
        return self


class TemperatureTable(_Table):
    """``[temperature]``: the temperature controller of the chuck, and when it is stable."""

    instrument: str
    lowest: Kelvins = Field(default=_LOWEST_CHUCK, gt=0)  #: set-point
    highest: Kelvins = Field(default=_HIGHEST_CHUCK, gt=0)  #: set-point
    band: Kelvins = Field(default=0.2, gt=0)  #: from the set-point
    settling: Seconds = Field(default=30.0, ge=0)  #: for which it must stay in the band
    timeout: Seconds = Field(default=3600.0, gt=0)


class WatchdogTable(_Table):
    """``[watchdog]``: the process that switches off when the measuring process dies or stands still."""

    enabled: bool = True
    #: without a sign of progress for so long the run is killed; switching off takes its time after that
    deadline: Seconds = Field(default=0.8, ge=0.2, le=60.0)
    interval: Seconds = Field(default=0.1, ge=0.01, le=10.0)  #: between two heartbeats

    @model_validator(mode="after")
    def _in_time(self) -> Self:
        if 2.0 * self.interval > self.deadline:   # one heartbeat may be late
            raise ValueError(
                f"interval = {short_quantity(self.interval, 's')} must be at most half of deadline = "
                f"{short_quantity(self.deadline, 's')}, or the watchdog would end a run that is all right")
        return self


class McpTable(_Table):
    """``[mcp]``: what clients of the MCP server of this bench may do."""

    runs: bool = False
    archive: str = Field(default="runs", min_length=1)  #: folder of the run files, relative to this file


class BenchTable(_Table):
    """The whole file."""

    name: str = ""
    visa_library: str = ""
    connected: str | None = None  #: the device that is connected, where the operator cannot be asked
    device_record: str = ""  #: folder of the device record, relative to this file
    instruments: dict[str, InstrumentTable] = Field(default_factory=dict)
    roles: dict[str, str] = Field(default_factory=dict)
    fixture: FixtureTable = FixtureTable()
    devices: dict[str, DeviceTable] = Field(default_factory=dict)
    device: CommonDeviceTable = CommonDeviceTable()
    watchdog: WatchdogTable = WatchdogTable()
    mcp: McpTable = McpTable()
    positioner: PositioningTable | None = None
    temperature: TemperatureTable | None = None
