"""The private copy of a bench: which files it is made of, what is written into them, what is read from a run."""

import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tsbench.errors import ConfigurationError
from tsbench.pytest_plugin import plugin
from tsbench.pytest_plugin.simulated_bench import WITNESS, Measured, SimulatedBench, WitnessReader, example_benches
from tsbench.records import Result

WORLD = """seed = 1
[witness]
file = "elsewhere.jsonl"
[instruments.meter]
seed = 5
"""
BENCH = """
visa_library = "worlds/lab.world.toml@tsbench"
[instruments.meter]
resource = "USB0::0x05E6::0x2450::SIM00001::INSTR"
driver = "keithley_2450"
[instruments.scope]
visa_library = "other.world.toml@tsbench"
[instruments.real]
visa_library = "@py"
[devices.D7]
[devices.D8]
"""


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """A bench file of two worlds, and a netlist beside it."""
    (tmp_path / "lab" / "worlds").mkdir(parents=True)
    (tmp_path / "lab" / "worlds" / "lab.world.toml").write_text(WORLD, "utf-8")
    (tmp_path / "lab" / "other.world.toml").write_text("[instruments.scope]\n", "utf-8")
    (tmp_path / "lab" / "fixture.cir").write_text("R1 a 0 50\n", "utf-8")
    path = tmp_path / "lab" / "lab.bench.toml"
    path.write_text(BENCH, "utf-8")
    return path


def test_every_file_of_the_bench_is_copied_and_nothing_else_changed(lab: Path, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "copy"
    bench = SimulatedBench.copy_of(lab, folder)
    assert bench.path == folder / "lab.bench.toml" and bench.devices == ("D7", "D8")
    assert (bench.runs, bench.witness.path) == (folder / "runs", folder / WITNESS)
    assert bench.path.read_text("utf-8") == BENCH.replace("worlds/", "")
    assert (folder / "fixture.cir").read_text("utf-8") == "R1 a 0 50\n"
    assert tomllib.loads((folder / "lab.world.toml").read_text("utf-8")) == {
        "seed": 1, "witness": {"file": WITNESS}, "instruments": {"meter": {"seed": 5}}}
    assert tomllib.loads((folder / "other.world.toml").read_text("utf-8"))["witness"] == {"file": WITNESS}
    assert lab.read_text("utf-8") == BENCH and bench._device(None) == "D7" and bench._device("D8") == "D8"


def test_a_copy_has_a_seed_and_faults_of_its_own(lab: Path, tmp_path: Path) -> None:
    faults = [{"kind": "timeout", "message": 12, "lasting": True}, {"kind": "late", "seconds": 0.5}]
    SimulatedBench.copy_of(str(lab), tmp_path / "copy", 42, faults)
    for name in ("lab", "other"):
        world = tomllib.loads((tmp_path / "copy" / f"{name}.world.toml").read_text("utf-8"))
        assert (world["seed"], world["faults"]) == (42, faults)
    assert "[instruments.meter]\nseed = 5" in (tmp_path / "copy" / "lab.world.toml").read_text("utf-8")
    SimulatedBench.copy_of(str(lab), tmp_path / "zero", 0)
    assert tomllib.loads((tmp_path / "zero" / "lab.world.toml").read_text("utf-8"))["seed"] == 0


def test_an_example_is_found_by_its_name_and_a_real_bench_is_refused(lab: Path, tmp_path: Path) -> None:
    examples = example_benches()
    assert {"nbo2", "resistor"} <= set(examples) and list(examples) == sorted(examples)
    with pytest.raises(FileExistsError):   # a copy is never mixed with what another one left
        SimulatedBench.copy_of("resistor", tmp_path)
    assert SimulatedBench.copy_of("resistor", tmp_path / "copy").path.name == "resistor.bench.toml"
    lab.write_text(BENCH.replace("@tsbench", "@py"), "utf-8")
    with pytest.raises(ConfigurationError, match="not a simulated bench"):
        SimulatedBench.copy_of(lab, tmp_path / "real")
    assert not (tmp_path / "real").exists()


def test_the_one_value_of_a_quantity() -> None:
    def measured(*values: float | None, reason: str = "") -> Measured:
        results = tuple(Result("hold_voltage", "V", value, None, None, "", {}) for value in values)
        outcome: Any = SimpleNamespace(results=results, status="success", reason=reason)
        return Measured(outcome, None)  # type: ignore[arg-type]

    assert measured(None, 0.5).value("hold_voltage") == 0.5
    assert measured(None, 0.5).values("hold_voltage") == [None, 0.5] and measured(0.5).values("frequency") == []
    with pytest.raises(AssertionError,
            match=r"2 values .* 'success' \(without a reason\)\. The extracted quantities are: hold_voltage"):
        measured(0.5, 0.6).value("hold_voltage")
    with pytest.raises(AssertionError,
            match=r"0 values of frequency.*\(stopped\)\. The extracted quantities are: none"):
        measured(reason="stopped").value("frequency")


def test_a_witness_that_has_seen_nothing(tmp_path: Path) -> None:
    reader = WitnessReader(tmp_path / WITNESS)
    assert reader.sessions == [] and reader.outputs_left_on() == [] and not reader.log.ended


def requested(folder: Path, ini: dict[str, str], **marks: Any) -> Any:
    """Return what pytest gives to a fixture: marks, ini options and where the test is."""
    def mark(*arguments: Any, **keywords: Any) -> Any:
        return SimpleNamespace(args=arguments, kwargs=keywords)

    found = {name: [mark(*a) if isinstance(a, tuple) else a for a in given] for name, given in marks.items()}
    node = SimpleNamespace(
        get_closest_marker=lambda name: next(iter(found.get(name, [])), None),
        iter_markers=lambda name: iter(found.get(name, [])))
    config = SimpleNamespace(getini=ini.__getitem__, rootpath=folder / "root")
    return SimpleNamespace(node=node, config=config, path=folder / "tests" / "test_it.py")


def test_a_bench_is_looked_for_beside_the_test_then_at_the_root_then_among_the_examples(tmp_path: Path) -> None:
    for place in ("tests", "root"):
        (tmp_path / place).mkdir()
        (tmp_path / place / f"{place}.toml").write_text("")
        (tmp_path / place / "both.toml").write_text("")

    def file(name: str) -> Path:
        return plugin._bench_file(requested(tmp_path, {"tsbench_bench": "no"}, tsbench_bench=[(name,)]))

    assert file("both.toml") == tmp_path / "tests" / "both.toml"
    assert file("root.toml") == tmp_path / "root" / "root.toml"
    assert file("nbo2") == file("nbo2.bench.toml") == example_benches()["nbo2"]
    assert plugin._bench_file(requested(tmp_path, {"tsbench_bench": "resistor"})).name == "resistor.bench.toml"
    with pytest.raises(pytest.fail.Exception, match=r"bench 'nowhere' is neither .*nbo2"):
        file("nowhere")


def test_the_marks_give_seed_and_faults(tmp_path: Path) -> None:
    ini = {"tsbench_seed": ""}
    assert plugin._seed(requested(tmp_path, ini)) is None
    assert plugin._seed(requested(tmp_path, {"tsbench_seed": "7"})) == 7
    assert plugin._seed(requested(tmp_path, ini, tsbench_seed=[(3,)])) == 3
    for wrong in ((), (1, 2), (None,)):
        with pytest.raises(pytest.fail.Exception, match="tsbench_seed takes"):
            plugin._seed(requested(tmp_path, ini, tsbench_seed=[wrong]))
    marks = [SimpleNamespace(args=("late",), kwargs={"seconds": 2}), SimpleNamespace(args=("timeout",), kwargs={})]
    assert plugin._faults(requested(tmp_path, ini, tsbench_fault=marks)) == [
        {"kind": "timeout"}, {"kind": "late", "seconds": 2}]   # those of the module first
    with pytest.raises(pytest.fail.Exception, match="takes a kind of fault"):
        plugin._faults(requested(tmp_path, ini, tsbench_fault=[()]))


def test_only_what_this_test_left_on_is_its_fault() -> None:
    config = SimpleNamespace(stash=pytest.Stash())
    item: Any = SimpleNamespace(config=config, name="test_it", get_closest_marker=lambda name: None)
    on = {"meter"}

    class World:
        witness = SimpleNamespace(outputs_on=lambda: on)

    world = World()
    worlds = SimpleNamespace(open_worlds=lambda: [world], left_on=["scope"])
    assert plugin._left_on(item, worlds) == ["scope", "meter"] and worlds.left_on == []
    assert plugin._left_on(item, worlds) == []
    on.add("generator")
    assert plugin._left_on(item, worlds) == ["generator"]
    plugin._fail_on(item, [])
    with pytest.raises(pytest.fail.Exception, match="test_it left an output on: a, b"):
        plugin._fail_on(item, ["a", "b", "a"])
    item.get_closest_marker = {"tsbench_outputs_stay_on": "a mark"}.get
    plugin._fail_on(item, ["a"])
