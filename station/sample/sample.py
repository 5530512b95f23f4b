"""A sample: every device of a bench file with what its record and the stored runs say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tsbench.archives.device_values import ArchivedDevice, DeviceValue, archived_devices
from tsbench.records import DeviceLimits
from tsbench.station.bench.bench_file import BenchFile
from tsbench.station.device_record import DeviceRecords
from tsbench.station.device_record.budgets import budget_of, records_folder
from tsbench.station.device_record.dose import Dose
from tsbench.station.device_record.life import Budget, DeviceLife, state_after
from tsbench.storage.record_file import Record


@dataclass(frozen=True)
class SampleDevice:
    """A device of the bench."""

    name: str
    place: tuple[int, ...] = ()  #: column, row and perhaps subsite on the wafer; () where the bench file has none
    material: str = ""
    notes: str = ""  #: of the bench file
    state: str = "pristine"
    runs: int = 0  #: stored in the folder
    last: str = ""  #: start of the latest of them
    used: Dose = field(default_factory=Dose)  #: what it was exposed to at most, in its whole life
    budget: Budget = field(default_factory=Budget)
    limits: DeviceLimits = field(default_factory=DeviceLimits)
    values: Mapping[str, DeviceValue] = field(default_factory=dict)  #: quantity -> latest value
    history: tuple[Record, ...] = ()  #: changes of state and notes, the oldest first
    paths: tuple[Path, ...] = ()  #: of its run files, the latest first

    @property
    def measured(self) -> bool:
        """Whether there is anything known of it."""
        return bool(self.runs or self.history or self.used.cycles)


@dataclass(frozen=True)
class Sample:
    """The devices of a bench in their order there, and one line for each file that cannot be read."""

    devices: tuple[SampleDevice, ...]
    problems: tuple[str, ...]
    records: Path  #: folder of the device record

    def quantities(self) -> dict[str, str]:
        """Return the quantities of which any device has a value, with their unit."""
        return {name: value.unit for device in self.devices for name, value in device.values.items()
                if value.value is not None}


def sample_of(bench: Path, runs: Path) -> Sample:
    """Return the devices of a bench file.

    Parameters
    ----------
    bench : Path
        The bench file.
    runs : Path
        Folder of the run files; it need not exist.

    Raises
    ------
    ConfigurationError
        The bench file cannot be used.
    StorageError
        Another process holds the catalogue, or a record of a device is damaged.
    """
    file = BenchFile.load(bench)
    found = archived_devices(runs) if runs.is_dir() else None
    archived = found.devices if found is not None else {}
    records = DeviceRecords(records_folder([file], runs))
    recorded = set(records.devices())
    devices = []
    for name in file.table.devices:
        life = records.life(name) if name in recorded else DeviceLife()
        history = tuple(one for one in records.history(name) if one[0] in {"state", "note"}) if name in recorded else ()
        devices.append(_device(file, name, archived.get(name, ArchivedDevice()), life, history, runs))
    return Sample(tuple(devices), tuple(found.problems if found is not None else ()), records.folder)


def _device(
    file: BenchFile, name: str, archived: ArchivedDevice, life: DeviceLife, history: tuple[Record, ...], runs: Path,
) -> SampleDevice:
    about = file.device(name)
    state = life.state
    if state == "pristine" and not history and archived.runs:  # measured where no record of devices was kept
        state = state_after(state, [(quantity, True) for quantity in archived.valued], archived.contact, True)
    return SampleDevice(
        name, _place(file, name), about.material, file.table.devices[name].notes, state, archived.runs, archived.last,
        life.used, budget_of(file, name), about.limits, archived.values, history,
        tuple(runs / one for one in archived.paths))


def _place(file: BenchFile, name: str) -> tuple[int, ...]:
    positioner = file.table.positioner
    if positioner is not None and positioner.kind == "prober" and name in positioner.devices:
        return tuple(int(part) for part in positioner.devices[name])
    return file.table.devices[name].die or ()
