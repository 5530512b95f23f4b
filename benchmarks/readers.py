"""Other programs read every run file of the demo: ``python -m benchmarks.readers [--readers PYTHON] [--runs DIR]``.

The other programs need not be in the environment of tsbench: ``--readers`` names a Python interpreter in whose
environment ``pip install pynxtools nexusformat silx xarray h5netcdf`` was run.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np

from benchmarks.report import Line, report
from tsbench.storage import examine, read_run

#: run by the interpreter of the readers: one JSON line for each run file
_READ = """
import json, sys
import h5py, numpy, silx.io, xarray
from silx.io.nxdata import get_default
from nexusformat.nexus import nxload
for name in sys.argv[1:]:
    said = {}
    with silx.io.open(name) as file:
        found = get_default(file)
        said["silx"] = "" if found is not None and found.is_valid else "no default plot"
        said["plotted"] = None if found is None else numpy.asarray(found.signal[()], dtype=float).ravel()[:5].tolist()
    tree = nxload(name)
    said["nexusformat"] = "" if tree.plottable_data is not None else "nothing to plot"
    with h5py.File(name) as file:
        groups = ["entry/data"] + [f"entry/waveforms/{block}" for block in file["entry/waveforms"]]
    said["xarray"] = ""
    for group in groups:
        with xarray.open_dataset(name, group=group, engine="h5netcdf") as data:
            for variable in data.values():
                variable[..., :10].load() if variable.ndim else variable.load()
                if "units" not in variable.attrs and variable.dtype.kind in "fi":
                    said["xarray"] += f"{group}/{variable.name} has no units; "
    print(json.dumps(said))
"""


def validators(python: Path, path: Path) -> tuple[bool, bool]:
    """Return whether pynx and nxvalidate find a run file valid."""
    tools = python.parent
    pynx = subprocess.run([tools / "pynx", "validate", "--ignore-undocumented", path], capture_output=True, text=True,
                          check=False)
    said = subprocess.run([tools / "nxvalidate", path], capture_output=True, text=True, check=False)
    text = said.stdout + said.stderr
    return ("is valid according to" in pynx.stdout + pynx.stderr,
            said.returncode == 0 and "Total number of errors: 0" in text)


def plotted(path: Path, values: Sequence[float] | None) -> bool:
    """Whether silx plots what h5py reads of the default plot."""
    with h5py.File(path) as file:
        data = file["entry/data"]
        own = np.asarray(data[data.attrs["signal"]][()], dtype=float).ravel()[:5]
    return values is not None and np.array_equal(own, np.array(values, dtype=float), equal_nan=True)


def main(arguments: Sequence[str]) -> int:
    """Read all and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.readers", description=__doc__)
    parser.add_argument("--readers", type=Path, default=Path(sys.executable), help="a Python with the other programs")
    parser.add_argument("--runs", type=Path, help="folder of run files; default: those of a new demo")
    parser.add_argument("--quick", action="store_true", help="two files only")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        runs = options.runs
        if runs is None:
            runs = Path(folder)
            subprocess.run([sys.executable, "-m", "tsbench", "demo", "--out", folder], check=True, capture_output=True)
        files = sorted(runs.glob("*.nxs"))[: 2 if options.quick else None]
        done = subprocess.run(
            [options.readers, "-c", _READ, *map(str, files)], capture_output=True, text=True, check=False)
        said = [json.loads(line) for line in done.stdout.splitlines()]
        said += [{"silx": "not read", "nexusformat": "not read", "xarray": "not read", "plotted": None}] * (
            len(files) - len(said))
        if done.returncode:
            print(done.stderr, file=sys.stderr)
        valid = [validators(options.readers, path) for path in files]
        rows = {
            "pynx validate --ignore-undocumented": [one for one, _ in valid],
            "nxvalidate (nexusformat), 0 errors": [one for _, one in valid],
            "silx finds and reads the default plot": [
                not one["silx"] and plotted(path, one["plotted"]) for path, one in zip(files, said, strict=True)],
            "nexusformat finds something to plot": [not one["nexusformat"] for one in said],
            "xarray opens the plot and every record, all with units": [not one["xarray"] for one in said],
            "tsbench validate and read_run": [examine(path) == ([], "") and bool(read_run(path)) for path in files],
        }
        for one in said:
            if one["xarray"]:
                print(one["xarray"], file=sys.stderr)
    return report("readers", "other programs that read run files", [
        Line(name, f"{sum(good)} of {len(files)} files", "all", all(good) and bool(good))
        for name, good in rows.items()])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
