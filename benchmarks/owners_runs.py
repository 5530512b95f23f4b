"""The processes that meet on one bench in ``benchmarks.owners``: who owns it, and who comes second."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tsbench.storage.run_address import living_runs, read_address

#: below threshold, so that the same level gives the same current in every cycle
SWEEP = {"stop": "0.8 V", "step": "20 mV", "cycles": "10000", "nplc": "0.1"}
SHORT = {"stop": "0.1 V", "step": "50 mV", "check_oscillation": "false"}
FIRSTS = ("measure", "gui", "run")
SECONDS = ("measure", "check", "gui", "run")
_PATIENCE = 240.0  #: [s] for a process on a busy computer


def write_list(path: Path, bench: Path, settings: Mapping[str, str]) -> Path:
    """Write a list of one sweep."""
    numbers = {name: value if value in {"true", "false"} else json.dumps(value) for name, value in settings.items()}
    lines = [f'bench = "{bench}"', 'device = "D1"', "[[protocol]]", 'name = "iv_sweep"']
    path.write_text("\n".join([*lines, *(f"{name} = {value}" for name, value in numbers.items())]) + "\n", "utf-8")
    return path


def command(kind: str, bench: Path, out: Path, settings: Mapping[str, str], name: str) -> list[str]:
    """Return the command line of a process of this kind."""
    tsbench = [sys.executable, "-m", "tsbench"]
    if kind == "check":
        return [*tsbench, "check", str(bench)]
    if kind == "gui":
        return [sys.executable, "-m", "benchmarks.owners_window", str(bench), str(out), name][: 5 + (name == "measure")]
    if kind == "run":
        listed = write_list(out.with_name(f"{out.name}_{name}.toml"), bench, settings)
        return [*tsbench, "run", str(listed), "--out", str(out)]
    sets = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    return [*tsbench, "measure", "iv_sweep", "--bench", str(bench), "--device", "D1", "--out", str(out), *sets]


class First:
    """The owner: a long sweep. Use it with ``with``; ``process`` is the one that measures."""

    def __init__(self, kind: str, bench: Path, out: Path) -> None:
        self.kind, self.out = kind, out
        self._log = out.with_name(f"{out.name}.log").open("w+b")
        self.child = subprocess.Popen(
            command(kind, bench, out, SWEEP, "measure"), stdout=subprocess.DEVNULL, stderr=self._log
        )
        self.address = self._wait()
        facts = read_address(self.address) or {}
        self.process = int(facts["process"])

    def _wait(self) -> Path:
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            if found := living_runs(self.out):
                return found[0]
            if self.child.poll() is not None:
                break
            time.sleep(0.05)
        self.close()
        raise RuntimeError(f"the first {self.kind} did not begin: {self.log}")

    @property
    def log(self) -> str:
        """What it wrote to standard error."""
        return Path(self._log.name).read_text("utf-8", "replace").strip()

    @property
    def measuring(self) -> bool:
        """Whether its run goes on."""
        return self.address in living_runs(self.out)

    def wait_for_end(self) -> bool:
        """Wait until its run is over; whether it is."""
        until = time.monotonic() + _PATIENCE
        while self.measuring and time.monotonic() < until:
            time.sleep(0.05)
        return not self.measuring

    def close(self) -> None:
        """End what is left of it."""
        if self.kind == "gui" or self.child.poll() is None:
            self.child.kill()
        self.child.wait()
        self._log.close()

    def __enter__(self) -> "First":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass
class Meeting:
    """A second process that came while a first one measured."""

    first: str
    second: str
    file: str  #: "same" or "other" bench file
    code: int = 0
    lines: list[str] = field(default_factory=list)
    attached: bool = False  #: a window that shows the run

    def good(self, owner: int) -> bool:
        """Whether it was refused in one line that names the owner; a window follows the run besides."""
        named = len(self.lines) == 1 and f"is in use by process {owner} " in self.lines[0]
        return named and self.code == 3 and (self.attached or self.second != "gui")


def meet(first: First, second: str, bench: Path, out: Path, file: str) -> Meeting:
    """Start a second process on the bench of a first one and wait for its end."""
    met = Meeting(first.kind, second, file)
    done = subprocess.run(
        command(second, bench, out, SHORT, "second"), capture_output=True, text=True, timeout=_PATIENCE, check=False
    )
    met.code = done.returncode
    met.lines = [line for line in done.stderr.splitlines() if line.startswith("tsbench: ")]
    if second == "gui":
        seen = json.loads(done.stdout) if done.stdout.strip() else {"problem": [done.stderr], "attached": False}
        met.lines, met.attached = list(seen["problem"]), bool(seen["attached"])
    return met
