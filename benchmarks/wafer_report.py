"""The report of a campaign beside the truth of the simulated wafer: ``python -m benchmarks.wafer_report [--quick]``."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import tsbench
from benchmarks.report import Line, report
from benchmarks.wafers import wafer_specimens
from tsbench.reports.devices import ReportedDevice, reported_devices
from tsbench.reports.folder import of_campaign, read_folder
from tsbench.reports.yields import yields

ROOT = Path(__file__).resolve().parent.parent
SHORTS, OPENS = 0.15, 0.15  #: shares of the devices
#: state of a device of the wafer -> what a report may say of it; a short carries the compliance current from the start
RIGHT = {"good": {"working"}, "short": {"shorted", "conducting"}, "open": {"open"}}


def measured(folder: Path, seed: int, devices: str) -> list[ReportedDevice]:
    """Measure a wafer of that seed with the example campaign, and return what the report says of its devices."""
    folder.mkdir()
    for name in ("wafer.bench.toml", "wafer.world.toml", "wafer.campaign.toml"):
        text = (ROOT / "examples" / name).read_text("utf-8")
        text = text.replace("seed = 5\n", f"seed = {seed}\nshorts = {SHORTS}\nopens = {OPENS}\n")
        text = text.replace('devices = ["W1_*"]', f'devices = ["{devices}"]').replace('exclude = ["W1_x-2*"]', "")
        (folder / name).write_text(text, "utf-8")
    tsbench.campaign(folder / "wafer.campaign.toml", folder / "runs").run(accept=True)
    read = read_folder(folder / "runs")
    return reported_devices(read.campaigns[0], of_campaign(read, read.campaigns[0]))


def main(arguments: Sequence[str]) -> int:
    """Measure, compare and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.wafer_report", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less of the same, within a minute")
    quick = parser.parse_args(arguments).quick
    seeds, pattern = ((5,), "W1_*y0_1") if quick else ((5, 6, 7), "W1_*")
    truth: list[str] = []
    found: list[ReportedDevice] = []
    with tempfile.TemporaryDirectory() as name:
        for seed in seeds:
            folder = Path(name) / str(seed)
            devices = measured(folder, seed, pattern)
            states = {one.name: one.state for one in wafer_specimens(folder / "wafer.world.toml")}
            for device in devices:
                found.append(device)
                truth.append(states[device.name])
    right = [device.state in RIGHT[state] for device, state in zip(found, truth, strict=True)]
    wrong = "; ".join(f"{device.name} is {state}, reported {device.state}"
                      for device, state, good in zip(found, truth, right, strict=True) if not good)
    share = truth.count("good") / len(truth)
    told = yields(found).at_end
    counts = ", ".join(f"{truth.count(state)} {state}" for state in RIGHT)
    return report("wafer_report", "the report beside the wafer", [
        Line(f"state of {len(found)} devices ({counts})", f"{sum(right)} right{': ' + wrong if wrong else ''}",
             "all right", all(right)),
        Line("yield of all wafers together", f"{told.works} of {told.of}, {100 * told.low:.0f} % to "
             f"{100 * told.high:.0f} %; {100 * share:.0f} % of these devices are good",
             "the interval holds the true share", told.low <= share <= told.high),
    ])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
