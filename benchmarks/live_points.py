"""The window while a run sends 10,000 points a second: how long it hears no key, and whether a point is missing.

A feeder, in the place of the measuring process, prints the events of an endless I-V sweep in blocks of 100 points.
They go the way of a run: child process, :class:`~tsbench.gui.runner_client.RunnerClient`, window; three more live
plots take the same points, so that four are redrawn. A timer of 1 ms in the window's event loop measures how long the
loop does something else: the difference to 1 ms is a stall, in which no key is heard.

``python -m benchmarks.live_points [--seconds 60] [--rate 10000]``. On a loaded machine the stalls are longer.
"""

import argparse
import itertools
import json
import math
import os
import sys
import time
from array import array
from pathlib import Path

import numpy as np

from benchmarks.report import INFORMATION, Line, report

COLUMNS = (("index", ""), ("time", "s"), ("cycle", ""), ("set_point", "V"), ("voltage", "V"), ("current", "A"),
           ("device_voltage", "V"))
BLOCK, PERIOD = 100, 1000  #: points of a block, of a cycle
PLOTS = 4
MOST_STALL = 50.0  #: [ms] at the 99.9th percentile
MOST_GROWTH = 0.05
_START = 5.0  #: [s] in which the window takes its memory
_MEGABYTE = 2**20


def feed(rate: float, total: int) -> None:
    """Print the events of a run with ``total`` points, ``rate`` a second."""
    def tell(kind: str, message: str, data: object) -> str:
        return json.dumps({"kind": kind, "message": message, "time": 0.0, "data": data})

    columns = [{"name": name, "unit": unit} for name, unit in COLUMNS]
    print(tell("state", "run", {"state": "running", "run": "feed", "columns": columns}))
    began = time.monotonic()
    for first in range(0, total, BLOCK):
        lines = [tell("point", "", {"index": k, "values": list(point(k)), "flags": []})
                 for k in range(first, min(first + BLOCK, total))]
        print("\n".join(lines), flush=True)
        if (early := began + (first + BLOCK) / rate - time.monotonic()) > 0:
            time.sleep(early)
    print(tell("state", "success", {"state": "done", "status": "success", "reason": ""}))


def point(number: int) -> tuple[float, ...]:
    """Return one point of a sweep that switches at 0.8 V behind 100 Ohm."""
    level = math.sin(2 * math.pi * number / PERIOD)
    current = 1e-4 * level + (math.copysign(1e-3, level) if abs(level) > 0.8 else 0.0)
    return float(number), 1e-4 * number, float(number // PERIOD + 1), level, level, current, level - 100.0 * current


def resident() -> float:
    """Return the resident memory of this process [bytes] (Linux, /proc/self/statm)."""
    return float(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def lines(rate: float, seconds: float) -> list[Line]:
    """Feed the window and return the table."""
    from PyQt5 import QtCore, QtWidgets

    from tsbench.gui.live_plot import LivePlot
    from tsbench.gui.main_window import MainWindow
    from tsbench.gui.palette import apply_palette

    application = QtWidgets.QApplication(["live_points"])
    application.setOrganizationName("tsbench-benchmarks")
    apply_palette(application)
    window, total = MainWindow(), int(rate * seconds)
    window.show()
    plots = [window.view.plot, *(LivePlot() for _ in range(PLOTS - 1))]
    for plot in plots[1:]:
        plot.begin(("device voltage", "V"), ("current", "A"), "voltage at the source")
        plot.resize(600, 300)
        plot.show()

    def tell_others(event: dict[str, object]) -> None:
        if event.get("kind") == "point":
            _, _, cycle, _, source, current, voltage = event["data"]["values"]  # type: ignore[index]
            for plot in plots[1:]:
                plot.add_point(voltage, current, source, cycle)

    child, ticks, memory = window.control.child, array("d"), []
    child.told.connect(tell_others)
    child.program = (sys.executable, "-m", "benchmarks.live_points", "--feed", str(total), "--rate", str(rate))
    child.ended.connect(lambda _: application.quit())
    timer = QtCore.QTimer()
    timer.setTimerType(QtCore.Qt.PreciseTimer)
    timer.timeout.connect(lambda: ticks.append(time.monotonic()))
    watch = QtCore.QTimer()
    watch.timeout.connect(lambda: memory.append(resident()))
    timer.start(1)
    watch.start(1000)
    child.start([])
    began, spent = time.monotonic(), time.process_time()
    application.exec_()
    took, spent = time.monotonic() - began, time.process_time() - spent
    stalls = np.array([later - earlier for earlier, later in itertools.pairwise(ticks)]) * 1e3 - 1.0
    kept = [value for number, value in enumerate(memory) if number >= _START]
    growth = kept[-1] / kept[0] - 1.0 if len(kept) > 1 else 0.0
    worst = float(np.percentile(stalls, 99.9))
    counts = [plot._points.count for plot in plots]
    return [
        Line("points in each of four plots", f"{min(counts):,} of {total:,}", "all", counts == [total] * PLOTS),
        Line("time of the run", f"{took:.1f} s", f"at most {1.05 * seconds + 2:.1f} s (it keeps pace)",
             took <= 1.05 * seconds + 2.0),
        Line("stall of the event loop, 99.9th percentile", f"{worst:.1f} ms", f"at most {MOST_STALL:.0f} ms",
             worst <= MOST_STALL),
        Line("longest stall", f"{stalls.max():.1f} ms", INFORMATION, True),
        Line("share of one processor", f"{100 * spent / took:.0f} %", INFORMATION, True),
        Line("load of the machine (1 min)", f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} processors", INFORMATION,
             True),
        Line(f"growth of resident memory after {_START:.0f} s", f"{100 * growth:.1f} % of {kept[0] / _MEGABYTE:.0f} MB"
             if kept else "not measured", f"at most {100 * MOST_GROWTH:.0f} %", growth <= MOST_GROWTH),
    ]


def main() -> int:
    """Run the benchmark, or be its feeder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=10_000.0, help="points a second")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--feed", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.feed:
        feed(options.rate, options.feed)
        return 0
    return report("live_points", f"{options.seconds:g} s at {options.rate:,.0f} points a second",
                  lines(options.rate, options.seconds))


if __name__ == "__main__":
    raise SystemExit(main())
