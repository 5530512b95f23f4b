"""Budgets of a device over campaigns whose process is killed.

Run it as ``python -m benchmarks.campaign_budget [--campaigns N] [--seed N] [--resume] [--rows FILE]``.

The simulated bench lives in another process (``tsbench serve --fast``), which is never killed. Ten campaigns after each
other, each with its own folder, use one device and one device record with a budget of cycles, charge or energy. The
process of each campaign is ended by SIGKILL within a run or between two runs, resumed, and perhaps killed again. After
each campaign the witness says what the device has really seen: never more than the record says, and never more than
the budget. ``--blind`` forgets in the record what was interrupted: then rows must fail.
"""

import argparse
import json
import multiprocessing
import os
import random
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchmarks.kept_rows import add_options, add_rows, rows_before
from benchmarks.report import INFORMATION, Line, report
from benchmarks.watchdog import ServedBench
from tsbench.errors import TsbenchError, sentences
from tsbench.quantities import short_quantity
from tsbench.records import RunEvent
from tsbench.station.campaign import CampaignRefused, campaign
from tsbench.station.device_record import Dose
from tsbench.station.device_record.record import DeviceRecords

KEPT = Path("build/campaign_budget.jsonl")
EACH = 10  #: campaigns on one device and one budget
MOST_LIVES = 4  #: of one campaign: the last one is not killed
_DEAD = ("", f"failed with exit code {-signal.SIGKILL}")  #: what is said of a campaign whose last process was killed
UNITS = {"cycles": "", "charge": "C", "energy": "J"}
BUDGETS = 0.5, 0.9  #: of what ten campaigns take by their plans; the budget of a device is drawn between these
STEPS = """
[[step]]
name = "sweep"
protocol = "iv_sweep"
stop = "1.2 V"
step = "60 mV"
nplc = 0.01
check_oscillation = false
[[step]]
name = "pulses"
protocol = "pulse_train"
when = "device.cycles < 1e9"
count = {count}
amplitude = "1.15 V"
record_span = "4 us"
[[step]]
name = "again"
protocol = "iv_sweep"
when = "device.cycles < 1e9"
stop = "1.2 V"
step = "60 mV"
nplc = 0.01
check_oscillation = false
"""


def measure(path: Path, out: Path, said: Connection) -> None:
    """Begin or resume a campaign; by a process that is killed."""
    def hear(event: RunEvent) -> None:
        if event.kind in ("point", "waveform", "campaign") or (event.kind == "state" and event.data.get("run")):
            said.send(event.kind)

    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    try:
        outcome = campaign(path, out).run(resume=any(out.glob("*.tsc")), accept=True, events=hear, peaks=None)
        said.send(f"done {json.dumps(outcome.counts)} {outcome.ended}")
    except CampaignRefused as error:
        said.send(f"done refused {error}")
    except TsbenchError as error:
        said.send(f"failed {error}")


def one_life(path: Path, out: Path, draw: random.Random, last: bool) -> tuple[str, str]:
    """Begin or resume a campaign in a process of its own, and kill it at a random moment unless it is the last time.

    Returns
    -------
    str
        What it said at its end; "" if it was killed.
    str
        What it had told last when it was killed.
    """
    context = multiprocessing.get_context("fork")   # all is imported: a process begins at once
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=measure, args=(path, out, theirs))
    process.start()
    theirs.close()
    within = draw.random() < 0.7
    left = draw.randint(1, 30) if within else draw.randint(1, 3)
    heard = ""
    try:
        while True:
            heard = str(ours.recv())
            if heard.startswith(("done", "failed")):
                process.join()
                return heard, ""
            left -= heard in (("point", "waveform") if within else ("campaign",))
            if left <= 0 and not last:
                process.join(draw.uniform(0.0, 0.3))
                process.kill()   # SIGKILL
                process.join()
                return "", heard
    except EOFError:
        process.join()
        if process.exitcode == -signal.SIGKILL:   # on a busy machine it stood still for too long
            return "", "watchdog"
        return f"failed with exit code {process.exitcode}", ""


def seen_by(witness: Path) -> dict[str, float]:
    """Return what the device has really seen: how often it switched on, its charge and its energy.

    The witness gives the charge while the device is on. It gives the energy at all times, up to the last switching.
    """
    seen = dict.fromkeys(UNITS, 0.0)
    for record in map(json.loads, witness.read_text("utf-8").splitlines()):
        events, count = ([record], 1) if record["kind"] in ("on", "off") else (
            record.get("events", []), record.get("count", 0))
        for event in events:
            seen["cycles"] += count * (event["kind"] == "on")
            seen["charge"] += count * event.get("charge", 0.0)
            seen["energy"] += count * event.get("energy", 0.0)
    return seen


def one_device(
    seed: int, number: int, folder: Path, blind: bool = False, count: int = EACH,
) -> Iterator[dict[str, Any]]:
    """Perform some campaigns on one device with one budget; yields a row for each."""
    draw = random.Random(f"{seed}.{number}")
    name = list(UNITS)[number % len(UNITS)]
    with ServedBench(folder / "bench", fast=True) as served:
        planned = _planned(served.bench, folder)
        budget = count * getattr(planned, name) * draw.uniform(*BUDGETS)
        text = f'device_record = "{folder / "record"}"\n{served.bench.read_text("utf-8")}'
        served.bench.write_text(f"{text}\n[device.budget]\n{name} = {budget!r}\n", "utf-8")
        for place in range(count):
            path, out = folder / f"c{place}.campaign.toml", folder / f"out{place}"
            path.write_text(_campaign(served.bench, draw.randint(2, 6)), "utf-8")
            kills: list[str] = []
            said = ""
            for life in range(MOST_LIVES):
                said, killed = one_life(path, out, draw, last=life == MOST_LIVES - 1)
                if said:
                    break
                kills.append(killed)
                if blind:
                    _forget(folder / "record")
            used = DeviceRecords(folder / "record").life("D1").used
            yield {"device": number, "campaign": place, "budget": {name: budget}, "kills": kills, "said": said,
                   "seen": seen_by(served.witness), "used": {one: getattr(used, one) for one in UNITS}}


def _campaign(bench: Path, count: int) -> str:
    return f'bench = "{bench}"\ndevice = "D1"\nleave_out = []\n{STEPS.format(count=count)}'


def _planned(bench: Path, folder: Path) -> Dose:
    """Return what one campaign takes by its plan."""
    path = folder / "planned.campaign.toml"
    path.write_text(_campaign(bench, 4), "utf-8")
    plan = campaign(path, folder / "planned").plan(peaks=None)
    return sum((one.dose for one in plan.planned), Dose())


def _forget(record: Path) -> None:
    """Remove what was charged and not settled, as a program would that charges a run at its end."""
    records = DeviceRecords(record)
    for charge in records.life("D1").open:
        records.settle("D1", charge, Dose(), run="", status="forgotten")


def lines_of(rows: Sequence[Mapping[str, Any]]) -> list[Line]:
    """Return the rows of the table."""
    devices = {row["device"] for row in rows}
    kills = [killed for row in rows for killed in row["kills"]]
    dead = [row for row in rows if row["said"] in _DEAD]
    failed = [row["said"] for row in rows if not row["said"].startswith("done") and row not in dead]
    lines = [
        Line("campaigns", f"{len(rows)} on {len(devices)} devices, each with a budget of its own", INFORMATION, True),
        Line("kills by SIGKILL", f"{len(kills)}: {sum(one == 'campaign' for one in kills)} between two runs, "
             f"{sum(one in ('point', 'waveform') for one in kills)} within a run, {kills.count('watchdog')} by the "
             "watchdog, because the process stood still", "at least one for each campaign on average",
             len(kills) >= len(rows)),
        Line("campaigns that were refused or left runs out because of the budget",
             f"{sum('refused' in row['said'] or 'left out' in row['said'] for row in rows)}", "some", any(
                 "refused" in row["said"] or "left out" in row["said"] for row in rows)),
        Line("campaigns that were not resumed after the watchdog had ended a process that stood still", str(len(dead)),
             INFORMATION, True),
        Line("campaigns that ended in another way", "; ".join(failed[:2]) or "none", "none", not failed),
    ]
    for name, unit in UNITS.items():
        mine = [row for row in rows if name in row["budget"]]
        above = [row for row in mine if row["seen"][name] > row["budget"][name]]
        hidden = [row for row in rows if row["seen"][name] > row["used"][name]]
        most = max((row["seen"][name] / row["budget"][name] for row in mine), default=0.0)
        charged = max((row["used"][name] / row["budget"][name] for row in mine), default=0.0)
        if mine:
            lines.append(Line(
                f"budget of {name}: the device saw more, or more was charged",
                f"{len(above)} of {len(mine)}; at most {most:.2g} of it was seen, {charged:.3g} was charged", "0",
                not above and charged <= 1.0 + 1e-9))
        pairs = [" against ".join(short_quantity(row[key][name], unit) for key in ("seen", "used"))
                 for row in hidden[:2]]
        lines.append(Line(f"{name}: the device saw more than its record says",
                          sentences(f"{len(hidden)} of {len(rows)}", *pairs), "0", not hidden))
    return lines


def main() -> int:
    """Run what is left, and print the table."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    add_options(parser, 100, KEPT, "one device")
    parser.add_argument("--blind", action="store_true", help="forget what was interrupted: rows must fail")
    options = parser.parse_args()
    wanted = 1 if options.quick else -(-options.campaigns // EACH)
    kept = rows_before(options)
    done = {row["device"] for row in kept}
    for number in () if options.kept else range(wanted):
        if number in done:
            continue
        with tempfile.TemporaryDirectory() as name:
            found = list(one_device(options.seed, number, Path(name), options.blind))
        kept += found
        add_rows(options.rows, found)
        print(f"device {number}: {found[-1]}", file=sys.stderr, flush=True)
    blind = " --blind" if options.blind else ""
    return report(f"campaign_budget --campaigns {len(kept)} --seed {options.seed}{blind}",
                  "budgets over campaigns that are killed", lines_of(kept))


if __name__ == "__main__":
    sys.exit(main())
