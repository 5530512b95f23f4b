"""What a bench file says of its bench, as plain data; no instrument is asked."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tsbench.instruments.registry import entry
from tsbench.station.bench.bench_file import BenchFile
from tsbench.station.device_record import DeviceRecords
from tsbench.station.device_record.budgets import budget_of, records_folder
from tsbench.station.service.client import connect
from tsbench.station.service.place import place_of
from tsbench.storage import codec


def bench_facts(path: Path) -> dict[str, Any]:
    """Return instruments, roles, wiring and devices of a bench.

    Raises
    ------
    ConfigurationError
        The bench file is wrong.
    """
    file = BenchFile.load(path)
    table = file.table
    return {
        "name": file.name, "bench": path.name, "runs_allowed": table.mcp.runs,
        "instruments": [
            {"name": name, "driver": one.driver, "kind": entry(one.driver).kind, "models": entry(one.driver).models}
            for name, one in table.instruments.items()],
        "roles": dict(table.roles), "netlist": table.fixture.netlist, "connected": table.connected,
        "fixture_control": sorted(table.fixture.control), "devices": sorted(table.devices),
    }


def device_facts(path: Path, out: Path) -> list[dict[str, Any]]:
    """Return each device with limits and budget in SI units, and its life as the device record has it.

    Parameters
    ----------
    path : the bench file
    out : folder of the run files, which may have a device record

    Raises
    ------
    TsbenchError
        The bench file is wrong, or a record is damaged.
    """
    file = BenchFile.load(path)
    records = DeviceRecords(records_folder([file], out))
    found = []
    for name, table in file.table.devices.items():
        life, described = records.life(name), file.device(name)
        found.append({
            "device": name, "material": table.material, "stack": table.stack, "notes": table.notes,
            "area": table.area, "temperature": table.temperature, "standard": table.standard,
            "limits": _stated(codec.plain(described.limits)), "budget": _stated(codec.plain(budget_of(file, name))),
            "life": {"state": life.state, "runs": life.runs, **codec.plain(life.used)},
        })
    return found


def _stated(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def queue_of(path: Path) -> dict[str, Any]:
    """Return the queue of the bench service, as one may see it who only looks on; ``service`` is false without one."""
    if not place_of(path).lives:
        return {"service": False, "jobs": []}
    with connect(path, start=False, view_only=True) as service:
        return queue_facts(service.status())


def queue_facts(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the state of a bench service without the folders of its users."""
    jobs = [{key: value for key, value in job.items() if key != "path"} for job in state["jobs"]]
    return {"service": True, **{key: state[key] for key in ("running", "held", "open", "clients")}, "jobs": jobs}
