"""``world.toml``: what the simulated bench really is. Loading and refusing, nothing else."""

import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from tsbench.errors import ConfigurationError, nearest
from tsbench.quantities import Kelvins, Seconds
from tsbench.simulated_backends.faults import Fault


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WitnessTable(_Table):
    """``[witness]``: where the truth is written, relative to the world file."""

    file: str


class InstrumentTable(_Table):
    """``[instruments.NAME]``."""

    model: str
    resource: str
    serial: str | None = None  #: default: the serial number in the resource name, or SIM and the name
    bus_latency: Seconds | None = Field(default=None, ge=0)
    options: dict[str, Any] = Field(default_factory=dict)  #: what the model may take


class FixtureTable(_Table):
    """``[fixture]``: the wiring with its parasitics, and where the instruments' terminals are."""

    netlist: str
    terminals: dict[str, str] = Field(default_factory=dict)
    place: str | None = (
        None  #: name of the X element where the positioner puts devices; default: the only one
    )


class DeviceTable(_Table):
    """``[devices.NAME]``: a catalogue model with parameters replaced."""

    model: str
    parameters: dict[str, float | str] = Field(default_factory=dict)
    seed: int | None = None


class WaferTable(_Table):
    """``[wafers.NAME]``: many devices of one model, see :class:`.devices.wafer.Wafer`."""

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


class ChuckTable(_Table):
    """``[chuck]``: what the devices lie on."""

    temperature: Kelvins | None = Field(default=None, gt=0)  #: of all devices without a t0; default: their own


class PositionerTable(_Table):
    """``[positioner]``."""

    travel_time: Seconds = Field(default=1.0, ge=0)


class WorldFile(_Table):
    """A whole world file."""

    seed: int = Field(default=0, ge=0)
    imperfections: bool = True
    witness: WitnessTable | None = None
    instruments: dict[str, InstrumentTable] = Field(default_factory=dict)
    fixture: FixtureTable
    wires: dict[str, str] = Field(default_factory=dict)  #: input jack -> output jack
    devices: dict[str, DeviceTable] = Field(default_factory=dict)
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
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(f"{path}: no such world file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read ({error})") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: not TOML ({error})") from None
    try:
        return WorldFile.model_validate(data)
    except ValidationError as error:
        raise ConfigurationError(f"{path}: {_first_problem(error)}") from None


def _first_problem(error: ValidationError) -> str:
    problems = error.errors(include_url=False)
    problem = next((p for p in problems if p["type"] == "extra_forbidden"), problems[0])  # likelier the cause
    where = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        known = _known_names(problem["loc"][:-1])
        return f"unknown key '{where}'{nearest(str(problem['loc'][-1]), known)}"
    if problem["type"] == "missing":
        return f"'{where}' is missing; add it"
    message = problem["msg"].removeprefix("Value error, ")
    return f"{where}: {message}"


def _known_names(location: tuple[int | str, ...]) -> list[str]:
    """Return the keys that the table at ``location`` may have."""
    model: Any = WorldFile
    for part in location:
        if isinstance(model, type) and issubclass(model, BaseModel):
            field: FieldInfo | None = model.model_fields.get(str(part))
            model = field.annotation if field else None
        else:  # the value of a dict or an item of a tuple
            arguments = [a for a in getattr(model, "__args__", ()) if isinstance(a, type) and a is not str]
            model = arguments[-1] if arguments else None
        arguments = [
            a for a in getattr(model, "__args__", ()) if isinstance(a, type) and issubclass(a, BaseModel)
        ]
        if arguments and not hasattr(model, "__origin__"):  # X | None
            model = arguments[0]
    return list(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else []
