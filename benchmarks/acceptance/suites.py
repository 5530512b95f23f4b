"""PyMeasure's own device suites (``test_*_with_device.py``), run whole against the virtual instruments.

The suites are in PyMeasure's source archive, which pip downloads once into ``build/acceptance``.
"""

import json
import os
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree

from benchmarks.acceptance.benches import PARTNER, TESTED, resource, world_text
from benchmarks.acceptance.results import Outcome

ROOT = Path(__file__).resolve().parents[2]
#: variables that change the texts of pytest, which the list of expected failures compares
PYTEST_READS = frozenset({"CI", "BUILD_NUMBER", "PYTEST_ADDOPTS"})
#: what the generator beside an oscilloscope outputs: 1 kHz square wave of 0 V to 2.5 V, as a probe compensation output
SQUARE = ("*RST", "OUTP1:LOAD INF", "FUNC SQU", "FREQ 1000", "VOLT:HIGH 2.5", "VOLT:LOW 0", "OUTP1 ON")


@dataclass(frozen=True)
class Suite:
    """One file of PyMeasure's device tests.

    Parameters
    ----------
    name : the class that it tests
    file : below ``tests/instruments`` of the source archive
    twins : virtual instruments that it can run on; the first that is registered is used
    partner : virtual instrument on the same nodes, which outputs :data:`SQUARE`
    address : VISA address that the file itself opens; None: it takes ``--device-address``
    longest : [s] of wall clock
    probe : attenuation of the probe on channel 1 of an oscilloscope; None: there is none
    tests : how many of its tests run
    left_out : how many do not: their authors mark them as failing, or they need a human who looks at a screen
    """

    name: str
    file: str
    twins: tuple[str, ...]
    partner: str | None = None
    address: str | None = None
    longest: float = 600.0
    probe: int | None = None
    tests: int = 0
    left_out: int = 0


SUITES = (
    Suite("Keithley2400", "keithley/test_keithley2400_with_device.py", ("keithley_2400", "keithley_2410"),
          tests=75),
    Suite("Agilent33500", "agilent/test_agilent33500_with_device.py", ("keysight_33522b",),
          address="TCPIP0::192.168.225.208::inst0::INSTR", tests=391, left_out=4),
    Suite("Keysight81160A", "keysight/test_keysight81160A_with_device.py", ("keysight_81160a",),
          tests=222),
    Suite("KeysightDSOX1102G", "keysight/test_keysightDSOX1102G_with_device.py", ("keysight_dsox1102g",),
          "keysight_33622a", "USB0::10893::6039::CN57266430::0::INSTR", tests=141),
    Suite("LeCroyT3DSO1204", "lecroy/test_lecroyT3DSO1204_with_device.py",
          ("lecroy_t3dso1204",), "keysight_33622a", longest=1800.0, probe=10, tests=96, left_out=5),
    Suite("TeledyneMAUI", "teledyne/test_teledyneMAUI_with_device.py", ("lecroy_wavesurfer3054z",), "keysight_33622a",
          tests=70),
    Suite("SDS1000XHD", "siglenttechnologies/test_siglent_sds1000xhd_with_device.py",
          ("siglent_sds1104xhd",), "keysight_33622a", tests=12, left_out=1),
)


def sources(folder: Path) -> Path:
    """Return PyMeasure's source tree of the installed version; it is downloaded once."""
    tree = folder / f"pymeasure-{version('pymeasure')}"
    if not tree.exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", f"pymeasure=={version('pymeasure')}", "--no-deps",
             "--no-binary", "pymeasure", "--dest", str(folder)], check=True)
        with tarfile.open(next(folder.glob("pymeasure-*.tar.gz"))) as archive:
            archive.extractall(folder, filter="data")
    return tree


def run_suite(suite: Suite, model: str, folder: Path) -> list[Outcome]:
    """Run one suite in a process of its own; return the outcome of each of its tests.

    Raises
    ------
    RuntimeError
        pytest wrote no report.
    """
    tests = sources(folder)
    world = folder / f"suite_{suite.name}.world.toml"
    text = world_text(model, suite.partner)
    if suite.probe is not None:
        placed = f'model = "{model}"'
        text = text.replace(placed, f"{placed}\noptions = {{ probes = {{ 1 = {suite.probe} }} }}", 1)
    address = suite.address or resource(1)
    world.write_text(text.replace(resource(1), address), "utf-8")
    report = folder / f"suite_{suite.name}.xml"
    report.unlink(missing_ok=True)
    environment = {name: value for name, value in os.environ.items() if name not in PYTEST_READS} | {
        "PYVISA_LIBRARY": f"{world.resolve()}@tsbench", "PYTHONPATH": str(ROOT), "TSBENCH_WITNESS": "",
        "TSBENCH_SUITE_PARTNER": json.dumps({resource(2): SQUARE} if suite.partner else {}),
    }
    command = [
        sys.executable, "-m", "pytest", "-q", "-p", "benchmarks.acceptance.suite_plugin", "-p", "no:cacheprovider",
        "-p", "no:tsbench", "-o", "addopts=", "-W", "ignore", "--import-mode=importlib",
        f"--junitxml={report.resolve()}", "--device-address", address,
        f"tests/instruments/{suite.file}",
    ]
    done = subprocess.run(
        command, cwd=tests, env=environment, capture_output=True, text=True, check=False, timeout=suite.longest)
    if not report.exists():
        raise RuntimeError(f"{suite.name}: pytest wrote no report: {(done.stdout + done.stderr)[-2000:]}")
    found = outcomes(report)
    left_out = ElementTree.parse(report).findall(".//skipped")
    if (len(found), len(left_out)) != (suite.tests, suite.left_out):
        found.append(Outcome("the whole suite", False, (
            f"{len(found)} tests ran and {len(left_out)} were left out. The suite has {suite.tests} and "
            f"{suite.left_out}. Reasons: {sorted({str(one.get('message')) for one in left_out})}")))
    return found


def outcomes(report: Path) -> list[Outcome]:
    """Read a junit report: one outcome for each test, by its name with its parameters."""
    found = []
    for case in ElementTree.parse(report).iter("testcase"):
        wrong = [part for part in case if part.tag in {"failure", "error"}]
        if any(part.tag == "skipped" for part in case):
            continue
        text = " ".join(part.get("message") or (part.text or "")[-500:] for part in wrong)
        found.append(Outcome(case.get("name", ""), not wrong, " ".join(text.split())[:600]))
    return found


__all__ = ["PARTNER", "SUITES", "TESTED", "Suite", "outcomes", "run_suite", "sources"]
