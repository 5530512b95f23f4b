"""The plugin as a user has it: the example's tests pass, and fail where an output is left on."""

import importlib.metadata
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

RunTests = Callable[..., "subprocess.CompletedProcess[str]"]
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "test_my_bench.py"

#: tests that a user might write; what each must come to is in its name
SUITE = '''
import pytest
from tsbench.instruments import SourceSettings


def switch_on(bench):
    meter = bench.source_meter("drive")
    meter.configure_source(SourceSettings("voltage", compliance_current=1e-3))
    meter.set_output(True)
    return meter


def test_fails_on_its_bench(simulated_bench):
    switch_on(simulated_bench.open())


def test_fails_on_a_bench_that_it_opened_itself(simulated_bench):
    from tsbench.station.bench.bench import Bench
    global kept
    kept = Bench.open(simulated_bench.path, "D1")
    switch_on(kept)


def test_passes_although_that_one_is_still_on(tmp_path):
    assert kept


def test_passes_after_it(simulated_bench, witness):
    kept.close()
    switch_on(simulated_bench.open()).set_output(False)
    assert witness.outputs_left_on() == []
    assert [record["on"] for record in witness.log.of_kind("output")][-2:] == [True, False]


def test_fails_with_a_library_of_its_own(tmp_path, simulated_bench):
    import pyvisa
    manager = pyvisa.ResourceManager(f"{simulated_bench.path.parent / 'nbo2.world.toml'}@tsbench")
    meter = manager.open_resource("USB0::0x05E6::0x2450::SIM00001::INSTR")
    meter.write(":OUTP ON")
    meter.query("*OPC?")
    manager.close()


@pytest.mark.tsbench_outputs_stay_on
def test_passes_where_it_is_meant(simulated_bench):
    switch_on(simulated_bench.open())


@pytest.mark.tsbench_bench("lab.bench.toml")
@pytest.mark.tsbench_seed(42)
@pytest.mark.tsbench_fault("timeout", message=30, instrument="source_meter")
@pytest.mark.tsbench_fault("trigger_missed", message=5, instrument="scope")
def test_passes_with_its_own_files_seed_and_faults(simulated_bench):
    from tsbench.simulated_backends.world.world_file import load_world_file
    world = load_world_file(simulated_bench.path.parent / "lab.world.toml")
    assert world.seed == 42
    assert sorted(fault.kind for fault in world.faults) == ["timeout", "trigger_missed"]
    assert simulated_bench.devices == ("D1",)


@pytest.mark.tsbench_bench("nowhere.bench.toml")
def test_fails_without_a_bench(simulated_bench):
    pass


@pytest.mark.tsbench_seed("x")
def test_fails_with_a_seed_that_is_no_number(simulated_bench):
    pass


def test_passes_without_any(tmp_path):
    pass
'''


def test_it_is_installed_as_a_plugin() -> None:
    installed = importlib.metadata.distributions(name="tsbench")  # an old egg-info of a checkout counts for nothing
    points = {point.value for found in installed for point in found.entry_points if point.group == "pytest11"}
    assert points == {"tsbench.pytest_plugin.plugin"}, "install again: pip install -e ."


def test_the_example_passes_and_fails_when_an_output_is_left_on(tmp_path: Path, run_tests: RunTests) -> None:
    """The example as it is, and beside it its first test with an output that stays on."""
    text = EXAMPLE.read_text("utf-8")
    shutil.copy(EXAMPLE, tmp_path)
    first = text[:text.index("@pytest.mark", text.index("def test_my_measurement_finds_the_resistor"))]
    assert first.count("meter.set_output(False)") == 1
    (tmp_path / "test_left_on.py").write_text(first.replace("meter.set_output(False)", "pass"), "utf-8")
    came = run_tests(tmp_path)
    assert came.returncode == 1, came.stdout
    tests = len(re.findall(r"^def test_", text, re.MULTILINE)) + 1  # one of them has two cases
    assert f"{tests + 1} passed, 1 error" in came.stdout  # what the spoilt test asserted still holds
    (error,) = [line for line in came.stdout.splitlines() if line.startswith("ERROR ")]
    assert "test_left_on.py::test_my_measurement_finds_the_resistor" in error
    assert "test_my_measurement_finds_the_resistor left an output on: source_meter" in came.stdout


@pytest.mark.thorough
def test_every_way_to_leave_an_output_on_is_found(tmp_path: Path, run_tests: RunTests) -> None:
    (tmp_path / "test_suite.py").write_text(SUITE, "utf-8")
    for kind in ("bench", "world"):
        content = EXAMPLE.with_name(f"nbo2.{kind}.toml").read_text("utf-8")
        (tmp_path / f"lab.{kind}.toml").write_text(content.replace("nbo2.world.toml", "lab.world.toml"), "utf-8")
    outcome = run_tests(tmp_path)
    told = [line.split(" ")[:2] for line in outcome.stdout.splitlines() if line.startswith("test_suite.py::")]
    came_to: dict[str, list[str]] = {}
    for name, state in told:
        came_to.setdefault(name.partition("::")[2], []).append(state)
    assert len(came_to) == SUITE.count("def test_"), outcome.stdout
    for name, states in came_to.items():
        assert ("ERROR" in states) == name.startswith("test_fails"), (name, states, outcome.stdout)
        assert "FAILED" not in states, (name, outcome.stdout)
    words = outcome.stdout.partition("short test summary")[0]  # which repeats them whole where CI is set
    assert words.count("left an output on: source_meter (seen by the witness") == 3
    assert "bench 'nowhere.bench.toml' is neither a file beside the test nor an example" in outcome.stdout
    assert "tsbench_seed takes a whole number, got 'x'" in outcome.stdout


def test_it_costs_nothing_to_those_who_do_not_use_it(tmp_path: Path, run_tests: RunTests) -> None:
    (tmp_path / "test_nothing.py").write_text(
        "import sys\ndef test_nothing():\n"
        "    assert 'tsbench.pytest_plugin.plugin' in sys.modules\n"
        "    assert not {'numpy', 'numba', 'pyvisa', 'tsbench.station', 'tsbench.records'} & set(sys.modules)\n",
        "utf-8",
    )
    outcome = run_tests(tmp_path)
    assert outcome.returncode == 0, outcome.stdout


def test_here_as_well(simulated_bench: Any, witness: Any) -> None:
    measured = simulated_bench.measure("iv_sweep", stop="0.2 V", step="0.1 V", check_oscillation=False)
    assert measured.outcome.status == "success"
    assert len(measured.run.points) == 5
    assert witness.log.ended
    assert measured.values("threshold_voltage") == [None]  # 0.2 V switches nothing on
    with pytest.raises(AssertionError, match="0 values of threshold_voltage"):
        measured.value("threshold_voltage")
