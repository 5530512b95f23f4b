"""Drivers by entry points: those of another author come by the same door as ours."""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tsbench.cli import main
from tsbench.errors import CommunicationError, ConfigurationError, WrongInstrument
from tsbench.instruments import MeasureSettings, SourceSettings
from tsbench.instruments.driver import wrong_switch
from tsbench.instruments.registry import DRIVERS, catalogue, driver_class, driver_of, entry
from tsbench.records import Identity
from tsbench.station.bench.bench import Bench

ROOT = Path(__file__).resolve().parents[2]
DRIVER = ROOT / "tests" / "fixtures" / "lab_source_meter.py"

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Install a driver package for one test: its text, and the object that the entry point names."""
    modules: list[str] = []

    def installed(text: str, module: str = "lab_source_meter", named: str = "DRIVERS") -> None:
        (tmp_path / f"{module}.py").write_text(text, "utf-8")
        facts = tmp_path / f"{module}-1.2.dist-info"
        facts.mkdir()
        (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.2\n", "utf-8")
        (facts / "entry_points.txt").write_text(f"[tsbench.drivers]\n{module} = {module}:{named}\n", "utf-8")
        modules.append(module)
        monkeypatch.syspath_prepend(tmp_path)
        DRIVERS.forget()

    yield installed
    for module in modules:
        sys.modules.pop(module, None)
    monkeypatch.undo()
    DRIVERS.forget()


def bench_with(driver: str, tmp_path: Path) -> Path:
    """Return a copy of the resistor bench whose source meter has another driver."""
    for name in ("resistor.bench.toml", "resistor.world.toml"):
        text = (ROOT / "examples" / name).read_text("utf-8")
        (tmp_path / name).write_text(text.replace('"keithley_2450"', f'"{driver}"', 1) if "bench" in name else text,
                                     "utf-8")
    return tmp_path / "resistor.bench.toml"


def test_a_driver_of_another_author_measures_on_a_guarded_bench(tmp_path: Path, install: Install) -> None:
    install(DRIVER.read_text("utf-8"))
    assert entry("lab_meter").kind == "source meter"
    assert driver_of(Identity("KEITHLEY INSTRUMENTS", "MODEL 2450", "1", "1")) == "keithley_2450"  # ours go first
    with Bench.open(bench_with("lab_meter", tmp_path)) as bench:
        meter = bench.source_meter()
        meter.configure_source(SourceSettings("voltage", compliance_current=1e-3))
        meter.configure_measure(MeasureSettings("current"))
        meter.set_level(0.0)
        meter.set_output(True)
        meter.set_level(1.5)
        assert meter.measure().current == pytest.approx(1.5 / 10e3, rel=5e-3)
        assert bench.describe()["source_meter"]["driver"] == "lab_meter"
        assert not any(state.enabled for state in bench.make_safe())


def test_it_stands_in_the_list(install: Install, capsys: pytest.CaptureFixture[str]) -> None:
    install(DRIVER.read_text("utf-8"))
    assert main(["instruments"]) == 0
    out, err = capsys.readouterr()
    assert "lab_meter" in out and "driver of our lab" in out and not err


@pytest.mark.parametrize("method, protocol", [("set_level", "SourceMeter"), ("safe_state", "Driver"),
                                              ("output_states", "Driver"), ("accuracy", "Driver"),
                                              ("measure", "SourceMeter")])
def test_a_driver_without_a_method_is_refused_in_one_line(
    method: str, protocol: str, tmp_path: Path, install: Install, capsys: pytest.CaptureFixture[str],
) -> None:
    install(DRIVER.read_text("utf-8").replace(f"def {method}(", f"def other_{method}("))
    assert main(["instruments"]) == 0
    out, err = capsys.readouterr()
    said = f"class LabSourceMeter has no method '{method}', which {protocol} requires"
    assert "lab_meter" not in out and "keithley_2450" in out
    assert err == f"tsbench: driver 'lab_meter' of lab_source_meter 1.2 is left out: {said}\n"
    with pytest.raises(ConfigurationError, match=f"driver 'lab_meter' of lab_source_meter 1.2: {said}"):
        Bench.open(bench_with("lab_meter", tmp_path))


@pytest.mark.parametrize(("names", "said"), [
    ('("meter",)', ""), ("()", "class LabSourceMeter: output_names is empty. A source meter must name each of its"),
    (None, "class LabSourceMeter has no attribute 'output_names', which Driver requires")])
def test_a_source_without_outputs_is_refused(names: str | None, said: str, tmp_path: Path, install: Install) -> None:
    """Nobody would read back whether they are off."""
    old, new = ("def output_names", "def other_names") if names is None else ("return (self.name,)", f"return {names}")
    install(DRIVER.read_text("utf-8").replace(old, new))
    if said:
        with pytest.raises(ConfigurationError, match=re.escape(said)):
            Bench.open(bench_with("lab_meter", tmp_path))
    else:   # a name that is never read back counts as on
        bench = Bench.open(bench_with("lab_meter", tmp_path))
        assert any(state.enabled for state in bench.make_safe())
        with pytest.raises(CommunicationError, match=r"did not read back these outputs: meter\. Check the panel"):
            bench.__exit__(None, None, None)


def test_an_attribute_that_is_missing_is_noticed_when_it_is_opened(tmp_path: Path, install: Install) -> None:
    install(DRIVER.read_text("utf-8").replace("    capabilities = S", "    other = S"))
    with pytest.raises(ConfigurationError, match="no attribute 'capabilities', which SourceMeter requires"):
        Bench.open(bench_with("lab_meter", tmp_path))


@pytest.mark.parametrize("text, reason", [
    ("DRIVERS = 3", "the entry point must name a DriverDeclaration or a sequence of them, but it names a int"),
    ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
    (DRIVER.read_text("utf-8").replace('"source meter"', '"sourcemeter"'),
     "driver 'lab_meter' has the unknown kind 'sourcemeter'. Did you mean 'source meter'?"),
    (DRIVER.read_text("utf-8").replace('r"(MODEL )?2450"', 'r"(MODEL"'),
     "model_pattern of driver 'lab_meter' is not a regular expression ("),
    (DRIVER.read_text("utf-8").replace('"lab_meter"', '"keithley_2450"'), "the name 'keithley_2450' already "
                                                                          "belongs to tsbench"),
])
def test_a_declaration_that_cannot_be_used_is_left_out(text: str, reason: str, install: Install) -> None:
    ours, _ = catalogue()
    install(text)
    usable, problems = catalogue()
    assert usable == ours
    assert len(problems) == 1 and reason in problems[0]


def test_one_wrong_declaration_leaves_the_drivers_beside_it(install: Install) -> None:
    bad = 'DriverDeclaration("bad", "sourcemeter", "LM9", "LM9", "lab_source_meter:Bad")'
    wrong = f"\nDRIVERS = ({bad}, *DRIVERS, 3)\n"
    install(DRIVER.read_text("utf-8") + wrong)
    assert "lab_meter" in DRIVERS.names()
    assert DRIVERS.problems() == (
        "driver 'bad' of lab_source_meter 1.2 is left out: driver 'bad' has the unknown kind 'sourcemeter'. "
        "Did you mean 'source meter'?",
        "driver 'lab_source_meter' of lab_source_meter 1.2 is left out: the entry point must name a DriverDeclaration "
        "or a sequence of them, but it names a int")


def test_a_misspelt_option_is_one_line_with_the_driver_and_the_nearest(tmp_path: Path) -> None:
    path = bench_with("keithley_2450", tmp_path)
    driver = 'driver = "keithley_2450"\n'
    path.write_text(path.read_text("utf-8").replace(driver, f"{driver}options = {{ outputoff = 1 }}\n"), "utf-8")
    with pytest.raises(ConfigurationError) as told:
        Bench.open(path)
    assert str(told.value) == (
        f"{path}: instruments.source_meter.options: driver 'keithley_2450' has no option 'outputoff'. Did you mean "
        "'output_off'?")


SWITCHES = [(name, option) for name, option in (
    ("keithley_2400", "four_wire"), ("keithley_2400", "output_enable"), ("keithley_2410", "four_wire"),
    ("keithley_2460", "four_wire"), ("keithley_2600", "four_wire"), ("keysight_b2902a", "four_wire"),
    ("keysight_b1500a", "high_resolution"))]


@pytest.mark.parametrize(("name", "option"), SWITCHES)
def test_a_text_is_no_switch_of_a_driver(name: str, option: str) -> None:
    """The text "false" counts as true in Python: it would sense at leads that are not there."""
    for value in ("false", "off", 0, 1):
        assert wrong_switch(driver_class(name), {option: value}) == f"option {option} = {value!r} must be true or false"
    assert wrong_switch(driver_class(name), {option: False}) == ""


def test_a_bench_file_with_a_text_for_a_switch_is_refused(tmp_path: Path) -> None:
    path = bench_with("keithley_2450", tmp_path)
    path.write_text(path.read_text("utf-8").replace(
        'driver = "keithley_2450"\n', 'driver = "keithley_2460"\noptions = { four_wire = "false" }\n'), "utf-8")
    for world in path.parent.glob("*.world.toml"):
        world.write_text(world.read_text("utf-8").replace("keithley_2450", "keithley_2460"), "utf-8")
    with pytest.raises(ConfigurationError, match=r"options: option four_wire = 'false' must be true or false"):
        Bench.open(path)


def test_a_class_that_is_not_there_is_said_where_it_is_opened(tmp_path: Path, install: Install) -> None:
    install(DRIVER.read_text("utf-8").replace(":LabSourceMeter", ":LabMeter"))
    with pytest.raises(ConfigurationError, match=r"'lab_meter' of .*: cannot import lab_source_meter:LabMeter"):
        Bench.open(bench_with("lab_meter", tmp_path))


def test_another_instrument_than_the_declared_ones_is_refused(tmp_path: Path, install: Install) -> None:
    install(DRIVER.read_text("utf-8").replace('r"(MODEL )?2450"', 'r"2460"'))
    with pytest.raises(WrongInstrument, match='Set driver = "keithley_2450"'):
        Bench.open(bench_with("lab_meter", tmp_path))
