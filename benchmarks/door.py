"""Evidence of the user's door: ``tsbench simulate`` on a long oscillation, beside ngspice on the same netlist.

    python -m benchmarks.door [--quick]

Circuit: ``examples/oscillator.cir`` without its largest step, over 1,000 periods and more, as the commands that a user
would type. Both at the cheapest setting with a period error of at most 0.1 %: we by ``--rtol``, ngspice by method,
reltol and largest step. Times per period are the difference of two lengths of run (ours are ten times as long, or the
spread of our start-up would hide them), so start-up, printed apart, and the first periods drop out; that of our
integration is what ``--timing`` says of one run, all of it. ngspice writes its raw file at its own
steps; our table has the grid of ``.tran`` (1 ns) besides, some four times as many rows. Rounds alternate and the least
of each counts; bars hold for processor time, which others on the machine change little. Rows "for information" have
no bar.

What ``--timing`` says is held to the clock: integration, output and code together must be the command's own wall time
less that of a run of one period, within 5 % and 0.1 s. Nothing that grows with the run is left out of it then.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.report import INFORMATION, Line, report
from benchmarks.solver_peers import SETTLED, Ngspice, crossings, mean_period, timed
from tsbench.simulated_backends.studies.simulate.simulate import simulate

NETLIST = (Path(__file__).parent.parent / "examples" / "oscillator.cir").read_text(encoding="utf-8")
TOLERANCES = (1e-2, 7e-3, 5e-3, 3e-3, 2e-3, 1e-3)
LARGEST_ERROR = 1e-3
INTEGRATION_BAR, CSV_BAR, NPZ_BAR = 50.0, 1.0, 5.0
MARGIN = 0.05, 0.1  #: of what ``--timing`` says, and [s]
START = 1.0  #: periods of a run that is all start-up


def netlist(stop: float) -> str:
    """Return the example without a largest step, to another end [s]."""
    return re.sub(r"\.tran.*", f".tran 1n {stop:g} uic", NETLIST)


def period_of(times: np.ndarray, low: np.ndarray) -> float:
    """Return the mean period [s] behind the start-up."""
    return mean_period(crossings(times, low))


def our_tolerance(nominal: float, periods: int) -> tuple[float, float]:
    """Return the largest tolerance with a small enough error of the period over a long run, and that error."""
    for rtol in TOLERANCES:
        result = simulate(netlist(SETTLED + periods * nominal), rtol=rtol, seed=0)
        error = abs(period_of(result.times, result.columns["v(low)"]) / nominal - 1)
        print(f"tsbench rtol {rtol:g}: period error {error:.1e}")
        if error <= LARGEST_ERROR:
            return rtol, error
    raise SystemExit("no tolerance keeps the period")


@dataclass
class Command:
    """Runs of one command over two lengths: the least times [s] of all rounds."""

    wall: dict[float, float] = field(default_factory=dict)  #: by the length in periods
    cpu: dict[float, float] = field(default_factory=dict)
    integration: dict[float, tuple[float, float]] = field(default_factory=dict)  #: said: processor, clock
    unsaid: dict[float, tuple[float, float]] = field(default_factory=dict)  #: wall time less all that is said; said

    def note(self, periods: float, wall: float, cpu: float) -> None:
        """Keep the least."""
        self.wall[periods] = min(wall, self.wall.get(periods, float("inf")))
        self.cpu[periods] = min(cpu, self.cpu.get(periods, float("inf")))

    def per_period(self, times: dict[float, float]) -> float:
        """Return the slope over the two longest runs [s]."""
        *_, short, long = sorted(times)
        return (times[long] - times[short]) / (long - short)


class Ours:
    """``tsbench simulate`` as a process."""

    def __init__(self, folder: Path, rtol: float, out: str) -> None:
        self.folder, self.rtol, self.out, self.found = folder, rtol, out, Command()

    def round(self, periods: float, nominal: float) -> None:
        """Run once."""
        (self.folder / "ours.cir").write_text(netlist(SETTLED + periods * nominal), encoding="utf-8")
        said: list[str] = []

        def command() -> None:
            done = subprocess.run(
                [sys.executable, "-m", "tsbench", "simulate", "ours.cir", "--rtol", f"{self.rtol:g}", "--seed", "0",
                 "--timing", "--out", self.out], cwd=self.folder, capture_output=True, text=True, check=True)
            said.append(done.stderr)

        wall, cpu = timed(command)
        self.found.note(periods, wall, cpu)
        stated = re.search(r"^integration (\S+) s .*; (\S+) s of processor time", said[0], re.MULTILINE)
        assert stated is not None
        said_now = (float(stated[2]), float(stated[1]))
        self.found.integration[periods] = min(said_now, self.found.integration.get(periods, said_now))
        parts = re.findall(r"^(?:integration|output|code) (\S+) s", said[0], re.MULTILINE)
        total = sum(float(part) for part in parts)
        unsaid = (wall - total, total)
        self.found.unsaid[periods] = min(unsaid, self.found.unsaid.get(periods, unsaid))


class Theirs:
    """ngspice as a process: with a raw file of everything, or of next to nothing."""

    def __init__(self, peer: Ngspice, setting: str, saving: bool) -> None:
        self.peer, self.setting, self.saving, self.found = peer, setting, saving, Command()

    def round(self, periods: float, nominal: float) -> None:
        """Run once."""
        stop = SETTLED + periods * nominal
        wall, cpu = timed(lambda: self.peer.run(self.setting, stop, 0.0 if self.saving else stop - nominal))
        self.found.note(periods, wall, cpu)


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="fewer settings of ngspice, shorter runs")
    quick = parser.parse_args().quick
    short, long, rounds = (200, 1200, 2) if quick else (1000, 5000, 4)
    ours = (1000, 10 * long)
    reference = simulate(netlist(SETTLED + 200 * 240e-9), rtol=1e-8, seed=0)
    nominal = period_of(reference.times, reference.columns["v(low)"])
    rtol, error = our_tolerance(nominal, ours[0])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # both voltages stay in the raw file: Ngspice would leave one out
        peer = Ngspice(NETLIST.replace(".save v(dut) v(low)", ".save v(low) v(dut)"), folder)
        setting = next(
            (s for s in peer.candidates(nominal, LARGEST_ERROR, quick)
             if abs(peer.period(s, short, nominal) / nominal - 1) <= LARGEST_ERROR), None)
        if setting is None:
            raise SystemExit("no setting of ngspice keeps the period")
        their_error = abs(peer.period(setting, short, nominal) / nominal - 1)
        print(f"ngspice {setting.replace('|', ' tmax=')}: period error {their_error:.1e}")
        bare, raw = Theirs(peer, setting, False), Theirs(peer, setting, True)
        csv, npz = Ours(folder, rtol, "table.csv"), Ours(folder, rtol, "table.npz")
        npz.round(ours[0], nominal)   # compiles what has to be
        npz.found = Command()
        for _ in range(rounds):
            for who in (bare, npz, raw, csv):
                for periods in (START, *ours) if isinstance(who, Ours) else (short, long):
                    who.round(periods, nominal)
    lines = _lines(nominal, (rtol, error), bare.found, raw.found, csv.found, npz.found)
    code = report("door", "`tsbench simulate` and ngspice on examples/oscillator.cir (239 ns a period)", lines)
    print(f"\nngspice {setting.replace('|', ' tmax=')}; load of the machine: {os.getloadavg()[0]:.1f} on "
          f"{os.cpu_count()} cores")
    return code


def _lines(
    nominal: float, ours: tuple[float, float], bare: Command, raw: Command, csv: Command, npz: Command,
) -> list[Line]:
    integration = {p: min(csv.integration[p], npz.integration[p]) for p in csv.integration if p > START}
    lines = [Line(f"period [ns]; error of tsbench at rtol {ours[0]:g}", f"{nominal * 1e9:.3f}; {ours[1]:.1e}",
                  f"{LARGEST_ERROR:g}", ours[1] <= LARGEST_ERROR)]
    lines += [Line(f"us per period, processor (clock): tsbench, only integration (--timing, a run of {p:.0f} periods)",
                   f"{busy / p * 1e6:.2f} ({clock / p * 1e6:.2f})", INFORMATION, True)
              for p, (busy, clock) in sorted(integration.items())]
    for what, found in (("ngspice without output", bare), ("ngspice with its raw file", raw),
                        ("tsbench --out table.csv, one row each ns", csv),
                        ("tsbench --out table.npz, one row each ns", npz)):
        lines.append(Line(
            f"us per period, processor (clock): {what}",
            f"{found.per_period(found.cpu) * 1e6:.1f} ({found.per_period(found.wall) * 1e6:.1f})", INFORMATION, True))
    ratios = (
        *((f"only integration, a run of {p:.0f} periods: times faster than ngspice", bare, busy / p, INTEGRATION_BAR)
          for p, (busy, _) in sorted(integration.items())),
        ("with CSV: times faster than ngspice with its raw file", raw, csv.per_period(csv.cpu), CSV_BAR),
        ("with npz: times faster than ngspice with its raw file", raw, npz.per_period(npz.cpu), NPZ_BAR))
    for what, theirs, mine, bar in ratios:
        ratio = theirs.per_period(theirs.cpu) / mine
        lines.append(Line(what, f"{ratio:.1f}", f"{bar:g}", ratio >= bar))
    for what, found in (("CSV", csv), ("npz", npz)):
        start = found.unsaid[START][0]
        for periods in sorted(integration):
            unsaid, said = found.unsaid[periods]
            lines.append(Line(
                f"{periods:.0f} periods, {what}: wall time without start-up ({start:.2f} s) / time of --timing [s]",
                f"{unsaid - start + said:.3f} / {said:.3f}", f"within {MARGIN[0]:.0%} and {MARGIN[1]:g} s",
                abs(unsaid - start) <= MARGIN[0] * said + MARGIN[1]))
    for what, found in (("ngspice with its raw file", raw), ("tsbench, CSV", csv), ("tsbench, npz", npz)):
        spent = ", ".join(f"{found.cpu[p]:.2f} ({found.wall[p]:.2f})" for p in sorted(found.cpu))
        lengths = ", ".join(f"{p:g}" for p in sorted(found.cpu))
        lines.append(Line(f"whole command, {lengths} periods [s], processor (clock): {what}", spent,
                          INFORMATION, True))
    return lines


if __name__ == "__main__":
    sys.exit(main())
