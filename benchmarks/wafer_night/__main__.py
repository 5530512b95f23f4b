"""A night on a wafer of 1,000 devices: contact, I-V sweep, 20 captured pulses and an oscillation on each.

Run it as ``python -m benchmarks.wafer_night [--devices N] [--stations N] [--kill-every S] [--seed N] [--keep DIR]``.

Some devices are shorts or opens, and the needles miss a device now and then. The processes are killed by SIGKILL every
few minutes and resumed. In the end the report's yield and distributions are compared with the wafer as it was drawn.
"""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.stats import binomtest

from benchmarks.report import INFORMATION, Line, report
from benchmarks.wafer_night.stations import Station, make_station, night, specimens
from tsbench.analysis.statistics.intervals import summarise
from tsbench.reports.devices import ReportedDevice, reported_devices
from tsbench.reports.folder import read_folder
from tsbench.reports.yields import yields
from tsbench.simulated_backends.devices.switching_levels import static_folds
from tsbench.station.campaign import campaign
from tsbench.station.campaign.state import StateFile

BAR = 90.0  #: [min]


def _outcomes(stations: Sequence[Station]) -> tuple[Counter[str], list[str]]:
    """Return how many runs ended how, and the keys of runs without an outcome or that began twice."""
    found, problems = Counter[str](), list[str]()
    for station in stations:
        measured = campaign(station.folder / "night.campaign.toml", station.out)
        states = StateFile(station.out, measured.file.name)
        states.close()
        state = states.state
        # docs/campaigns.md: the code stays 1 if a run was interrupted, even where all others ended well
        expected = int(any(one.get("status") != "success" for one in state.outcomes.values()))
        if station.exit_code != expected:
            problems.append(f"{station.folder.name} ended with exit code {station.exit_code}, not {expected}: see "
                            f"{station.folder / 'night.log'}")
        for item in measured.items:
            if item.key in state.outcomes:
                found[str(state.outcomes[item.key].get("status"))] += 1
            elif item.key in state.left_out:
                found["left out"] += 1
            else:
                problems.append(f"{item.key} has no outcome")
        problems += [f"{key} was begun {count} times" for key, count in state.counts.items() if count > 1]
        problems += station.problems
    return found, problems


def _devices(stations: Sequence[Station]) -> list[ReportedDevice]:
    found = []
    for station in stations:
        folder = read_folder(station.out)
        found += reported_devices(folder.campaigns[0], folder.runs)
    return found


def _thresholds(devices: Sequence[ReportedDevice], truth: dict[str, float]) -> tuple[list[float], int]:
    """Return measured thresholds [V], and how many of their intervals hold the true one [V] of the device."""
    measured, inside = [], 0
    for device in devices:
        for run in device.runs:
            for one in run.results:
                if one.quantity == "threshold_voltage" and one.value is not None and device.name in truth:
                    measured.append(one.value)
                    low, high = one.low, one.high
                    inside += low is not None and high is not None and low <= truth[device.name] <= high
    return measured, inside


def _lines(stations: Sequence[Station], seconds: float) -> list[Line]:
    statuses, problems = _outcomes(stations)
    devices = _devices(stations)
    drawn = {one.name: one for station in stations for one in station.devices}
    good = sum(one.state == "good" for one in drawn.values())
    found = yields(devices)
    truth = {name: folds.threshold.voltage for name, one in drawn.items() if one.state == "good"
             and (folds := static_folds(one.model)).threshold is not None}
    measured, inside = _thresholds(devices, truth)
    mean, all_true = summarise(np.array(measured)), np.array(list(truth.values()))
    covered = inside / len(measured) if measured else 0.0
    low, high = np.percentile(all_true, [10, 90])
    tails = [int(np.sum(np.array(measured) < low)), int(np.sum(np.array(measured) > high))]
    fair = [binomtest(count, len(measured), 0.1).pvalue > 0.01 for count in tails]
    kills = sum(station.kills for station in stations)
    middle = float(np.mean(all_true))
    return [
        Line(f"{len(drawn)} devices on {len(stations)} stations", f"{seconds / 60:.1f} min", f"<= {BAR:g} min",
             seconds <= 60 * BAR),
        Line("processes killed", str(kills), INFORMATION, True),
        Line("runs by their status", ", ".join(f"{name} {count}" for name, count in sorted(statuses.items())),
             "at most one interrupted run for each kill", statuses["interrupted"] <= kills),
        Line("runs without an outcome, begun twice, and other problems", "; ".join(problems[:3]) or "none", "none",
             not problems),
        Line("devices that switch, in the report, and good devices of the wafer",
             f"{found.at_end.works} of {found.at_end.of} ({found.at_end.low:.1%} to {found.at_end.high:.1%}), "
             f"{good} of {len(drawn)}", "the share of the wafer lies in the interval",
             found.at_end.low <= good / len(drawn) <= found.at_end.high),
        Line("devices of which the report does not know whether they switch", str(found.undecided), INFORMATION, True),
        Line("threshold voltage: mean of the devices, and true mean of the wafer",
             f"{mean.mean:.4f} V ({mean.low:.4f} to {mean.high:.4f}), {middle:.4f} V",
             "the true mean lies in the interval", mean.low <= middle <= mean.high),
        Line("thresholds below the 10 % and above the 90 % point of the true ones", f"{tails[0]} and {tails[1]} of "
             f"{len(measured)}", "a tenth each (binomial test at 1 %)", all(fair)),
        Line("threshold voltages whose interval holds the truth of the device", f"{covered:.1%} of {len(measured)}",
             ">= 95 %", covered >= 0.95),
    ]


def main() -> int:
    """Measure the wafer, and compare."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--devices", type=int, default=1000)
    parser.add_argument("--stations", type=int, default=2)
    parser.add_argument("--kill-every", type=float, default=240.0, metavar="S", help="mean time between kills [s]")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, metavar="DIR", help="a new folder for the runs")
    options = parser.parse_args()
    drawn = specimens(options.devices)
    with tempfile.TemporaryDirectory() as folder:
        root = options.keep or Path(folder)
        stations = [make_station(root / f"station{number}", drawn[number::options.stations])
                    for number in range(options.stations)]
        seconds = night(stations, options.kill_every, options.seed)
        lines = _lines(stations, seconds)
    return report(f"wafer_night --devices {options.devices} --kill-every {options.kill_every:g}",
                  "a night on a wafer", lines)


if __name__ == "__main__":
    sys.exit(main())
