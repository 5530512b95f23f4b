"""Devices of other authors: found by entry points, one file each, compiled by themselves, checked and compared."""

import importlib
import json
import math
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.fixtures.patience import PATIENCE
from tsbench.cli import main
from tsbench.errors import ConfigurationError, TsbenchError
from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.devices import catalogue as catalogue_module
from tsbench.simulated_backends.devices.catalogue import catalogue, device_model, problems
from tsbench.simulated_backends.devices.derivative_check import check_derivatives
from tsbench.simulated_backends.devices.devices_lib import devices_lib
from tsbench.simulated_backends.devices.dispatch import evaluated, unbounded_derivatives
from tsbench.simulated_backends.devices.mechanism import mechanism_of
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.devices.source_text import definitions
from tsbench.simulated_backends.studies.simulate import simulate as simulate_module

ROOT = Path(__file__).resolve().parents[3]
FILM = (ROOT / "examples" / "plugins" / "lab_thermistor.py").read_text("utf-8")
GATE = (ROOT / "tests" / "fixtures" / "lab_noisy_gate.py").read_text("utf-8")
PULSE = ("V1 in 0 PULSE(0 3 1u 20n 20n 10u 20u)\nR1 in out 2k\nC1 out 0 20p\nX1 out 0 lab_film\n"
         ".tran 10n 12u uic\n.save v(out) i(X1)\n")
GATED = "V1 in 0 1\nVg g 0 0.5\nR1 in out 100\nC1 out 0 1p\nX1 out g 0 lab_gate\n"

Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Install a package of one module with a device model for one test."""
    place, modules = tmp_path / "site", []

    def installed(text: str, entry: str, module: str) -> Path:
        facts = place / f"{module}-1.2.dist-info"
        facts.mkdir(parents=True)
        (place / f"{module}.py").write_text(text, "utf-8")
        (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.2\n", "utf-8")
        (facts / "entry_points.txt").write_text(f"[tsbench.devices]\nmine = {module}:{entry}\n", "utf-8")
        monkeypatch.syspath_prepend(place)
        modules.append(module)
        catalogue_module.forget()
        return place

    yield installed
    monkeypatch.undo()
    for module in modules:
        sys.modules.pop(module, None)
    catalogue_module.forget()


# ---------------------------------------------------------------------------------------------- found and used


def test_ours_come_by_the_same_door() -> None:
    folders = {path.parent.name for path in (ROOT / "simulated_backends" / "devices").glob("*/equations.py")}
    found = catalogue_module.DEVICES.offers()
    assert set(found) == folders and problems() == ()
    assert all(offer.distribution.startswith("tsbench ") for offer in found.values())
    assert {entry.mechanism for entry in catalogue().values()} == folders


def test_the_examples_are_short() -> None:
    assert all(len(text.splitlines()) <= 120 for text in (FILM, GATE))


def test_a_device_from_the_list_to_a_simulated_run(
    install: Install, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    install(FILM, "Thermistor", "lab_film_one")

    def tsbench(*arguments: object) -> str:
        code = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        assert code == 0, said.err
        return said.out

    (mine,) = [entry for entry in json.loads(tsbench("devices", "--json")) if entry["name"] == "lab_film"]
    assert mine["mechanism"] == "lab_thermistor" and mine["parameters"][0]["source"] == "example"
    (tmp_path / "pulse.cir").write_text(PULSE, "utf-8")
    tsbench("simulate", tmp_path / "pulse.cir", "--out", tmp_path / "pulse.csv")
    times, voltage, _ = np.loadtxt(tmp_path / "pulse.csv", delimiter=",", skiprows=1).T
    assert voltage.max() > 1.5 and voltage[np.searchsorted(times, 9e-6)] < 0.4   # it has switched
    for name in ("nbo2.bench.toml", "nbo2.world.toml"):
        text = (ROOT / "examples" / name).read_text("utf-8")
        (tmp_path / name).write_text(text.replace('model = "nbo2"', 'model = "lab_film"'), "utf-8")
    rows = json.loads(tsbench("measure", "iv_sweep", "--bench", tmp_path / "nbo2.bench.toml", "--device", "D1", "--out",
                              tmp_path / "runs", "--set", "stop=2 V", "--set", "step=50 mV", "--json"))
    (threshold,) = [row["value"] for row in rows if row["quantity"] == "threshold_voltage"]
    assert 0.5 < threshold < 2.0


@pytest.mark.thorough
def test_changed_equations_are_compiled_anew(install: Install, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(install(FILM, "Thermistor", "lab_film_four"))}
    code = ("from tsbench.simulated_backends.devices.catalogue import device_model\n"
            "from tsbench.simulated_backends.devices.dispatch import evaluated\n"
            "print(evaluated(device_model('lab_film'), 1.0, 0.0, (400.0,))[0])")

    def residual() -> float:
        return float(subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True,
                                    timeout=PATIENCE, check=True).stdout)

    before = residual()
    module = tmp_path / "site" / "lab_film_four.py"
    module.write_text(FILM.replace("conductance * v - i", "2.0 * conductance * v - i"), "utf-8")
    assert residual() == pytest.approx(2.0 * before, rel=1e-12)


TWO = '''
from dataclasses import dataclass
from tsbench.simulated_backends.devices.model import DeviceModel


@dataclass(frozen=True)
class One(DeviceModel):
    a: float
    mechanism = "lab_one"
    catalogue = {"lab_one": {"title": "One", "stack": "s", "description": "d", "parameters": {"a": 1e-3}}}

    @staticmethod
    def equations(v, i, a):
        return (a * v - i,)


@dataclass(frozen=True)
class Second(DeviceModel):
    a: float
    mechanism = "lab_second"
    catalogue = {"lab_second": {"title": "Two", "stack": "s", "description": "d", "parameters": {"a": 1e-3}}}

    @staticmethod
    def equations(v, i, a):
        return (9 * a * v - i,)
'''
MOVED = "# one more line\n" * 10 + TWO   # where Second was, there is One now


def test_an_edit_of_the_file_while_python_runs_changes_no_device(install: Install) -> None:
    file = install(TWO, "Second", "lab_two_one") / "lab_two_one.py"
    model = device_model("lab_second")
    file.write_text(MOVED, "utf-8")
    assert evaluated(model, 1.0, 0.0)[0] == pytest.approx(9e-3, rel=1e-12)
    (line,) = [line for line in devices_lib().partition(".subckt lab_second")[2].splitlines() if "Bself" in line]
    assert "9.0*" in line


@pytest.mark.parametrize("edited", [
    MOVED, TWO.replace("9 * a", "8 * a"), TWO.replace("9 * a", "9 * (a"), "# nothing is left\n"])
def test_a_file_that_changed_between_its_import_and_its_first_use_is_refused(install: Install, edited: str) -> None:
    file = install(TWO, "Second", "lab_two_two") / "lab_two_two.py"
    importlib.import_module("lab_two_two")
    file.write_text(edited, "utf-8")
    (line,) = problems()
    assert line == ("device 'mine' of lab_two_two 1.2 is left out: device model lab_second: file lab_two_two.py "
                    "changed after it was imported. Restart Python")


def test_a_package_may_have_its_devices_in_a_file(install: Install, tmp_path: Path) -> None:
    place = install("", "Thermistor", "lab_film_twelve")
    (place / "lab_film_twelve.py").unlink()
    (place / "lab_film_twelve").mkdir()
    (place / "lab_film_twelve" / "__init__.py").write_text(FILM, "utf-8")
    (place / "lab_film_twelve" / "catalogue.toml").write_text(
        '[lab_other]\ntitle = "Other"\nstack = "none"\ndescription = "Made up"\n'
        "parameters = { r0 = 2.0, b = 2500.0, rth = 4e5, cth = 1e-13, t0 = 300.0 }\n", "utf-8")
    assert problems() == () and device_model("lab_other").parameters()["r0"] == 2.0
    assert "lab_film" in catalogue()


# ---------------------------------------------------------------------------------------------- what is wrong


WRITTEN = '''
    @staticmethod
    def equations(v, i, temperature, r0, b, rth, cth, t0):
        g = math.exp(-b / temperature) / r0
        g_t = g * b / temperature / temperature
        return (g * v - i, g, -1.0, g_t * v,
                (v * i - (temperature - t0) / rth) / cth, i / cth, v / cth, -1.0 / (rth * cth))

    def rest('''


def written(text: str = FILM) -> str:
    """Return the film with its derivatives written down."""
    before, _, after = text.partition("    @staticmethod")
    return before + WRITTEN.lstrip("\n") + after.partition("    def rest(")[2]


def test_written_derivatives_do_the_same(install: Install) -> None:
    install(FILM, "Thermistor", "lab_film_seven")
    install(written().replace("lab_thermistor", "lab_written").replace("lab_film", "lab_again"), "Thermistor",
            "lab_film_eight")
    derived, own = device_model("lab_film"), device_model("lab_again")
    check_derivatives(own)
    assert evaluated(own, 0.8, 1e-3, (500.0,)) == pytest.approx(evaluated(derived, 0.8, 1e-3, (500.0,)), rel=1e-12)
    build_circuit(parse_netlist("V1 in 0 1\nR1 in out 1k\nX1 out 0 lab_again\n"))


@pytest.mark.parametrize(("was", "wrong", "said"), [
    ("-1.0, g_t * v,", "-1.0, 2.0 * g_t * v,", r"dg/dtemperature = .*, but finite differences give .* \(at v = "),
    ("v / cth, -1.0", "i / cth, -1.0", r"d\(temperature rate\)/di = .*, but finite differences give "),
])
def test_a_wrong_derivative_is_refused(install: Install, was: str, wrong: str, said: str) -> None:
    assert was in written()
    install(written().replace(was, wrong), "Thermistor", "lab_film_nine")
    with pytest.raises(ConfigurationError, match=f"X1: device model lab_thermistor: .* return {said}") as error:
        build_circuit(parse_netlist("V1 in 0 1\nR1 in out 1k\nX1 out 0 lab_film\n"))
    assert "\n" not in str(error.value)


@pytest.mark.thin(2)
@pytest.mark.parametrize(("was", "wrong", "said"), [
    ("    def rest(self)", "    def resting(self)", "has states, but no method rest"),
    ("    @staticmethod\n", "", "equations must be a @staticmethod that takes numbers, without self"),
    ("def equations(", "def equation(", "has no equations. Add it as a static method of Thermistor"),
    ("v: float, i: float,", "v: float,", "its equations have no argument i. Add 'i' to the arguments of 'equations'"),
    ("t0: float\n    )", "t1: float\n    )", "take 't1', which is not a state, a noise or a column. Did you mean"),
    ("(temperature - t0)", "(temperature - t0)) / cth, (1.0", "its equations return 3 numbers. Return 2"),
    ('"lab_thermistor"', '"resistor"', "the name 'resistor' already belongs to tsbench"),
    ('"lab_film"', '"nbo2"', "a device with the model poole_frenkel already has this name"),
    ('"rth": 5e5,', "", "it has no value of the parameter 'rth'. Add it under 'parameters'"),
    ('"rth": 5e5,', '"rth": 5e5, "rht": 1.0,', "model lab_thermistor has no parameter 'rht'. Did you mean 'rth'?"),
    ('"rth": 5e5,', '"rth": {"value": 5e5},', "parameter 'rth' has no 'unit', 'mark' and 'source'. Add them"),
    ('"rth": 5e5,', '"rth": {"value": 5e5, "unit": "K/W", "mark": "A"},', "'rth' has no 'source'. Add it"),
    ('"rth": 5e5,', '"rth": {"value": "5e5", "unit": "", "mark": "A", "source": ""},',
     "parameter 'rth' has value = '5e5'. Write a number in SI units"),
    ('"rth": 5e5,', '"rth": {"value": 5e5, "unit": "", "mark": "A", "source": "", "note": ""},',
     "parameter 'rth' has the unknown key 'note'"),
    ('"rth": 5e5,', '"rth": "5e5",', "parameter 'rth' is '5e5'. Write a number in SI units, or a table with 'value',"),
    ('"stack": ', '"stak": ', "its entry in the catalogue cannot be read, because it has no 'stack'. Add it"),
    ('"variability": {"r0": {"sigma": 0.05}},', '"variability": {"b": 0.1},',
     "variability of 'b' is 0.1. Write a table with 'sigma'"),
    ('"stack": ', '"unknown": ["all"], "stack": ', "entry 1 of 'unknown' is 'all'. Write a table with 'text'"),
    ('"stack": ', '"observables": [{"name": "on"}], "stack": ', "observable 1 has no 'value', 'unit', 'mark' and "),
    ('"lab_film"', '"lab film"', "its name is 'lab film'. A name of a device contains only small letters of the"),
    ('"lab_film"', '"lab_fïlm"', "its name is 'lab_fïlm'. A name of a device contains only small letters of the"),
    ('"b": {"value": 2800.0', '"b": {"value": -2800.0', "b = -2800 must be positive"),
    ("class Thermistor(DeviceModel)", "class Thermistor", "is not a device model. The entry point must name a class "
                                                          "that is derived from"),
    ("import math\n", "import mathematics\n", "No module named 'mathematics'"),
])
def test_what_cannot_be_used_is_left_out_in_one_line(install: Install, was: str, wrong: str, said: str) -> None:
    assert was in FILM
    install(FILM.replace(was, wrong), "Thermistor", "lab_film_ten")
    (line,) = problems()
    assert said in line and line.startswith("device '") and "\n" not in line
    assert "lab_film_ten 1.2 is left out" in line
    with pytest.raises(ConfigurationError, match=r"the catalogue has no device 'lab_other'.* is left out"):
        device_model("lab_other")
    assert "nbo2" in catalogue()


def test_a_device_that_two_packages_of_others_offer_is_neither(install: Install) -> None:
    install(FILM, "Thermistor", "lab_film_twelve")
    assert "lab_film" in catalogue()
    install(FILM.replace('"lab_thermistor"', '"lab_second"'), "Thermistor", "lab_film_thirteen")
    assert "lab_film" not in catalogue()
    with pytest.raises(ConfigurationError, match=r"no device 'lab_film'.* of lab_film_t\w+ 1\.2 is left out: "
                                                 r"lab_film_t\w+ 1\.2 offers the same name\. Uninstall one of"):
        device_model("lab_film")


def test_what_has_no_derivative_is_said(install: Install) -> None:
    install(FILM.replace("math.exp(-b / temperature)", "math.gamma(temperature)"), "Thermistor", "lab_film_eleven")
    with pytest.raises(ConfigurationError, match=r"tsbench cannot differentiate 'math\.gamma\(temperature\)'"):
        build_circuit(parse_netlist("V1 in 0 1\nR1 in out 1k\nX1 out 0 lab_film\n"))


TABLE = """import math
import numpy as np

TABLE = (1.0, 2.0)


class Lab:
    GAIN = 2.0


def twice(a):
    return 2 * a
"""


@pytest.mark.parametrize(("wrong", "name"), [
    ("np.pi", "np"), ("TABLE[1]", "TABLE"), ("Lab.GAIN", "Lab"), ("twice(r0)", "twice"),
    ("(r0 if np.pi > 3 else r0)", "np")])
def test_what_is_no_number_in_equations_is_said_with_its_name_and_line(
    install: Install, wrong: str, name: str,
) -> None:
    text = FILM.replace("import math\n", TABLE).replace("/ r0", f"/ {wrong}")
    file = install(text, "Thermistor", "lab_film_seventeen") / "lab_film_seventeen.py"
    with pytest.raises(ConfigurationError) as error:
        build_circuit(parse_netlist("V1 in 0 1\nR1 in out 1k\nX1 out 0 lab_film\n"))
    (line,) = [(number, line.strip()) for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
               if f"/ {wrong}" in line]
    assert str(error.value) == (
        f"X1: device model lab_thermistor: tsbench cannot differentiate '{line[1]}' in its equations "
        f"(lab_film_seventeen.py, line {line[0]}), because '{name}' is not a number (int or float). Use only "
        "arguments, local variables, functions of math, and numbers of the module, for example K = 1.38e-23. "
        "Otherwise, return the derivatives as well (see docs/plugins.md)")


def test_devices_of_two_files_that_give_two_numbers_the_same_name(install: Install) -> None:
    text = TWO.replace("9 * a", "GAIN * a")
    install(text + "\n\nGAIN = 9.0\n", "Second", "lab_gain_one")
    install(text.replace("lab_second", "lab_third") + "\n\nGAIN = 4.0\n", "Second", "lab_gain_two")
    models = [device_model("lab_second"), device_model("lab_third")]
    lines = [line for model in models for line in definitions(mechanism_of(type(model)))]
    names: dict[str, Any] = {"inlined": lambda function: function}
    exec("\n".join(lines), names)   # in one module, as for a circuit with both
    assert names["lab_second_equations"](2.0, 0.0, 1e-3) == pytest.approx((18e-3, 9e-3, -1.0))
    assert names["lab_third_equations"](2.0, 0.0, 1e-3) == pytest.approx((8e-3, 4e-3, -1.0))
    assert evaluated(models[1], 2.0, 0.0)[0] == pytest.approx(8e-3)


@pytest.mark.thin(2)
@pytest.mark.parametrize(("was", "wrong", "said"), [
    ("return (10.0,)", "return (math.nan,)", "state_tolerances returns nan for the state 'temperature'. Give a finite"),
    ("return (10.0,)", "return (0.0,)", "state_tolerances returns 0.0 for the state 'temperature'. A tolerance"),
    ("return (10.0,)", "return (-1.0,)", "state_tolerances returns -1.0 for the state 'temperature'. A tolerance"),
    ("return (10.0,)", "return 10.0", "state_tolerances returns 10.0, but it must return a tuple of 1 numbers"),
    ("return (self.t0,)", "return (math.inf,)", "rest returns inf for the state 'temperature'. Give a finite number"),
    ("return (self.t0,)", "return (self.t0 / 0,)", "ZeroDivisionError: float division by zero"),
    ("math.exp(-b / temperature) / r0", "math.exp(-b / temperature) / r0 * v / v",
     "its equations return nan for the residual at the start (v = 0, i = 0, temperature = 300). They must return"),
    ("(v * i - (", "(v * i / v - (",
     "its equations return nan for the rate of 'temperature' at the start (v = 0, i = 0, temperature = 300)"),
    ("(v * i - (", "('x' - (", "its equations raise UFuncTypeError ("),
    ('"rth": 5e5,', '"rth": float("nan"),', "rth = nan must be positive"),
    ('self.require_positive("r0", "b", "rth", "cth", "t0")', "pass #", ""),
    ('"rth": 5e5,', '"rth": "5e5",', "its entry in the catalogue cannot be read"),
    ('("temperature",)', '("temperature")', "'states' = 'temperature' must be a tuple of names. For one name, write"),
    ("    def rest(self)", "    def subcircuit(self):\n        return (1, 2)\n\n    def rest(self)",
     "its subcircuit returns (1, 2). It must return a tuple of lines of text"),
    ("    def rest(self)", "    def subcircuit(self):\n        return nothing\n\n    def rest(self)",
     "its subcircuit raises NameError (name 'nothing' is not defined)"),
])
def test_a_device_that_cannot_start_is_left_out_in_one_line(
    install: Install, was: str, wrong: str, said: str,
) -> None:
    assert was in FILM
    text = FILM.replace(was, wrong)
    if not said:   # its author does not check the parameters: tsbench does
        text, said = text.replace('"rth": 5e5,', '"rth": float("nan"),'), "parameter rth = nan must be a number"
    install(text, "Thermistor", "lab_film_thirteen")
    (line,) = problems()
    assert said in line and "lab_film_thirteen 1.2 is left out: " in line and "\n" not in line
    assert "nbo2" in catalogue()


RENAMED = "device model lab_thermistor: {} Rename it, or write the method subcircuit"
OTHER = "has another meaning in its subcircuit for ngspice."


@pytest.mark.parametrize(("was", "name", "said"), [
    ("rth", "R0", "device model lab_thermistor: parameter r0 and parameter R0 differ only in case, and a netlist "
                  "ignores case. Rename one of the two"),
    ("rth", "Temperature", "parameter Temperature and state temperature differ only in case"),
    ("rth", "A", "parameter A and terminal a differ only in case"),
    *(("rth", name, RENAMED.format(f"parameter '{name}' {OTHER}")) for name in ("time", "hertz", "TEMPER", "e", "m")),
    ("temperature", "inner", RENAMED.format(f"state 'inner' {OTHER}")),
    ("rth", "τ", "parameter 'τ' cannot be written for ngspice. There, a name consists of letters of the English "),
])
def test_a_name_that_a_netlist_or_ngspice_takes_for_another_is_left_out(
    install: Install, was: str, name: str, said: str,
) -> None:
    text = re.sub(rf"\b{was}\b", name, FILM)
    install(text, "Thermistor", "lab_film_fifteen")
    (line,) = problems()
    assert said in line and "lab_film_fifteen 1.2 is left out: " in line and "\n" not in line


def test_the_author_of_a_subcircuit_is_free_in_the_names(install: Install) -> None:
    own = '''    @classmethod
    def subcircuit(cls):
        return "R1 a b 1k"

    def rest(self)'''
    install(re.sub(r"\brth\b", "time", FILM).replace("    def rest(self)", own), "Thermistor", "lab_film_sixteen")
    assert problems() == () and "lab_film" in catalogue()


def test_a_catalogue_file_that_cannot_be_read_costs_its_devices_alone(install: Install) -> None:
    place = install("", "Thermistor", "lab_film_fourteen")
    (place / "lab_film_fourteen.py").unlink()
    (place / "lab_film_fourteen").mkdir()
    (place / "lab_film_fourteen" / "__init__.py").write_text(FILM, "utf-8")
    (place / "lab_film_fourteen" / "catalogue.toml").write_text("[lab_other\n", "utf-8")
    (line,) = problems()
    assert line.startswith("device 'lab_thermistor' of lab_film_fourteen 1.2 is left out: TOMLDecodeError: ")
    assert "nbo2" in catalogue()


def test_a_device_that_cannot_start_with_other_parameters_is_refused_when_it_is_built(install: Install) -> None:
    text = FILM.replace('self.require_positive("r0", "b", "rth", "cth", "t0")', "pass")
    install(text.replace("math.exp(-b / temperature) / r0", "math.sqrt(b - 2000.0) / r0"), "Thermistor",
            "lab_film_fifteen")
    wiring = parse_netlist("V1 in 0 1\nR1 in out 1k\nX1 out 0 lab_film\n")
    for parameters, said in (({"b": 1000.0}, r"its equations return nan for the residual at the start \(v = 0,"),
                             ({"t0": math.nan}, r"parameter t0 = nan must be a number")):
        with pytest.raises(ConfigurationError, match=f"^X1: device model lab_thermistor: {said}") as error:
            build_circuit(wiring, {"X1": device_model("lab_film", parameters)})
        assert "\n" not in str(error.value)


@pytest.mark.parametrize(("returns", "said"), [
    ("a * abs(v) ** 0.5 - i,", "inf"), ("a * (v * v) ** 0.5 - i,", "nan"),
    ("a * v - i, math.inf if v == 0.0 else a, -1.0", "inf")])
def test_a_derivative_that_is_not_finite_at_the_start_is_refused(install: Install, returns: str, said: str) -> None:
    install(f"import math\n{TWO}".replace("return (9 * a * v - i,)", f"return ({returns})"), "Second", "lab_steep_one")
    with pytest.raises(ConfigurationError) as error:
        build_circuit(parse_netlist("V1 in 0 1\nR1 in out 1k\nX1 out 0 lab_second\n"))
    assert str(error.value) == (
        f"X1: device model lab_second: dg/dv is not finite ({said}) at the start (v = 0, i = 0). Change the equations "
        "near this point, for example from abs(v) ** 0.5 to (v * v + 1e-12) ** 0.25")


def test_a_circuit_without_a_solution_names_a_derivative_that_is_not_bounded(install: Install) -> None:
    install(f"import math\n{TWO}".replace("9 * a * v - i", "a * (math.sqrt(v) if v > 0 else 0.0) - i"), "Second",
            "lab_steep_two")
    models = {"r1": device_model("resistor"), "x1": device_model("lab_second")}
    assert unbounded_derivatives(models) == (
        "X1: dg/dv of device model lab_second is not bounded near v = 0 (5e+11 at v = 1e-30). Change the equations "
        "near this point")
    circuit = build_circuit(parse_netlist("V1 in 0 PWL(0 0 1u 1)\nR1 in out 1\nX1 out 0 lab_second\n"))
    with pytest.raises(TsbenchError, match=r"no solution was found after 0 s, .* X1: dg/dv of device model lab_second"):
        circuit.advance(1e-6)


@pytest.mark.thin(2)
@pytest.mark.parametrize(("text", "entry", "was", "wrong", "said"), [
    (written(), "Thermistor", "g = math.exp", 'g = len({"a": "b"}) * math.exp',
     "Thermistor.equations ("),
    (GATE, "NoisyGate", "return 0.02 * tau", 'return 0.02 * tau * {"a": "b"}["a"]',
     "NoisyGate.noise_interval ("),
])
def test_equations_that_numba_cannot_compile_are_one_line(
    install: Install, text: str, entry: str, was: str, wrong: str, said: str,
) -> None:
    assert was in text
    install(text.replace(was, wrong), entry, f"lab_numba_{entry.lower()}")
    name, model = ("lab_gate", "lab_noisy_gate") if text is GATE else ("lab_film", "lab_thermistor")
    gate = "Vg g 0 1\n" if text is GATE else ""
    nodes = "out g 0" if gate else "out 0"
    with pytest.raises(ConfigurationError) as error:
        build_circuit(parse_netlist(f"V1 in 0 1\n{gate}R1 in out 1k\nX1 {nodes} {name}\n"))
    line = str(error.value)
    assert line.startswith(f"X1: device model {model}: numba cannot compile lab_numba_{entry.lower()}.{said}"), line
    assert "\n" not in line and "\x1b" not in line and len(line) < 400


def test_the_ngspice_text_may_be_one_text(install: Install) -> None:
    install(FILM.replace("    def rest(self)", '    @classmethod\n    def subcircuit(cls):\n        return """\n'
                         'R1 a b {r0}\nC1 a b 1p\n"""\n\n    def rest(self)'), "Thermistor", "lab_film_sixteen")
    text = devices_lib()
    mine = text[text.index(".subckt lab_film"):].splitlines()
    assert mine[6:9] == ["R1 a b {r0}", "C1 a b 1p", ".ends"]


@dataclass(frozen=True)
class Clip(DeviceModel):
    """A conductance whose current is limited."""

    g: float = 1e-3
    mechanism = "lab_clip"

    @staticmethod
    def equations(v: float, i: float, g: float) -> tuple[float]:
        return (g * min(v, 0.5) - i,)


@dataclass(frozen=True)
class Smooth(DeviceModel):
    """A conductance."""

    g: float = 1e-3
    mechanism = "lab_smooth"

    @staticmethod
    def equations(v: float, i: float, g: float) -> tuple[float]:
        return (g * math.tanh(v) - i,)


@pytest.mark.parametrize(("model", "card", "largest"), [
    (Clip(), "10n 3u", 1e-8), (Clip(), "10n 3u 0 5n", 5e-9), (Smooth(), "10n 3u", math.inf)])
def test_no_step_passes_a_row_of_a_table_where_equations_have_branches(
    model: DeviceModel, card: str, largest: float, monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where a circuit has no memory, error control sees the ends of steps alone; it passed over a kink between them."""
    steps: list[float] = []

    class Built(Exception):
        pass

    def build(*arguments: Any, largest_step: float, **options: Any) -> Any:
        steps.append(largest_step)
        return SimpleNamespace(model_of=lambda name: model, steps=0, add_observer=lambda observer: None)

    def advance(circuit: Any, stop: float) -> Any:
        raise Built

    monkeypatch.setattr(simulate_module, "build_circuit", build)
    monkeypatch.setattr(simulate_module, "_saved", lambda *_: ["v(out)"])
    monkeypatch.setattr(simulate_module, "_run", advance)
    with pytest.raises(Built):
        simulate_module.simulate(f"V1 in 0 1\nR1 in out 100\nX1 out 0 diode\n.tran {card} uic\n.save v(out)\n", seed=1)
    assert steps[-1] == largest
