"""Processor time and memory for reading a large record of each format of oscilloscopes, in a process of its own.

``python -m benchmarks.scope_files [--samples 10000000]``: the files are written for it, two channels where a format
holds several. It needs Linux, and 2 GB in the folder for temporary files.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.report import Line, report
from tests.fixtures import scope_files
from tsbench.importers.registry import importer_of

SAMPLES = 10_000_000
#: [bytes] of memory for each number of the table, above that of the program before it reads
MOST_BYTES = 40
#: [ns] of processor time for each sample and channel: of a binary file, and of a text file
MOST_BINARY, MOST_TEXT = 50.0, 500.0


def codes(samples: int) -> npt.NDArray[np.int16]:
    """Return codes that repeat only after 65521 samples (a prime)."""
    return (np.arange(samples, dtype=np.int64) * 7919 % 65521 - 32760).astype(np.int16)


def _csv(path: Path, samples: int) -> Path:
    """Write a text file of InfiniiVision in blocks."""
    with path.open("w") as file:
        file.write("x-axis,1,2\nsecond,Volt,Volt\n")
        for begin in range(0, samples, 500_000):
            number = np.arange(begin, min(begin + 500_000, samples), dtype=np.float64)
            values = 1e-4 * ((number * 7919) % 65521 - 32760)
            np.savetxt(file, np.column_stack([-1e-3 + 1e-9 * number, values, -values]), fmt="%.8e", delimiter=",")
    return path


#: file -> (writer, whether it is text)
FORMATS: dict[str, tuple[Callable[[Path, int], Path], bool]] = {
    "lecroy.trc": (lambda path, n: scope_files.lecroy_trc(path, codes(n), 1e-4, 0.0), False),
    "tektronix.isf": (lambda path, n: scope_files.isf(path, codes(n)), False),
    "tektronix.wfm": (lambda path, n: scope_files.tek_wfm(path, codes(n)), False),
    "keysight.bin": (lambda path, n: scope_files.float_container(
        path, [("1", codes(n) * 1e-4), ("2", codes(n) * -1e-4)]), False),
    "rohde.bin": (lambda path, n: scope_files.rohde_export(
        path, np.column_stack([codes(n) >> 8, codes(n) & 0x7F]).astype(np.int8), interleaved=True), False),
    "keysight.csv": (_csv, True),
}


def read(path: Path) -> dict[str, float]:
    """Read a file; return processor time [s], memory above the start [bytes], columns and rows."""
    np.loadtxt(["1 2"])  # what is imported late counts for the program, not for the file
    importer = importer_of(path)
    assert importer is not None
    before = _status("VmRSS")
    begin = time.process_time()
    table = importer.read(path).tables[0]
    taken = time.process_time() - begin
    memory = _status("VmHWM") - before
    return {"seconds": taken, "memory": memory, "columns": len(table.columns), "rows": table.rows}


def _status(name: str) -> int:
    """Return an amount of memory of this process [bytes]; its peak does not count that of the process before it."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return 1024 * int(line.split()[1])


def main() -> int:
    """Write, read and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=SAMPLES)
    parser.add_argument("--read", type=Path, help="read one file and print the figures (for the child process)")
    arguments = parser.parse_args()
    if arguments.read:
        print(json.dumps(read(arguments.read)))
        return 0
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        for name, (write, is_text) in FORMATS.items():
            path = write(Path(folder) / name, arguments.samples)
            size = sum(one.stat().st_size for one in Path(folder).iterdir())
            done = subprocess.run([sys.executable, "-m", "benchmarks.scope_files", "--read", str(path)], check=True,
                                  capture_output=True, text=True)
            found = json.loads(done.stdout.splitlines()[-1])
            for one in Path(folder).iterdir():
                one.unlink()
            channels = int(found["columns"]) - 1
            numbers = found["rows"] * found["columns"]
            each = found["seconds"] / (arguments.samples * channels) * 1e9
            most = MOST_TEXT if is_text else MOST_BINARY
            shape = f"{name}, {size / 1e6:.0f} MB, {channels} channel{'s' if channels > 1 else ''}"
            lines += [
                Line(f"{shape}: samples read", f"{found['rows']:.0f}", f"{arguments.samples}",
                     found["rows"] == arguments.samples),
                Line(f"{shape}: processor time", f"{found['seconds']:.2f} s ({each:.0f} ns a sample)",
                     f"at most {most:.0f} ns a sample", each <= most),
                Line(f"{shape}: memory", f"{found['memory'] / numbers:.1f} bytes a number",
                     f"at most {MOST_BYTES} bytes a number", found["memory"] / numbers <= MOST_BYTES),
            ]
    return report("scope_files", f"records of {arguments.samples:.0e} samples", lines)


if __name__ == "__main__":
    sys.exit(main())
