"""Shared fixtures, skips with their reasons, and the sabotage switches.

``pytest --sabotage=KIND`` runs only the tests marked ``@pytest.mark.sabotage(KIND, …)`` on a bench that has been
spoilt on purpose; each of them must then fail. The run passes if and only if all of them failed.
"""

import gc
import os
import shutil
import sys
from collections import Counter
from pathlib import Path

# before NumPy is loaded: threads of its linear algebra wait in loops, and the matrices here are far too small for them
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import hypothesis
import pytest

from tests.fixtures.browser import missing

# the same examples in every run, and none fails because the machine is busy
hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None)
hypothesis.settings.load_profile("repeatable")

pytest_plugins = [
    "tests.fixtures.fake_station", "tests.fixtures.quick", "tests.fixtures.simulated_bench",
    "tests.fixtures.simulation_failures"]
ROOT = Path(__file__).resolve().parent.parent
KINDS = ("resistor", "units", "output")
#: marks of tests that run only where an option asks for them, and how to ask
_LEFT_OUT = {"hardware": "needs real instruments: pytest --bench bench.toml", "soak": "soak test: pytest -m soak",
             "thorough": "thorough test: pytest --thorough"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--sabotage", choices=KINDS, help="spoil the bench; every test marked for it must fail")
    parser.addoption("--thorough", action="store_true", help="run the tests with the mark thorough, too")
    parser.addoption("--bench", help="bench file of real instruments for tests marked hardware")


def pytest_configure(config: pytest.Config) -> None:
    kind = config.getoption("--sabotage")
    if kind:
        sys.path.insert(0, str(ROOT / "tests" / "sabotage"))
        import spoil

        spoil.install(kind)


def pytest_collection_finish() -> None:
    """Spare the processor: what is there before the first test stays, and to look through it again costs a tenth."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.hookimpl(tryfirst=True)   # pytest-xdist reads the groups in this hook, too
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    _thin_out(items)
    _leave_out(config, items)
    if config.pluginmanager.hasplugin("xdist"):
        for item in items:
            item.add_marker(pytest.mark.xdist_group(_group(item)))
    kind = config.getoption("--sabotage")
    if kind:
        keep = [item for item in items if not (item.get_closest_marker("soak") or item.get_closest_marker("thorough"))
                and any(kind in mark.args for mark in item.iter_markers("sabotage"))]
        config.hook.pytest_deselected(items=[item for item in items if item not in keep])
        items[:] = keep
    for item in items:
        if item.get_closest_marker("ngspice") and not shutil.which("ngspice"):
            _absent(item, "needs the program ngspice (Debian package ngspice)")
        if item.get_closest_marker("display") and not _has_display():
            _absent(item, "needs a display (start Xvfb and set DISPLAY)")
        if item.get_closest_marker("browser") and (lacking := missing()):
            _absent(item, f"needs {lacking} (Debian packages chromium and chromium-driver)")


def _leave_out(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what an option has to ask for."""
    asked = {"hardware": config.getoption("--bench"), "soak": config.getoption("markexpr"),
             "thorough": any(map(config.getoption, ("markexpr", "--thorough", "--record-slow")))}
    for item in items:
        for name, reason in _LEFT_OUT.items():
            if not asked[name] and item.get_closest_marker(name):
                item.add_marker(pytest.mark.skip(reason=reason))


def _thin_out(items: list[pytest.Item]) -> None:
    """Of a test with the mark ``thin(n)``, every n-th set of parameters stays; the others become thorough tests."""
    seen: Counter[str] = Counter()
    for item in items:
        mark = item.get_closest_marker("thin")
        if mark is None or item.get_closest_marker("soak"):
            continue
        name = item.nodeid.partition("[")[0]
        if seen[name] % mark.args[0]:
            item.add_marker(pytest.mark.thorough)
        seen[name] += 1


def _group(item: pytest.Item) -> str:
    """Return which tests run in one process: those of a file, or all that need the one display."""
    return "display" if item.get_closest_marker("display") else item.nodeid.partition("::")[0]


def _has_display() -> bool:
    return os.name == "nt" or bool(os.environ.get("DISPLAY"))


def _absent(item: pytest.Item, reason: str) -> None:
    """Skip, or fail where everything was promised to be installed (TSBENCH_REQUIRE_ALL)."""
    if os.environ.get("TSBENCH_REQUIRE_ALL"):
        raise pytest.UsageError(f"{item.nodeid}: {reason}; TSBENCH_REQUIRE_ALL is set")
    item.add_marker(pytest.mark.skip(reason=reason))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item):  # type: ignore[no-untyped-def]
    """Where all is installed, a skip other than an asked-for one is a failure."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("TSBENCH_REQUIRE_ALL") and not _may_skip(item, report):
        report.outcome = "failed"
        report.longrepr = f"skipped although everything is installed: {report.longrepr}"


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector: pytest.Collector):  # type: ignore[no-untyped-def]
    """The same for a file, or a whole folder, that skips itself before it has a test (``importorskip``)."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("TSBENCH_REQUIRE_ALL") and not _is_allowed(str(report.longrepr)):
        report.outcome = "failed"
        report.longrepr = f"skipped although everything is installed: {report.longrepr}"


def _may_skip(item: pytest.Item, report: pytest.TestReport) -> bool:
    return (
        any(item.get_closest_marker(name) for name in _LEFT_OUT) or _is_allowed(str(report.longrepr))
    )


def _is_allowed(reason: str) -> bool:
    return "measured data" in reason or "Windows" in reason


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Under sabotage the run succeeds when every marked test failed and there were at least 15 of them."""
    if session.config.getoption("--sabotage"):
        failed, passed = _failed_and_not(session.config.pluginmanager.getplugin("terminalreporter").stats)
        session.exitstatus = 0 if passed == 0 and failed >= 15 else 1


def _failed_and_not(stats: dict[str, list[pytest.TestReport]]) -> tuple[int, int]:
    """Return how many tests failed and how many did not; one that fails and then leaves an output on counts once."""
    failed = len({report.nodeid for report in stats.get("failed", []) + stats.get("error", [])})
    return failed, len(stats.get("passed", [])) + len(stats.get("skipped", []))


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter, exitstatus: int, config: pytest.Config) -> None:  # type: ignore[no-untyped-def]
    kind = config.getoption("--sabotage")
    if kind:
        failed, passed = _failed_and_not(terminalreporter.stats)
        verdict = "as it must be" if passed == 0 and failed >= 15 else "SABOTAGE WENT UNNOTICED"
        terminalreporter.write_line(f"sabotage={kind}: {failed} marked tests failed, {passed} did not: {verdict}")


@pytest.fixture
def nbo2_bench(tmp_path: Path) -> Path:
    """A private copy of the demo bench and its world; returns the bench file."""
    for name in ("nbo2.bench.toml", "nbo2.world.toml"):
        shutil.copy(ROOT / "examples" / name, tmp_path / name)
    return tmp_path / "nbo2.bench.toml"


@pytest.fixture
def resistor_bench(tmp_path: Path) -> Path:
    """A private copy of the resistor bench and its world; returns the bench file."""
    for name in ("resistor.bench.toml", "resistor.world.toml"):
        shutil.copy(ROOT / "examples" / name, tmp_path / name)
    return tmp_path / "resistor.bench.toml"


DRIVER_WORLD = """
seed = 3
[witness]
file = "witness.jsonl"
[instruments.source_meter]
model = "keithley_2450"
resource = "USB0::0x05E6::0x2450::SIM00011::INSTR"
[instruments.generator]
model = "keysight_33622a"
resource = "USB0::0x2A8D::0x5A01::SIM00012::INSTR"
[instruments.scope]
model = "keysight_dsox3054t"
resource = "USB0::0x2A8D::0x1764::SIM00013::INSTR"
[fixture]
netlist = '''
R_smu  smu  0 10k
R_gen1 gen1 0 10k
R_gen2 gen2 0 10k
C_gen1 gen1 0 20p
'''
[fixture.terminals]
source_meter = "smu"
"generator.1" = "gen1"
"generator.2" = "gen2"
"scope.1" = "gen1"
"scope.2" = "gen2"
[wires]
"scope.external" = "generator.sync"
"""
DRIVER_BENCH = """
visa_library = "driver.world.toml@tsbench"
[instruments.source_meter]
driver = "keithley_2450"
resource = "USB0::0x05E6::0x2450::SIM00011::INSTR"
[instruments.generator]
driver = "keysight_33600"
resource = "USB0::0x2A8D::0x5A01::SIM00012::INSTR"
[instruments.scope]
driver = "keysight_dsox3000t"
resource = "USB0::0x2A8D::0x1764::SIM00013::INSTR"
[roles]
drive = "source_meter"
pulser = "generator.1"
bias = "generator.2"
scope = "scope"
[fixture.withstands]   # there is no netlist: each is on a resistor of its own
"generator.1" = "210 V"
"generator.2" = "210 V"
"scope.1" = "210 V"
[fixture.high_voltage]
rating = "210 V"
interlock = "the lid of the box with the resistors"
"""


@pytest.fixture
def driver_bench(tmp_path: Path) -> Path:
    """Each instrument on 10 kOhm, no device, no device limits: what a driver alone can do; returns the bench file."""
    (tmp_path / "driver.world.toml").write_text(DRIVER_WORLD, "utf-8")
    bench = tmp_path / "driver.bench.toml"
    bench.write_text(DRIVER_BENCH, "utf-8")
    return bench
