"""The command ``record``: the device record of a bench, and the state of a device as a person sets it."""

import argparse
import sys
from pathlib import Path
from typing import Any

from tsbench.cli.declaring import add_command, add_json
from tsbench.errors import ConfigurationError


def declare(commands: Any) -> None:
    """Declare ``record``."""
    record = add_command(
        commands, "record", "recording:record", "show the device record of a bench, or retire a device",
        "  tsbench record bench.toml                                the life of each device\n"
        '  tsbench record bench.toml --device "W1_*"                of these devices\n'
        '  tsbench record bench.toml --device W1_x0y0_1 --retire "scratched"\n'
        '  tsbench record bench.toml --device W1_x0y0_1 --state working --reason "cleaned"')
    record.add_argument("bench", type=Path, metavar="bench.toml", help="the bench file")
    record.add_argument("--device", default="", metavar="NAME",
                        help="a device of the bench, or a pattern with * and ? (default: all that have a record)")
    record.add_argument("--retire", metavar="WHY", help="retire the device, and note why")
    record.add_argument("--state", metavar="STATE", help="set another state of the device, and note the --reason")
    record.add_argument("--reason", default="", metavar="WHY", help="why the state is set")
    record.add_argument("--device-record", type=Path, metavar="DIR", help="folder of the device record (default: that "
                        "of the bench file)")
    add_json(record, "the life of each device")


def record(options: argparse.Namespace) -> int:
    """Set the state where one is given; then print the life of each device."""
    from tsbench.cli.printing import print_json, table
    from tsbench.quantities import format_quantity
    from tsbench.station.bench.bench_file import BenchFile
    from tsbench.station.campaign.selection import matching, pattern_problems
    from tsbench.station.device_record import DeviceRecords

    file = BenchFile.load(options.bench)
    records = DeviceRecords(_folder(options, file))
    names = records.devices()
    if options.device:
        if problems := pattern_problems([options.device], file.table.devices):
            raise ConfigurationError(f"{options.bench}: {problems[0]}")
        names = matching([options.device], file.table.devices)
    if options.retire is not None or options.state is not None:
        _set_state(options, records, names)
    lives = {name: records.life(name) for name in names}
    if options.json:
        print_json([{"device": name, "state": life.state, "runs": life.runs, "cycles": life.used.cycles,
                     "charge": life.used.charge, "energy": life.used.energy, "max_voltage": life.used.max_voltage,
                     "max_current": life.used.max_current} for name, life in lives.items()])
        return 0
    if not lives:
        sys.stdout.write(f"{records.folder}: no device has a record\n")
        return 0
    table(f"Device record in {records.folder}",
          ("device", "state", "runs", "cycles", "charge", "energy", "largest voltage", "largest current"),
          [(name, life.state, str(life.runs), f"{life.used.cycles:.0f}", format_quantity(life.used.charge, "C", 3),
            format_quantity(life.used.energy, "J", 3), format_quantity(life.used.max_voltage, "V", 3),
            format_quantity(life.used.max_current, "A", 3)) for name, life in lives.items()])
    return 0


def _folder(options: argparse.Namespace, file: Any) -> Path:
    if options.device_record is not None:
        return Path(options.device_record)
    if not file.table.device_record:
        raise ConfigurationError(
            f"{options.bench} names no device record. Add device_record = \"PATH\" to it, or name the folder with "
            "--device-record (a campaign without one has it in its folder: DIR/device_record)")
    folder: Path = file.path.parent / file.table.device_record
    return folder


def _set_state(options: argparse.Namespace, records: Any, names: list[str]) -> None:
    if not options.device:
        raise ConfigurationError("name the device whose state changes: --device NAME")
    if options.retire is not None and options.state is not None:
        raise ConfigurationError("--retire and --state cannot stand together. --retire WHY is --state retired "
                                 "--reason WHY")
    reason = options.reason if options.retire is None else options.retire
    if not reason.strip():
        raise ConfigurationError('say why the state changes: --reason "…"')
    for name in names:
        records.set_state(name, "retired" if options.state is None else options.state, reason)
