"""The commands ``check`` (the instruments of a bench and their safe state) and ``gui`` (the window)."""

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tsbench.cli.declaring import add_command, add_json
from tsbench.errors import InstrumentInUse, TsbenchError, sentences

if TYPE_CHECKING:
    from tsbench.records import DeviceDescription


_MISSPELT = 0.8  #: likeness from which on a name is a typing mistake: one or two letters of six


def declare(commands: Any) -> None:
    """Declare ``check`` and ``gui``."""
    check = add_command(
        commands,
        "check",
        "checking:check",
        "connect to the instruments and identify them, check limits and outputs, predict oscillation",
        "  tsbench check examples/nbo2.bench.toml",
    )
    check.add_argument("bench", type=Path, metavar="bench.toml", help="the bench file")
    check.add_argument(
        "--fixture", action="store_true",
        help="measure the fixture with the standards of the bench file (open, short, known resistor), compare it with "
             "the bench file, and write what was measured into the bench file")
    add_json(check, "the findings")

    gui = add_command(
        commands,
        "gui",
        "checking:gui",
        "open the window (install it with: pip install tsbench[gui])",
        "  tsbench gui examples/nbo2.bench.toml",
    )
    gui.add_argument("bench", nargs="?", type=Path, metavar="bench.toml", help="the bench file")


def check(options: argparse.Namespace) -> int:
    """Connect, identify, make safe, read back, look at limits and at what the fixture will do."""
    from tsbench.cli.printing import print_json

    if options.fixture:
        return _check_fixture(options)
    try:
        report = _checked(options.bench)
    except InstrumentInUse as error:
        if options.json:  # who owns it, for a window that can look at its run
            print_json({"in_use": dict(error.owner), "message": str(error)})
        raise
    if options.json:
        print_json(report)
    else:
        _print(report)
    return 1 if report["problems"] else 0


def _checked(path: Path) -> dict[str, Any]:
    """Check a bench; where a bench service has it, borrow it from the service, unless something is measured there.

    Raises
    ------
    InstrumentInUse
        The service measures; the record of the owner says that it is a service (``service``).
    TsbenchError
        As for :func:`check_bench`.
    """
    from tsbench.station.service.place import place_of

    if not place_of(path).lives:
        return check_bench(path)
    from tsbench.station.service.client import connect

    with connect(path, start=False) as service:
        about = {"lock": str(place_of(path).lock), "process": service.process, "service": True}
        state = service.status()
        for job in state["jobs"]:
            if job["state"] == "running":
                raise InstrumentInUse(
                    f"the bench service (process {service.process}) measures {job['protocol']} on {job['device']} for "
                    f"{job['user'] or 'somebody'}. Nothing was sent to the instruments. A run that you start waits for "
                    "its turn", about)
        with service.lent():
            return {**check_bench(path), "service": about}


def check_bench(path: Path) -> dict[str, Any]:
    """Return what is known of a bench after asking it; its outputs are off afterwards.

    Raises
    ------
    TsbenchError
        The file is wrong, or an instrument does not answer or is another one.
    """
    from tsbench.instruments.guard.exposed_terminals import SAFE_VOLTAGE
    from tsbench.station.bench.bench_file import BenchFile
    from tsbench.station.bench.bench_report import check as ask
    from tsbench.station.bench.netlist_rules import coil_warnings
    from tsbench.station.bench.terminal_names import advice_for_scripts, roles_for_scripts

    file = BenchFile.load(path)
    devices = [file.device(identifier) for identifier in file.table.devices]
    warnings = [warning for device in devices for warning in _missing_limits(device)]
    found = ask(path)
    warnings += [warning for device in devices for warning in _useless_limits(device, *found["reach"])]
    placed = file.table.positioner
    if placed is not None and placed.kind != "operator":
        warnings += [
            f"device {device.identifier} has no place in [positioner.devices], so it cannot be measured. Add its place"
            for device in devices if device.identifier not in placed.devices]
    warnings += [
        f"device {device}: the wafer map has no die in column {site.column}, row {site.row}, so it cannot be measured. "
        "Correct its place in [positioner.devices], or load another wafer map"
        for device, site in found["off_wafer"].items()]
    warnings += [
        f"device {device} is not in the world of the simulated bench, so it cannot be measured. Correct its name, "
        f"or add it to the world file{near}" for device, near in found["absent"].items()]
    warnings += [
        f"role '{role}' has the pulse measure unit '{terminal}'. {advice_for_scripts(role)}. For the protocols, give "
        "the role to a pulse generator" for role, terminal in roles_for_scripts(file.table)]
    warnings += _misspelt_roles(file.table.roles)
    if file.netlist is not None:
        warnings += [f"fixture: {doubt}" for doubt in file.netlist.doubts]
        warnings += coil_warnings(file.netlist, file.table.fixture.bias_tee)
    if found["other_oscilloscope"]:
        warnings.append(
            f"fixture: skew and capacitance in [fixture.measured] were measured with "
            f"{file.table.fixture.measured.oscilloscope}, but {found['other_oscilloscope']} is connected. They are not "
            "used. Measure again by 'tsbench check --fixture'")
    warnings += [
        f"output {output} was on when tsbench opened the bench, and tsbench switched it off. Find out what left it on, "
        "and check the device" for output in found["found_on"]]
    unasked = [terminal for terminal, closed in found["interlocks"].items()
               if closed is None and file.rating > SAFE_VOLTAGE]
    if file.table.fixture.high_voltage is not None:
        warnings += _interlock_warnings(file.table.fixture.high_voltage.interlock, found, unasked)
    return {
        "name": file.name,
        "bench": str(path),
        "instruments": [_instrument(name, facts) for name, facts in found["instruments"].items()],
        "outputs": [{"output": output, "enabled": enabled} for output, enabled in found["outputs"].items()],
        "found_on": found["found_on"],
        "unknown_before_reset": found["unknown_before_reset"],
        "devices": [
            {"id": device.identifier, "material": device.material, "limits": _limits(device)}
            for device in devices
        ],
        "high_voltage": file.table.fixture.high_voltage is not None,
        "interlocks": [{"terminal": one, "closed": closed} for one, closed in found["interlocks"].items()],
        "unwatched": found["unwatched"],
        "unasked": unasked,
        "fixture_control": found["fixture_control"],
        "predictions": _predictions(path, found["source_resistance"], warnings),
        "problems": [
            f"output {output} is still on" for output, enabled in found["outputs"].items() if enabled
        ],
        "warnings": warnings,
    }


def _interlock_warnings(lid: str, found: Mapping[str, Any], unasked: Iterable[str]) -> Iterator[str]:
    """Yield what must be looked at before a high voltage is applied.

    Parameters
    ----------
    lid : what opens the interlock, in words
    found : results of the checks of the bench
    unasked : terminals that cannot be asked for their interlock
    """
    for terminal, closed in found["interlocks"].items():
        if closed is False:
            yield f"the interlock of {terminal} is open, so it refuses high voltages. Close {lid}"
    for terminal in unasked:
        yield (f"{terminal} cannot be asked whether its interlock is closed. Before it brings more than 42 V to the "
               f"fixture, look whether {lid} is closed")
    for terminal in found["unwatched"]:
        yield (f"{terminal} has no interlock of its own at high voltages: its output stays on whether or not {lid} is "
               "closed. Connect the lid to the output enable line of the instrument and set output_enable = true in "
               f"[instruments.{terminal.partition('.')[0]}.options], if it has this option")


def _check_fixture(options: argparse.Namespace) -> int:
    """Measure the fixture, write it into the bench file, and return 1 where the bench file says something else."""
    from datetime import UTC, datetime

    from tsbench.cli.printing import print_json
    from tsbench.station.bench.bench_file import BenchFile
    from tsbench.station.fixture_check import measure_fixture, with_measured
    from tsbench.text_files import write_text

    values = measure_fixture(options.bench, lambda line: print(f"measuring {line}", file=sys.stderr))   # noqa: T201
    agree = all(value.agrees for value in values)
    if options.json:
        print_json([{**vars(value), "agrees": value.agrees} for value in values])
    else:
        sys.stdout.writelines(f"{value.line}\n" for value in values)
    if agree:
        text = with_measured(options.bench.read_text("utf-8"), values, datetime.now(UTC).date().isoformat(),
                             set(BenchFile.load(options.bench).table.fixture.control))
        write_text(options.bench, text, "bench file")
        sys.stderr.write(f"wrote the measured values to [fixture.measured] of {options.bench}\n")
    else:
        sys.stderr.write("tsbench: the fixture differs from the bench file. Correct this before you connect a device\n")
    return 0 if agree else 1


def _instrument(name: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "role": ", ".join(facts["roles"]),
        "simulated": bool(facts["simulated"]),
        **{key: facts[key] for key in ("driver", "model", "serial", "firmware", "resource", "visa_library")},
    }


def _limits(device: "DeviceDescription") -> dict[str, float | None]:
    limits = device.limits
    return {
        "max_voltage": limits.max_voltage,
        "max_current": limits.max_current,
        "max_power": limits.max_power,
        "max_charge": limits.max_charge,
        "max_energy": limits.max_energy,
    }


def _misspelt_roles(roles: Iterable[str]) -> Iterator[str]:
    """Yield a line for each role that no protocol uses and that is nearly the name of one."""
    from difflib import get_close_matches

    from tsbench.protocols.registry import PROTOCOLS

    known = sorted({role for protocol in PROTOCOLS.things().values() for role in protocol.roles})
    given = set(roles)
    for role in sorted(given.difference(known)):
        near = get_close_matches(role, [one for one in known if one not in given], n=1, cutoff=_MISSPELT)
        if near:   # else it is a role of a script
            yield (f"no protocol uses the role '{role}'. Did you mean '{near[0]}'? Correct it in [roles], or ignore "
                   "this if a script uses the role")


def _missing_limits(device: "DeviceDescription") -> list[str]:
    missing = [name for name in ("max_voltage", "max_current") if getattr(device.limits, name) is None]
    if not missing:
        return []
    return [
        f"device {device.identifier} has no {' and no '.join(missing)}, so only the ranges of the instruments protect "
        "it. Set [device.limits] in the bench file"
    ]


def _useless_limits(device: "DeviceDescription", voltage: float, current: float) -> Iterator[str]:
    """Yield where a limit protects nothing: the sources reach only ``voltage`` [V] and together ``current`` [A]."""
    from tsbench.quantities import told_apart

    for name, most, unit in (("max_voltage", voltage, "V"), ("max_current", current, "A"),
                             ("max_power", voltage * current, "W")):
        limit = getattr(device.limits, name)
        if limit is not None and 0 < most < limit:
            stated, reached = told_apart(limit, most, unit)
            yield (f"{name} of device {device.identifier} is {stated}, but the sources of the bench reach at most "
                   f"{reached}. So this limit protects nothing. Check its value and its prefix")


def _predictions(path: Path, source_resistances: Mapping[str, float], warnings: list[str]) -> list[str]:
    """Return what the circuit model says of the fixture."""
    from tsbench.station.preflight.preflight import predict

    try:
        return predict(path, source_resistances)
    except TsbenchError as error:
        warnings.append(sentences("the behaviour of the device in the fixture could not be predicted", str(error)))
        return []


def _print(report: Mapping[str, Any]) -> None:
    from tsbench.cli.printing import output_console, table
    from tsbench.quantities import format_quantity
    from tsbench.records import simulation_mark

    units = {"max_voltage": "V", "max_current": "A", "max_power": "W", "max_charge": "C", "max_energy": "J"}
    mark = simulation_mark({row["name"]: row["simulated"] for row in report["instruments"]})
    table(
        f"{report['name']}{f': {mark}' if mark else ''}",
        ("name", "role", "model", "serial", "resource"),
        [
            [str(row[key]) for key in ("name", "role", "model", "serial", "resource")]
            for row in report["instruments"]
        ],
    )
    table(
        "Outputs as read back",
        ("output", "state"),
        [[state["output"], "ON" if state["enabled"] else "off (it was on)"
          if state["output"] in report["found_on"] else "off (before: not known)"
          if state["output"] in report["unknown_before_reset"] else "off"]
         for state in report["outputs"]],
    )
    rows: Sequence[Sequence[str]] = [
        [
            device["id"],
            device["material"],
            ", ".join(
                f"{name.replace('_', ' ')} {format_quantity(value, units[name])}"
                for name, value in device["limits"].items()
                if value is not None
            )
            or "none",
        ]
        for device in report["devices"]
    ]
    table("Devices and their limits", ("device", "material", "limits"), rows)
    for one in report["interlocks"]:
        state = {True: "is closed", False: "is open", None: "cannot be asked for"}[one["closed"]]
        sys.stdout.write(f"{one['terminal']}: its interlock {state}\n")
    for output in report["unknown_before_reset"]:
        sys.stdout.write(f"{output}: its instrument cannot tell whether it was on when tsbench opened the bench. To be "
                         "sure, tsbench switched it off\n")
    for line in (*report["fixture_control"], *report["predictions"]):
        output_console().print(line)
    for warning in report["warnings"]:
        sys.stdout.write(f"warning: {warning}\n")
    for problem in report["problems"]:
        sys.stderr.write(f"tsbench: {problem}\n")
    if not report["problems"]:
        sys.stdout.write(f"{_conclusion(report)}\n")


def _conclusion(report: Mapping[str, Any]) -> str:
    """Return the last line of a report without problems."""
    left = [one["terminal"] for one in report["interlocks"] if one["closed"] is False]
    if left and report["high_voltage"]:
        return (f"the bench answers and all outputs are off, but the interlock of {' and '.join(left)} is open: the "
                "bench is not ready for high voltages")
    if report["unwatched"]:
        return ("the bench answers and all outputs are off, but no interlock watches "
                f"{' and '.join(report['unwatched'])}: the bench is not ready for high voltages")
    if report["unasked"]:
        return ("the bench answers and all outputs are off, but the interlock of "
                f"{' and '.join(report['unasked'])} cannot be read by program. "
                "Look at the interlock before you apply high voltages")
    return "the bench answers and is safe"


def gui(options: argparse.Namespace) -> int:
    """Open the window."""
    from tsbench.gui.application import open_window

    return open_window(options.bench, options.trace, options.log)
