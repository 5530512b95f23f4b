"""The ngspice text of a device that has only equations: each form in them, and the values that the text gives."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.devices.subcircuit import require_ngspice_names, subcircuit_of, written_lines

LIMIT = 7  #: a number of this module


@dataclass(frozen=True)
class Gated(DeviceModel):
    """Two states and a gate; the second terminal carries the current in and the first out."""

    t0: float = 300.0
    g0: float = 2e-3
    mechanism: ClassVar[str] = "gated_for_ngspice"
    states: ClassVar[tuple[str, ...]] = ("temperature", "share")
    terminals: ClassVar[tuple[str, ...]] = ("low", "high", "gate")
    carries: ClassVar[tuple[str, str]] = ("high", "low")
    senses: ClassVar[tuple[str, str]] = ("gate", "low")

    @staticmethod
    def equations(v: float, i: float, w: float, temperature: float, share: float, t0: float, g0: float) -> Any:
        """Have some text."""
        g = g0 * share
        low, high = min(w, LIMIT), max(w, 0.5)
        return (g * v**2 - i, v * i / 1e-9 - (temperature - t0) / 2e-6,
                (high + low * share) * -abs(v) + math.log(temperature) * math.pi)

    def rest(self) -> tuple[float, ...]:
        return (self.t0, 0.25)

    def state_tolerances(self) -> tuple[float, ...]:
        return (10.0, 0.5)


def number(text: str, nodes: dict[str, float], parameters: dict[str, float]) -> float:
    """Return what an ngspice expression without conditions gives; ``nodes`` have what V(...) and i(...) say."""
    text = re.sub(r"\{([^}]*)\}", lambda m: f"({eval(m[1], {}, parameters)!r})", text)
    text = re.sub(r"[Vi]\([^)]*\)", lambda m: f"({nodes[m[0]]!r})", text).replace("^", "**")
    value: float = eval(text, {"ln": math.log, **vars(math), "min": min, "max": max, "abs": abs})
    return value


def made(**parameters: float) -> tuple[str, ...]:
    lines = subcircuit_of(Gated(**parameters))
    assert lines is not None
    return lines


def test_current_and_states_are_nodes_of_their_own() -> None:
    vself, bself, *states = made()
    assert vself == "Vself high s_inner 0" and bself.startswith("Bself s_inner low I = ")
    assert [line.split(" I = ")[0].split(" ic=")[0] for line in states] == [
        "Bs_temperature 0 s_temperature", "Cs_temperature s_temperature 0 1e-09",
        "Bs_share 0 s_share", "Cs_share s_share 0 1e-09"]


def test_a_state_begins_at_rest_by_the_parameter_that_it_equals() -> None:
    _, _, _, temperature, _, share = made()
    assert temperature.endswith(" ic={t0/10.0}") and share.endswith(" ic=0.5")   # 0.25 in units of 0.5
    assert made(g0=300.0)[3].endswith(" ic=30.0")   # two parameters equal it


def test_a_state_that_rests_at_zero_has_no_parameter() -> None:
    class FromZero(Gated):
        def rest(self) -> tuple[float, ...]:
            return (0.0, 0.25)

    lines = subcircuit_of(FromZero(g0=0.0))
    assert lines is not None and lines[3].endswith(" ic=0.0")


@pytest.mark.parametrize(("v", "i", "w", "temperature", "share"), [
    (0.8, 1e-3, 0.7, 400.0, 0.3), (0.4, -2e-4, 9.0, 310.0, 0.9)])
def test_the_sources_give_residual_and_rates(v: float, i: float, w: float, temperature: float, share: float) -> None:
    parameters = {"t0": 296.0, "g0": 4e-3}
    residual, *rates = Gated.equations(v, i, w, temperature, share, **parameters)
    nodes = {"V(high,low)": v, "i(Vself)": i, "V(gate,low)": w, "V(s_temperature)": temperature / 10.0,
             "V(s_share)": share / 0.5}
    _, current, warm, _, grow, _ = (line.partition(" I = ")[2] for line in made())
    assert number(current, nodes, parameters) == pytest.approx(residual + i)
    assert number(warm, nodes, parameters) == pytest.approx(1e-9 * rates[0] / 10.0, rel=1e-6)
    assert number(grow, nodes, parameters) == pytest.approx(1e-9 * rates[1] / 0.5, rel=1e-6)


# ---------------------------------------------------------------------------------------------- one form each


def text_of(equations: Callable[..., Any]) -> str | None:
    """Return the text of the current of a device without states, in short."""
    class Plain(DeviceModel):
        mechanism: ClassVar[str] = "plain_for_ngspice"

        def parameters(self) -> dict[str, float]:
            return {"p": 2.0}

    Plain.equations = staticmethod(equations)
    lines = subcircuit_of(Plain())
    if lines is None:
        return None
    assert lines[0] == "Vself a s_inner 0" and len(lines) == 2
    return lines[1].removeprefix("Bself s_inner b I = (").removesuffix(")+i(Vself)").replace("V(a,b)", "v").replace(
        "i(Vself)", "i")


def squares(v: float, i: float, p: float) -> Any:
    return v**2 + v**3 - v**4


def powers(v: float, i: float, p: float) -> Any:
    return v**5 + v**p + v**1.5


def compared(v: float, i: float, p: float) -> Any:
    return i if v < p else v if v >= 2 else p


def compared_too(v: float, i: float, p: float) -> Any:
    return (i if v <= p else v) / (-p)


def functions(v: float, i: float, p: float) -> Any:
    return math.log(v) * math.tanh(i) + abs(v) - math.atan(p)


def numbers(v: float, i: float, p: float) -> Any:
    return v * LIMIT + math.pi


def named(v: float, i: float, p: float) -> Any:
    a: float = v + p
    b = a * i
    return b - a,


@pytest.mark.parametrize(("equations", "text"), [
    (squares, "(((v*v)+(v*v*v))-(v*v*v*v))"),
    (powers, "(((v^5.0)+(v^{p}))+(v^1.5))"),
    (compared, "((v<{p}) ? i : ((v>=2.0) ? v : {p}))"),
    (compared_too, "(((v<={p}) ? i : v)/(-{p}))"),
    (functions, "(((ln(v)*tanh(i))+abs(v))-atan({p}))"),
    (numbers, "((v*7.0)+3.141592653589793)"),
    (named, "(((((v+{p}))*i))-((v+{p})))"),
])
def test_each_form(equations: Callable[..., Any], text: str) -> None:
    assert text_of(equations) == text


def loop(v: float, i: float, p: float) -> Any:
    for _ in range(3):
        v = v * p
    return v - i


def unknown_function(v: float, i: float, p: float) -> Any:
    return math.gamma(v) - i


def method(v: float, i: float, p: float) -> Any:
    return p.real * v - i


def remainder(v: float, i: float, p: float) -> Any:
    return v % p - i


def both(v: float, i: float, p: float) -> Any:
    return v if v > 0.0 and i > 0.0 else i


def unknown_name(v: float, i: float, p: float) -> Any:
    return v * EMPTY - i


EMPTY = "no number"


@pytest.mark.parametrize("equations", [loop, unknown_function, method, remainder, both, unknown_name])
def test_what_has_no_form_in_ngspice_has_no_subcircuit(equations: Callable[..., Any]) -> None:
    assert text_of(equations) is None


def test_derivatives_between_the_numbers_are_left_out() -> None:
    class Written(Gated):
        states: ClassVar[tuple[str, ...]] = ("temperature",)
        senses: ClassVar[tuple[str, str] | None] = None  # type: ignore[assignment]

        @staticmethod
        def equations(v: float, i: float, temperature: float, g0: float) -> Any:  # type: ignore[override]
            return g0 * v - i, g0, -1.0, 0.0, 5.0 * v, 5.0, 0.0, 6.0

        def rest(self) -> tuple[float, ...]:
            return (300.0,)

        def state_tolerances(self) -> tuple[float, ...]:
            return (10.0,)

    lines = subcircuit_of(Written())
    assert lines == (
        "Vself high s_inner 0", "Bself s_inner low I = ((({g0}*V(high,low))-i(Vself)))+i(Vself)",
        "Bs_temperature 0 s_temperature I = 1e-10*((5.0*V(high,low)))", "Cs_temperature s_temperature 0 1e-09 "
        "ic={t0/10.0}")


# ---------------------------------------------------------------------------------------------- its author's text


class Own(Gated):
    text: ClassVar[Any] = "R1 a b {g0}\n\n  \nC1 a b 1p\n"

    @classmethod
    def subcircuit(cls) -> Any:
        return cls.text


def test_a_text_is_split_into_its_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    assert written_lines(Own()) == subcircuit_of(Own()) == ("R1 a b {g0}", "C1 a b 1p")
    monkeypatch.setattr(Own, "text", ["R1 a b 1", "R2 a b 2"])
    assert written_lines(Own()) == ("R1 a b 1", "R2 a b 2")
    assert written_lines(Gated()) is None


@pytest.mark.parametrize("text", [5, ("R1", 5), {"R1": 1}])
def test_anything_else_is_refused(text: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Own, "text", text)
    with pytest.raises(ConfigurationError) as error:
        written_lines(Own())
    assert str(error.value) == (f"device model gated_for_ngspice: its subcircuit returns {text!r}. It must return a "
                                "tuple of lines of text")


def test_noise_and_prepared_columns_have_no_made_text() -> None:
    class Noisy(Gated):
        noises: ClassVar[tuple[str, ...]] = ("kick",)

    class Prepared(Gated):
        def columns(self) -> dict[str, float]:
            return {"t0": 1.0, "g0": 2.0}

    assert subcircuit_of(Noisy()) is None and subcircuit_of(Prepared()) is None


# ---------------------------------------------------------------------------------------------- names


@pytest.mark.parametrize(("kind", "name"), [
    ("parameter", "M"), ("parameter", "temper"), ("parameter", "été"), ("parameter", "__g"), ("state", "inner"),
    ("state", "__x"), ("terminal", "GND"), ("terminal", "0"), ("terminal", "s_inner"), ("terminal", "S_share"),
    ("terminal", "größe")])
def test_a_name_that_ngspice_takes_for_another_is_refused(kind: str, name: str) -> None:
    class Named(Gated):
        def parameters(self) -> dict[str, float]:
            return {"g0": 1.0} | ({name: 1.0} if kind == "parameter" else {})

    if kind == "state":
        Named.states = ("share", name)
    if kind == "terminal":
        Named.terminals = ("low", "high", name)
    with pytest.raises(ConfigurationError, match=rf"^device model gated_for_ngspice: {kind} '{name}' (cannot be|has an)"
                                                 r".*\. Rename it, or write the method subcircuit$"):
        require_ngspice_names(Named())


def test_other_names_may_be_used() -> None:
    class Named(Gated):
        states: ClassVar[tuple[str, ...]] = ("m", "share")
        terminals: ClassVar[tuple[str, ...]] = ("inner", "exp", "gate")

        def parameters(self) -> dict[str, float]:
            return {"gnd": 1.0, "inner": 1.0, "g_": 2.0}

    require_ngspice_names(Named())
