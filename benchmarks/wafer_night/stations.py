"""The stations of the night: each has its own part of the wafer, and its process is killed at random moments."""

import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.wafers import wafer_specimens
from tsbench.simulated_backends.life.wafer import Specimen
from tsbench.storage.campaign_files import STATE_SUFFIX

HERE = Path(__file__).resolve().parent
CAMPAIGN = "night.campaign.toml"
_MOST_LIVES = 500


@dataclass
class Station:
    """One part of the wafer with its bench, world and campaign file in a folder."""

    folder: Path
    devices: Sequence[Specimen]
    kills: int = 0
    exit_code: int = 0  #: of the command that brought the campaign to its end
    problems: list[str] = field(default_factory=list)

    @property
    def out(self) -> Path:
        """Return the folder of its runs."""
        return self.folder / "runs"


def specimens(count: int) -> list[Specimen]:
    """Return the first ``count`` devices of the wafer, as the world file draws them."""
    return wafer_specimens(HERE / "night.world.toml")[:count]


def make_station(folder: Path, devices: Sequence[Specimen]) -> Station:
    """Write the files of a station: the bench file names its devices and where they are."""
    folder.mkdir(parents=True)
    lines = [(HERE / "instruments.toml").read_text("utf-8"), "[positioner.devices]"]
    for one in devices:
        _, place, number = one.name.split("_")
        column, row = place.removeprefix("x").split("y")
        lines.append(f"{one.name} = [{column}, {row}, {int(number) - 1}]")
    lines += [f'[devices.{one.name}]\nmaterial = "NbO2"' for one in devices]
    (folder / "night.bench.toml").write_text("\n".join(lines) + "\n", "utf-8")
    for name in ("night.world.toml", CAMPAIGN):
        (folder / name).write_text((HERE / name).read_text("utf-8"), "utf-8")
    return Station(folder, devices)


def night(stations: Sequence[Station], every: float, seed: int) -> float:
    """Perform all campaigns at the same time, each to its end; return the time that it took [s].

    ``every``: mean time [s] between two kills of a station's process; 0: it is never killed.
    """
    begun = time.monotonic()
    threads = [threading.Thread(target=_perform, args=(station, every, random.Random(f"{seed} {number}")))
               for number, station in enumerate(stations)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.monotonic() - begun


def _perform(station: Station, every: float, generator: random.Random) -> None:
    """Begin the campaign and resume it until it ends by itself."""
    command = [sys.executable, "-m", "tsbench", "run", CAMPAIGN, "--out", "runs", "--accept", "--alone"]
    with (station.folder / "night.log").open("ab") as log:
        for _ in range(_MOST_LIVES):
            # a kill may come before the campaign has a state: then there is nothing to resume
            begun = any(station.out.glob(f"*{STATE_SUFFIX}"))
            process = subprocess.Popen([*command, *(["--resume"] if begun else [])], cwd=station.folder, stdout=log,
                                       stderr=log, stdin=subprocess.DEVNULL)
            try:
                code = process.wait(generator.expovariate(1 / every) if every else None)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                station.kills += 1
                continue
            station.exit_code = code
            return
    station.problems.append(f"{station.folder.name} never came to its end")
