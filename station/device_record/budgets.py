"""The budget of a device and the folder of the device record, as the bench files say them."""

from collections.abc import Sequence
from pathlib import Path

from tsbench.station.bench.bench_file import BenchFile
from tsbench.station.device_record.life import Budget

FOLDER = "device_record"  #: in the folder of the runs, where no bench file names another one


def budget_of(file: BenchFile, device: str) -> Budget:
    """Return the budget of a device: its own entries, else those of all devices."""
    table = file.table
    own = table.devices[device].budget.model_dump() if device in table.devices else {}
    common = table.device.budget.model_dump()
    return Budget(**{name: value if value is not None else common[name] for name, value in own.items()} or common)


def records_folder(files: Sequence[BenchFile], out: Path) -> Path:
    """Return the folder of the device record: that of the first bench file that names one, else one in ``out``."""
    for file in files:
        if file.table.device_record:
            return file.path.parent / file.table.device_record
    return out / FOLDER
