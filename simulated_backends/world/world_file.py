"""The world file of a simulated bench: reading and validation."""

import dataclasses
import math
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tsbench.errors import ConfigurationError
from tsbench.gpib_addresses import GpibCheckedResource
from tsbench.quantities import Amperes, Farads, Hertz, Kelvins, Number, Ohms, Seconds, Volts, VoltsPerAmpere
from tsbench.resource_names import canonical_name
from tsbench.simulated_backends.services.services import WORK_PER_MESSAGE
from tsbench.simulated_backends.virtual_instruments.serial_port import Parity, SerialPort
from tsbench.simulated_backends.world.faults import Fault
from tsbench.text_files import read_toml
from tsbench.validation import first_problem

#: an error in parts of the limit of the data sheet; beyond 1, the instrument is out of its accuracy
PartOfLimit = Annotated[float, Field(ge=-100, le=100)]


class _WorldTable(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WitnessTable(_WorldTable):
    """``[witness]``: where the truth is written, relative to the world file."""

    file: str


class WorldSerialPort(_WorldTable):
    """``[instruments.NAME.serial_port]``: what differs from the serial port of the model as it is delivered."""

    baud_rate: int | None = Field(default=None, gt=0)  #: [bit/s]
    data_bits: int | None = Field(default=None, ge=5, le=8)
    parity: Parity | None = None

    def over(self, delivered: SerialPort) -> SerialPort:
        """Return the port of a model with what this table changes."""
        return dataclasses.replace(delivered, **self.model_dump(exclude_none=True))


class WorldInstrument(_WorldTable):
    """``[instruments.NAME]``."""

    model: str
    resource: GpibCheckedResource
    serial: str | None = None  #: default: the serial number in the resource name, or SIM and the name
    bus_latency: Seconds | None = Field(default=None, ge=0)
    options: dict[str, Any] = Field(default_factory=dict)  #: what the model may take
    serial_port: WorldSerialPort | None = None  #: as its front panel shows it; default: as the model is delivered

    @model_validator(mode="after")
    def _has_the_port(self) -> Self:
        if self.serial_port is not None and not self.resource.upper().startswith("ASRL"):
            raise ValueError(f"serial_port is for an instrument at a serial port, but {self.resource} is none. Remove "
                             "serial_port, or write for example resource = \"ASRL3::INSTR\"")
        return self


class WorldFixture(_WorldTable):
    """``[fixture]``: the wiring with its parasitics, and where the instruments' terminals are."""

    netlist: str
    terminals: dict[str, str] = Field(default_factory=dict)
    #: name of the X element where the positioner puts devices; default: the only one that is not in ``devices``
    place: str | None = None
    devices: dict[str, str] = Field(default_factory=dict)  #: X element -> the device that stays there


class WorldAmplifier(_WorldTable):
    """``[amplifiers.NAME]``: a transimpedance amplifier of the wiring."""

    input: str  #: node
    output: str  #: node
    gain: VoltsPerAmpere  #: of either sign, at the open output
    input_resistance: Ohms = Field(gt=0)
    bandwidth: Hertz = Field(gt=0)
    maximum_output: Volts = Field(gt=0)  #: at the open output
    input_capacitance: Farads = Field(default=0.0, ge=0)
    output_resistance: Ohms = Field(default=50.0, gt=0)
    offset: Volts = 0.0  #: at the open output
    noise: Number = Field(default=0.0, ge=0)  #: [A/sqrt(Hz)] at the input


class CyclesTable(_WorldTable):
    """``[devices.NAME.cycles]``: what cycles do to a device, see :class:`.life.cycle_statistics.CycleStatistics`."""

    spread: dict[str, float] = Field(default_factory=dict)
    correlation: tuple[tuple[str, str, float], ...] = ()
    persistence: float = 0.0
    drift: dict[str, float] = Field(default_factory=dict)
    virgin: dict[str, float] = Field(default_factory=dict)
    used: float = 0.0
    endurance: float = math.inf
    endurance_shape: float = 1.5
    critical_current: Amperes = math.inf
    critical_exponent: float = 4.0
    recovery_voltage: Volts = math.inf
    recovery: float = 0.5


class TelegraphTable(_WorldTable):
    """``[[devices.NAME.noise]]`` of kind telegraph, see :class:`.life.fluctuations.Telegraph`."""

    kind: Literal["telegraph"]
    parameter: str
    amplitude: float
    time_low: Seconds
    time_high: Seconds


class FlickerTable(_WorldTable):
    """``[[devices.NAME.noise]]`` of kind flicker (1/f), see :class:`.life.fluctuations.Flicker`."""

    kind: Literal["flicker"]
    parameter: str
    spread: float
    lowest_frequency: Hertz = 1.0
    highest_frequency: Hertz = 1e3


NoiseTable = Annotated[TelegraphTable | FlickerTable, Field(discriminator="kind")]


class WorldDevice(_WorldTable):
    """``[devices.NAME]``: a catalogue model with parameters replaced."""

    model: str
    parameters: dict[str, float | str] = Field(default_factory=dict)
    seed: int | None = None
    cycles: CyclesTable | None = None
    noise: tuple[NoiseTable, ...] = ()


class WaferTable(_WorldTable):
    """``[wafers.NAME]``: many devices of one model, see :class:`.life.wafer.Wafer`."""

    model: str
    seed: int
    columns: int = 9
    rows: int = 9
    devices_per_die: int = 4
    spread: dict[str, float] = Field(default_factory=dict)
    gradient: dict[str, float] = Field(default_factory=dict)
    correlation: tuple[tuple[str, str, float], ...] = ()
    common: float = 0.5
    shorts: float = 0.0
    opens: float = 0.0
    cycles: CyclesTable | None = None  #: of every device, each from a seed of its own
    noise: tuple[NoiseTable, ...] = ()


class ChuckTable(_WorldTable):
    """``[chuck]``: what the devices lie on."""

    #: replaces the parameter ``t0`` of each device, unless its ``parameters`` set ``t0``; default: their own
    temperature: Kelvins | None = Field(default=None, gt=0)
    heater: str = ""  #: terminal of the output that heats it, such as "lakeshore.1"; "": it stays as it is
    sensor: str = ""  #: terminal of the input that measures it, such as "lakeshore.A"
    thermal_resistance: Number = Field(default=2.0, gt=0)  #: [K/W] to the surroundings, which have ``temperature``
    time_constant: Seconds = Field(default=60.0, gt=0)


class PositionerTable(_WorldTable):
    """``[positioner]``."""

    travel_time: Seconds = Field(default=1.0, ge=0)
    lost_contacts: float = Field(default=0.0, ge=0, le=1)  #: share of the times that the probes meet a device in vain


class SwitchTable(_WorldTable):
    """``[switch]``: a switch of the wiring that a hand sets."""

    positions: dict[str, tuple[str, ...]] = Field(min_length=1)  #: position -> resistors of the netlist that it closes
    first: str | None = None  #: position at the beginning; default: all are open


class WorldFile(_WorldTable):
    """A whole world file."""

    seed: int = Field(default=0, ge=0)
    rtol: float = Field(default=1e-6, ge=1e-10, le=1e-2)  #: relative tolerance of the circuit's integrator
    imperfections: bool = True
    #: (gain, offset) of every instrument in parts of its limits; None: drawn
    calibration_errors: tuple[PartOfLimit, PartOfLimit] | None = None
    steps_per_message: int = Field(default=WORK_PER_MESSAGE, gt=0)  #: of the circuit; what takes more is left out
    idle_time: bool = False  #: whether the time between two messages of a program in this process passes on the bench
    witness: WitnessTable | None = None
    instruments: dict[str, WorldInstrument] = Field(default_factory=dict)
    fixture: WorldFixture
    switch: SwitchTable | None = None
    amplifiers: dict[str, WorldAmplifier] = Field(default_factory=dict)
    wires: dict[str, str] = Field(default_factory=dict)  #: input jack -> output jack
    devices: dict[str, WorldDevice] = Field(default_factory=dict)
    wafers: dict[str, WaferTable] = Field(default_factory=dict)
    chuck: ChuckTable = ChuckTable()
    positioner: PositionerTable = PositionerTable()
    faults: tuple[Fault, ...] = ()


def load_world_file(path: Path) -> WorldFile:
    """Read and check a world file.

    Raises
    ------
    ConfigurationError
        One line: the file, the key, what is wrong, the nearest known name where a key is unknown.
    """
    if "\0" not in str(path) and not path.exists():
        raise ConfigurationError(f"{path}: this world file does not exist")
    data = read_toml(path, "world file")
    try:
        file = WorldFile.model_validate(data)
    except ValidationError as error:
        raise ConfigurationError(f"{path}: {first_problem(error, WorldFile)}") from None
    _require_different_addresses(file, path)
    return file


def _require_different_addresses(file: WorldFile, path: Path) -> None:
    """Raise ConfigurationError if two instruments have one address, however it is spelt."""
    known: dict[str, str] = {}
    for name, table in file.instruments.items():
        key = canonical_name(table.resource, str.casefold)
        if (other := known.get(key)) is not None:
            spelt = file.instruments[other].resource
            as_there = "" if spelt == table.resource else f", written as {spelt}"
            raise ConfigurationError(
                f"{path}: instruments.{name}.resource: {table.resource} is already the address of '{other}'{as_there}. "
                "Choose another address")
        known[key] = name
