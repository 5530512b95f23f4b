"""Virtual instruments by entry points: those of another author come by the same door as ours."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pyvisa

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import GeneratorDataSheet
from tsbench.simulated_backends.virtual_instruments.generator.virtual_generator import VirtualGenerator
from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import ScopeDataSheet
from tsbench.simulated_backends.virtual_instruments.oscilloscope.virtual_oscilloscope import VirtualOscilloscope
from tsbench.simulated_backends.virtual_instruments.registry import VIRTUAL_INSTRUMENTS, instrument_class
from tsbench.simulated_backends.witness.log import outputs_left_on
from tsbench.simulated_backends.world.world import World
from tsbench.simulated_backends.world.world_file import load_world_file

ROOT = Path(__file__).resolve().parents[3]
METER = (ROOT / "examples" / "plugins" / "lab_virtual_meter.py").read_text("utf-8")
RESOURCE = "TCPIP0::10.0.0.9::5025::SOCKET"

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Install the package of the virtual meter for one test, from its text."""

    def installed(text: str) -> None:
        (tmp_path / "lab_virtual_meter.py").write_text(text, "utf-8")
        facts = tmp_path / "lab_virtual_meter-1.2.dist-info"
        facts.mkdir()
        (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: lab_virtual_meter\nVersion: 1.2\n", "utf-8")
        (facts / "entry_points.txt").write_text(
            "[tsbench.virtual_instruments]\nmine = lab_virtual_meter:VIRTUAL_INSTRUMENTS\n", "utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        VIRTUAL_INSTRUMENTS.forget()

    yield installed
    sys.modules.pop("lab_virtual_meter", None)
    monkeypatch.undo()
    VIRTUAL_INSTRUMENTS.forget()


def test_ours_come_through_the_same_door() -> None:
    names = VIRTUAL_INSTRUMENTS.names()
    assert {"keithley_2450", "keysight_33522b", "keysight_33622a", "keysight_dsox3054t"} <= set(names)
    assert not VIRTUAL_INSTRUMENTS.problems()
    for name in names:
        assert instrument_class(name).model


@pytest.mark.parametrize(("sheet", "base"), [
    (GeneratorDataSheet, VirtualGenerator), (ScopeDataSheet, VirtualOscilloscope)])
def test_all_models_of_a_kind_have_one_base(sheet: type, base: type) -> None:
    classes = [instrument_class(name) for name in VIRTUAL_INSTRUMENTS.names()]
    of_kind = [one for one in classes if isinstance(getattr(one, "data_sheet", None), sheet)]
    assert len(of_kind) >= 10
    assert [one.__name__ for one in of_kind if not issubclass(one, base)] == []


def test_an_unknown_model_has_the_nearest_name() -> None:
    said = "unknown virtual instrument 'keithly_2450'. Did you mean 'keithley_2450'"
    with pytest.raises(ConfigurationError, match=said):
        instrument_class("keithly_2450")


def test_the_meter_of_another_author_measures_on_a_simulated_bench(tmp_path: Path, install: Install) -> None:
    install(METER)
    assert len(METER.splitlines()) <= 120
    world = tmp_path / "lab.world.toml"
    world.write_text(
        f'[instruments.meter]\nmodel = "lab_meter"\nresource = "{RESOURCE}"\n[witness]\nfile = "witness.jsonl"\n'
        '[fixture]\nnetlist = "R1 a 0 10k"\n[fixture.terminals]\nmeter = "a"\n', "utf-8")
    manager = pyvisa.ResourceManager(f"{world}@tsbench")
    try:
        meter: Any = manager.open_resource(RESOURCE, read_termination="\n", write_termination="\n")
        assert meter.query("*IDN?").startswith("OUR LAB,LM1,")
        meter.write(":VOLT 2;:OUTP ON")
        assert float(meter.query(":VOLT?")) == 2.0
        assert float(meter.query(":READ?").split(",")[1]) == pytest.approx(2.0 / 10_000, rel=0.01)
        meter.write(":LIM 100e-6")
        assert float(meter.query(":READ?").split(",")[1]) == pytest.approx(100e-6, rel=0.02)
        meter.write(":VOLT 11")
        assert meter.query(":SYST:ERR?").startswith("-222")
        meter.write(":OUTP OFF")
        assert meter.query(":OUTP?") == "0"
    finally:
        manager.close()
    assert not outputs_left_on(tmp_path / "witness.jsonl")


@pytest.mark.parametrize("old, new, reason", [
    ("    outputs = terminals = ", "    outputs = ",
     "class VirtualLabMeter has no 'terminals', which a virtual instrument requires"),
    ("manufacturer, model, firmware = L", "manufacturer, maker, firmware = L", "class VirtualLabMeter has no 'model'"),
    ("def attachment(", "def attached(", r"class VirtualLabMeter has no 'attachment\(\)'"),
    ("(VirtualInstrument):", ":", "VirtualLabMeter is not derived from the class VirtualInstrument"),
    (":VirtualLabMeter", ":VirtualMeter", "cannot import lab_virtual_meter:VirtualMeter"),
    ('outputs = terminals = ("",)', 'outputs = terminals = ("")',
     r"class VirtualLabMeter: 'terminals' = '' must be a tuple of names. For one name, write \(\"1\",\)"),
])
def test_a_class_that_lacks_something_is_refused_in_one_line(
    old: str, new: str, reason: str, tmp_path: Path, install: Install,
) -> None:
    assert old in METER
    install(METER.replace(old, new))
    said = f"^virtual instrument 'lab_meter' of lab_virtual_meter 1.2: {reason}"
    with pytest.raises(ConfigurationError, match=said) as told:
        instrument_class("lab_meter")
    assert "\n" not in str(told.value)


def test_a_declaration_that_cannot_be_used_is_left_out(install: Install) -> None:
    install(METER.replace("= VirtualInstrumentDeclaration(", "= tuple("))
    assert "lab_meter" not in VIRTUAL_INSTRUMENTS.names()
    assert "lab_virtual_meter 1.2 is left out" in VIRTUAL_INSTRUMENTS.problems()[0]
    assert instrument_class("keithley_2450").model == "MODEL 2450"


def test_one_wrong_declaration_leaves_the_instruments_beside_it(install: Install) -> None:
    install(METER + "\nVIRTUAL_INSTRUMENTS = (3, VIRTUAL_INSTRUMENTS)\n")
    assert "lab_meter" in VIRTUAL_INSTRUMENTS.names()
    (line,) = VIRTUAL_INSTRUMENTS.problems()
    assert "lab_virtual_meter 1.2 is left out: the entry point must name a VirtualInstrumentDeclaration" in line


OURS = """
from tsbench.simulated_backends.virtual_instruments.{folder}.instrument import {base}
from tsbench.simulated_backends.virtual_instruments.registry import VirtualInstrumentDeclaration

VIRTUAL_INSTRUMENTS = VirtualInstrumentDeclaration("lab_sister", "lab_virtual_meter:Sister")


class Sister({base}):
    {body}
"""
GENERATOR = {"folder": "keysight_33600", "base": "VirtualKeysight33522B"}
SCOPE = {"folder": "keysight_infiniivision", "base": "VirtualKeysightDSOX3054T"}
METER_2450 = {"folder": "keithley_2450", "base": "VirtualKeithley2450"}


@pytest.mark.parametrize(("names", "body", "said"), [
    (GENERATOR, 'terminals = ("",)', "class Sister: terminals = ('',), but a generator of 2 channels names its "
     "terminals '1', '2'. Write terminals = ('1', '2')"),
    (SCOPE, 'terminals = ("ch1", "ch2")', "class Sister: terminals = ('ch1', 'ch2'), but an oscilloscope of 4 channels "
     "names its terminals '1', '2', '3', '4'. Write terminals = ('1', '2', '3', '4')"),
    (METER_2450, 'terminals = ("1",)', "class Sister: terminals = ('1',), but this output of a source meter names its "
     "terminals ''. Write terminals = ('',)"),
    (METER_2450, "def __init__(self, *_: object) -> None:\n        1 / 0",
     "lab_sister cannot be set up: ZeroDivisionError: division by zero"),
    (METER_2450, "def connect(self):\n        nothing()", "lab_sister cannot be set up: NameError: name 'nothing' is"),
    (METER_2450, "def attachment(self):\n        return None",
     "lab_sister cannot be set up: TypeError: attachment() returned None, not an Attachment"),
])
def test_a_class_that_cannot_be_set_up_is_refused_in_one_line(
    names: dict[str, str], body: str, said: str, tmp_path: Path, install: Install,
) -> None:
    install(OURS.format(**names, body=body))
    world = tmp_path / "lab.world.toml"
    world.write_text(
        f'[instruments.sister]\nmodel = "lab_sister"\nresource = "{RESOURCE}"\n[fixture]\nnetlist = "R1 a 0 10k"\n'
        + ('[fixture.terminals]\nsister = "a"\n' if names is METER_2450 and "terminals" not in body else ""), "utf-8")
    with pytest.raises(ConfigurationError) as told:
        World(load_world_file(world), world)
    assert str(told.value).startswith(f"{world}: instruments.sister: {said}") and "\n" not in str(told.value)
