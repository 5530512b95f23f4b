"""Campaigns whose process is killed again and again.

Run it as ``python -m benchmarks.campaign_kill [--quick] [--kills N] [--seed N]``.

The simulated bench lives in another process (``tsbench serve --fast``), which is never killed. Each campaign is begun,
killed by SIGKILL at a random moment, resumed, killed again, and so on to its end. Then are compared: its state on disk,
its run files with every item that the dead processes had acknowledged, the device record, and what the witness of the
served bench saw between the intent of each step and the next one.
"""

import argparse
import bisect
import json
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.kill import Acknowledged, items
from benchmarks.report import Line, report
from benchmarks.watchdog import ServedBench
from tsbench.station.campaign import campaign
from tsbench.station.campaign.state import StateFile
from tsbench.storage import read_run
from tsbench.storage.nexus.validation import inspect

LONGEST = 20.0  #: [s] after its first run of this life has begun that a process is killed at the latest
OPENING = 0.25  #: share of the kills that come while the campaign is read, planned and opened
_PATIENCE = 600.0  #: [s] for what takes seconds
CAMPAIGN = """
bench = "served.bench.toml"
device = "D1"
[[step]]
name = "contact"
protocol = "first_contact"
levels = 5
[[step]]
name = "sweep"
protocol = "iv_sweep"
stop = "1.2 V"
step = "30 mV"
nplc = 0.1
repeat = 6
[[step]]
name = "pulses"
protocol = "pulse_train"
count = 6
amplitude = "1.15 V"
record_span = "4 us"
repeat = 6
[[step]]
name = "after"
protocol = "iv_sweep"
stop = "1.2 V"
step = "30 mV"
nplc = 0.1
"""


@dataclass
class Killed:
    """One campaign, from its begin to its end through many deaths."""

    kills: int = 0
    steps: int = 0
    acknowledged: int = 0
    lost: int = 0
    begun_twice: int = 0  #: steps with more than one intent
    beyond: int = 0  #: steps of which the witness saw more than they declare
    interrupted: int = 0
    events: int = 0  #: switching events that the witness saw in all steps
    problems: list[str] = field(default_factory=list)


def one_campaign(served: ServedBench, folder: Path, generator: random.Random) -> Killed:
    """Begin a campaign, kill it at random moments until it ends by itself, and look at what is left."""
    found, out = Killed(), folder / "runs"
    path = folder / "served.campaign.toml"
    path.write_text(CAMPAIGN.replace("served.bench.toml", str(served.bench)), "utf-8")
    said: list[dict[str, Any]] = []
    for _ in range(200):
        if _lived(path, out, generator, said, folder):
            break
        found.kills += 1
    else:
        found.problems.append("the campaign never came to its end")
    _judge(found, served, path, out, said)
    return found


def _lived(path: Path, out: Path, generator: random.Random, said: list[dict[str, Any]], folder: Path) -> bool:
    """Begin or resume, and kill at a random moment; return whether it had ended by itself."""
    opening, wait = generator.random() < OPENING, generator.uniform(0.0, LONGEST)
    with (folder / "measuring.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.campaign_measuring", str(path), str(out)], stdout=subprocess.PIPE,
            stderr=log, stdin=subprocess.DEVNULL, text=True)
        begun = threading.Event()

        def drain() -> None:
            assert process.stdout is not None
            for line in process.stdout:
                if line.endswith("\n"):
                    said.append(json.loads(line))
                if opening or "run" in said[-1]:
                    begun.set()
            begun.set()

        reader = threading.Thread(target=drain)
        reader.start()
        begun.wait(_PATIENCE)
        try:
            process.wait(wait)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        process.wait()
        reader.join()
        if process.stdout is not None:
            process.stdout.close()
    if process.returncode not in (0, -signal.SIGKILL):
        time.sleep(1.0)   # the watchdog of the dead process still holds the instruments
    return bool(said) and "counts" in said[-1] and process.returncode == 0


def _judge(found: Killed, served: ServedBench, path: Path, out: Path, said: Sequence[dict[str, Any]]) -> None:
    measured = campaign(path, out)
    states = StateFile(out, measured.file.name)
    states.close()
    state = states.state
    found.steps = len(measured.items)
    found.begun_twice = sum(count > 1 for count in state.counts.values())
    found.interrupted = sum(one.get("status") == "interrupted" for one in state.outcomes.values())
    for item in measured.items:
        if item.key not in state.outcomes and item.key not in state.left_out:
            found.problems.append(f"{item.key} has no outcome")
    held: set[tuple[str, Acknowledged]] = set()
    for file in sorted(out.glob("*.nxs")):
        found.problems += inspect(file)
        run = read_run(file)
        held |= {(run.header.run_id, item) for item in items(run)}
    acknowledged = [(str(one["run"]), (str(one["item"]), int(one["index"]), int(one["crc"]))) for one in said
                    if "item" in one]
    found.acknowledged = len(acknowledged)
    found.lost = sum(one not in held for one in acknowledged)
    if left := [file.name for file in out.iterdir() if file.suffix in (".tsj", ".raw", ".lock")]:
        found.problems.append(f"left behind: {', '.join(left)}")
    life = measured.records.life("D1")
    if life.open:
        found.problems.append(f"{len(life.open)} charges of the device record are open")
    if life.runs != len(state.intents):
        found.problems.append(f"the device record has {life.runs} runs, but {len(state.intents)} were begun")
    seen = _seen(served.witness, [(_wall(str(one["time"])), key) for key, one in state.intents.items()])
    found.events = sum(seen.values())
    for key, count in seen.items():
        if count > (declared := float(state.intents[key]["dose"]["cycles"])):
            found.beyond += 1
            found.problems.append(f"{key}: the witness saw {count} switching events, {declared:g} are declared")


def _wall(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _seen(witness: Path, intents: Sequence[tuple[float, str]]) -> Counter[str]:
    """Return how often the device switched on in each step: between its intent and the next one.

    An event has a time of the bench only. Its wall time is that of the last change of an output before it.
    """
    ordered = sorted(intents)
    starts = [wall for wall, _ in ordered]
    outputs: list[tuple[float, float]] = []
    events: list[tuple[float, int]] = []
    for line in witness.read_text("utf-8").splitlines():
        record = json.loads(line)
        if record["kind"] == "output":
            outputs.append((record["t"], record["wall"]))
        elif record["kind"] == "on":
            events.append((record["t"], 1))
        elif record["kind"] == "repeat":
            events.append((record["t"], record["count"] * sum(one["kind"] == "on" for one in record["events"])))
    outputs.sort()
    times = [at for at, _ in outputs]
    seen: Counter[str] = Counter()
    for at, count in events:
        before = bisect.bisect_right(times, at) - 1
        place = bisect.bisect_right(starts, outputs[before][1] + 1e-3) - 1 if before >= 0 else -1
        if place >= 0:
            seen[ordered[place][1]] += count
    return seen


def main() -> int:
    """Kill campaigns until there were enough kills."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="4 kills")
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    wanted, generator = 4 if options.quick else options.kills, random.Random(options.seed)
    found: list[Killed] = []
    with tempfile.TemporaryDirectory() as folder:
        while sum(one.kills for one in found) < wanted:
            place = Path(folder) / str(len(found))
            place.mkdir()
            with ServedBench(place / "bench", fast=True) as served:
                found.append(one_campaign(served, place, generator))
            print(f"campaign {len(found)}: {found[-1]}", file=sys.stderr, flush=True)
    kills = sum(one.kills for one in found)
    total = {name: sum(getattr(one, name) for one in found) for name in (
        "steps", "acknowledged", "lost", "begun_twice", "beyond", "interrupted", "events")}
    problems = [line for one in found for line in one.problems]
    return report(f"campaign_kill --kills {wanted} --seed {options.seed}", "campaigns that are killed", [
        Line("kills", f"{kills} in {len(found)} campaigns of {found[0].steps} steps", f"at least {wanted}",
             kills >= wanted),
        Line("acknowledged items that were lost", f"{total['lost']} of {total['acknowledged']}", "0",
             total["lost"] == 0),
        Line("steps begun more than once", f"{total['begun_twice']} of {total['steps']}", "0",
             total["begun_twice"] == 0),
        Line("steps of which the witness saw more than they declare",
             f"{total['beyond']} of {total['steps']} ({total['events']} switching events)", "0", total["beyond"] == 0),
        Line("steps that were interrupted, and marked so", str(total["interrupted"]), "at most the kills",
             total["interrupted"] <= kills),
        Line("other problems", "; ".join(problems[:3]) or "none", "none", not problems),
    ])


if __name__ == "__main__":
    sys.exit(main())
