"""Writes the header of a run to the NeXus tree: run, process, sample, fixture."""

import datetime
from collections.abc import Mapping
from typing import Any

import numpy as np

from tsbench.instruments.interfaces import FIXTURE_UNITS
from tsbench.records import Run, RunHeader, simulation_mark
from tsbench.storage import codec, run_id
from tsbench.storage.nexus import items as nx
from tsbench.storage.nexus.schema import CLOCK_AT_START, DEFINITION, DEFINITION_VERSION, RESULTS, SCHEMA
from tsbench.storage.provenance import PROGRAM, PROGRAM_URL

#: of a run's provenance: what stands where its kind stands, not in the environment of the process
_ELSEWHERE = (CLOCK_AT_START, "temperature", "die", "bench_file")


def write_facts(entry: Any, run: Run) -> None:
    """Write what is asked first of a run: what, when, how it ended, whether it is simulated."""
    header = run.header
    mark = loud(header)
    nx.text(entry, "definition", DEFINITION, version=DEFINITION_VERSION)
    nx.text(entry, "title", f"{mark}{header.protocol} on {header.device.identifier}")
    nx.text(entry, "start_time", header.start_time)
    nx.text(entry, "end_time", run.end_time)
    nx.text(entry, "program_name", PROGRAM, version=str(header.provenance.get("version", "")))
    nx.text(entry, "identifier_experiment", header.run_id)
    nx.text(entry, "identifier_collection", header.campaign_id)
    nx.text(entry, "experiment_description", f"{mark}protocol {header.protocol} of a threshold-switching device")
    group = nx.group(entry, "run", "NXcollection")
    nx.text(group, "status", run.status)
    nx.text(group, "reason", run.reason)
    nx.number(group, "points_planned", header.planned_points, "")
    nx.number(group, "points_acquired", len(run.points), "")
    nx.number(group, "waveforms_acquired", len(run.waveforms), "")
    nx.text(group, "schema", SCHEMA)
    if (at_start := header.provenance.get(CLOCK_AT_START)) is not None:
        clock = nx.number(group, CLOCK_AT_START, at_start, "s")
        clock.attrs["meaning"] = (
            "value of the bench's clock at start_time (wall time is start_time + time - this value)")
    simulated = group.create_dataset("simulated", data=header.simulated)
    simulated.attrs["meaning"] = simulated_in_words(header) or "real instruments answered"
    header_text = codec.to_json(header)
    nx.text(group, "header", header_text, type="application/json", sha256=codec.sha256(header_text))
    results = codec.to_json(run.results)
    nx.text(group, RESULTS, results, type="application/json", sha256=codec.sha256(results))
    user = nx.group(entry, "user", "NXuser")
    nx.text(user, "name", header.user or "unknown")


def loud(header: RunHeader) -> str:
    """Return what stands before every title of a run with simulated instruments, "" of one without."""
    if not header.simulated:
        return ""
    return f"{simulation_mark(_simulated(header)).partition(' (')[0] or 'SIMULATED'} "


def simulated_in_words(header: RunHeader) -> str:
    """Return which instruments of a run are simulated, "" where none is."""
    if not header.simulated:
        return ""
    simulated = _simulated(header)
    real = [name for name, said in simulated.items() if not said]
    if not real or len(real) == len(simulated):
        return "SIMULATED DATA: no real device was measured"
    names = [name for name, said in simulated.items() if said]
    return f"PARTLY SIMULATED DATA: simulated {', '.join(names)}; real {', '.join(real)}"


def _simulated(header: RunHeader) -> dict[str, bool]:
    return {name: bool(facts.get("simulated")) for name, facts in header.instruments.items()}


def write_process(entry: Any, provenance: Mapping[str, Any]) -> None:
    """Write the program and what it ran on."""
    process = nx.group(entry, "process", "NXprocess")
    version = str(provenance.get("version", ""))
    nx.text(process, "program", PROGRAM, version=version, program_url=PROGRAM_URL)
    nx.text(process, "date", run_id.timestamp())
    environment = nx.group(process, "environment", "NXcollection")
    for name, value in provenance.items():
        if name not in _ELSEWHERE:
            nx.anything(environment, name, value)


def write_sample(entry: Any, header: RunHeader) -> None:
    """Write the device, its place, its temperature and its limits."""
    device = header.device
    sample = nx.group(entry, "sample", "NXsample")
    nx.text(sample, "name", device.identifier)
    if device.material:
        nx.text(sample, "chemical_formula", device.material)
    if (temperature := header.provenance.get("temperature")) is not None:
        nx.number(sample, "temperature", temperature, "K")
    dut = nx.group(sample, "dut", "NXcollection")
    if die := header.provenance.get("die"):
        nx.array(dut, "die", np.array(die, dtype=np.int64), "").attrs["meaning"] = "column and row on the wafer"
    nx.text(dut, "device", device.identifier)
    nx.text(dut, "stack", device.stack)
    nx.text(dut, "notes", device.notes)
    if device.area is not None:
        nx.number(dut, "area", device.area, "m^2")
    limits = nx.group(dut, "limits", "NXcollection")
    for name, unit in (
        ("max_voltage", "V"),
        ("max_current", "A"),
        ("max_power", "W"),
        ("max_charge", "C"),
        ("max_energy", "J"),
    ):
        limit = getattr(device.limits, name)
        if limit is not None:
            nx.number(limits, name, limit, unit)


_SENSING_UNITS = {"current_resistance": "Ohm", "maximum_current": "A", "skew": "s", "skew_uncertainty": "s",
                  "capacitance": "F", "capacitance_uncertainty": "F"}
_AMPLIFIER_UNITS = {
    "gain": "V/A", "input_resistance": "Ohm", "bandwidth": "Hz", "maximum_output": "V", "maximum_current": "A"}


def write_fixture(entry: Any, header: RunHeader) -> None:
    """Write the wiring as believed, and the bench file that says so."""
    fixture = header.fixture
    group = nx.group(entry, "fixture", "NXcollection")
    nx.text(group, "netlist", fixture.netlist, type="application/x-spice")
    if bench := header.provenance.get("bench_file"):
        nx.text(group, "bench_file", bench["text"], type="application/toml", file=bench["name"], sha256=bench["sha256"])
    for name, values, unit in (
        ("terminals", fixture.terminals, ""),
        ("path_resistance", fixture.path_resistance, "Ohm"),
        ("source_resistance", fixture.source_resistance, "Ohm"),
    ):
        part = nx.group(group, name, "NXcollection")
        for key, value in values.items():
            nx.anything(part, key, value, unit)
    nx.number(group, "parallel_capacitance", fixture.parallel_capacitance, "F")
    nx.number(group, "parallel_conductance", fixture.parallel_conductance, "S")
    nx.number(group, "low_side_resistance", fixture.low_side_resistance, "Ohm")
    if fixture.control:
        part = nx.group(group, "control", "NXcollection")
        for key, value in fixture.control.items():
            nx.number(part, key, value, FIXTURE_UNITS.get(key, ""))
    if fixture.probes:
        probes = nx.group(group, "probes", "NXcollection")
        for terminal, probe in fixture.probes.items():
            part = nx.group(probes, terminal, "NXcollection")
            for key, value in codec.plain(probe).items():
                nx.number(part, key, value, "Ohm" if key == "resistance" else "")
    sensing = nx.group(group, "sensing", "NXcollection")
    for key, value in codec.plain(fixture.sensing).items():
        if key != "amplifier":
            nx.anything(sensing, key, value, _SENSING_UNITS.get(key, ""))
    if fixture.sensing.amplifier is not None:
        amplifier = nx.group(sensing, "amplifier", "NXcollection")
        for key, value in codec.plain(fixture.sensing.amplifier).items():
            nx.anything(amplifier, key, value, _AMPLIFIER_UNITS[key])


def clock_zero(header: RunHeader) -> str:
    """Return the time of day at which the bench's clock would have shown zero; "" where the header does not tell."""
    at_start = header.provenance.get(CLOCK_AT_START)
    if not isinstance(at_start, int | float) or not header.start_time:
        return ""
    start = datetime.datetime.fromisoformat(header.start_time)
    return (start - datetime.timedelta(seconds=at_start)).isoformat(timespec="milliseconds")
