"""What every device model refuses, how one is drawn until its model accepts it, and the text that compiles it."""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.devices.catalogue import MOST_DRAWS, device_model, possible
from tsbench.simulated_backends.devices.compile_errors import not_compilable, reason
from tsbench.simulated_backends.devices.mechanism import mechanism_of
from tsbench.simulated_backends.devices.model import DeviceModel, check_temperature
from tsbench.simulated_backends.devices.source_text import called, definitions, from_row, returned, vectorises

GAIN, OFFSET, WORD = 2.0, 3, "no number"


@dataclass(frozen=True)
class Plain(DeviceModel):
    """Without derivatives."""

    r: float = 1e3
    mechanism: ClassVar[str] = "plain_model"
    states: ClassVar[tuple[str, ...]] = ("x", "y")

    @staticmethod
    def equations(v: float, i: float, x: float, y: float, r: float) -> Any:
        return GAIN * v / r - i, OFFSET - x, x - y

    def rest(self) -> tuple[float, ...]:
        return (0.0, 0.0)

    def state_tolerances(self) -> tuple[float, ...]:
        return (1.0, 1.0)


@pytest.mark.parametrize("temperature", [0.0, -1.0, math.inf, -math.inf, math.nan])
def test_a_temperature_must_be_positive_and_finite(temperature: float) -> None:
    with pytest.raises(ConfigurationError, match=f"^temperature = {temperature:g} K must be positive$"):
        check_temperature(temperature)
    check_temperature(0.1)


@pytest.mark.parametrize("value", [0.0, -2.0, math.inf, math.nan])
def test_a_parameter_that_must_be_positive_is_finite_too(value: float) -> None:
    with pytest.raises(ConfigurationError, match=f"^device model plain_model: r = {value:g} must be positive and f"):
        Plain(r=value).require_positive("r")
    Plain(r=1e-30).require_positive("r")


def test_only_a_device_with_a_temperature_follows_its_surroundings() -> None:
    warm = device_model("nbo2").at_temperature(350.0)
    assert warm.feels_temperature and warm.parameters()["t0"] == 350.0
    plain = Plain()
    assert not plain.feels_temperature and plain.at_temperature(350.0) is plain
    with pytest.raises(ConfigurationError, match="temperature = -1 K"):
        plain.at_temperature(-1.0)


def test_a_device_is_drawn_until_its_model_accepts_it() -> None:
    drawn = []

    def draw() -> DeviceModel:
        drawn.append(len(drawn) + 1)
        if drawn[-1] < accepted:
            raise ConfigurationError(f"number {drawn[-1]}")
        return Plain(r=float(drawn[-1]))

    accepted = 3
    assert possible(draw) == Plain(r=3.0) and drawn == [1, 2, 3]
    accepted = MOST_DRAWS
    drawn.clear()
    assert possible(draw) == Plain(r=float(MOST_DRAWS))
    accepted = MOST_DRAWS + 1
    drawn.clear()
    with pytest.raises(ConfigurationError, match=f"^number {MOST_DRAWS}$"):
        possible(draw)
    assert len(drawn) == MOST_DRAWS == 100


# ---------------------------------------------------------------------------------------------- its text


def test_equations_without_derivatives_come_with_theirs_and_the_numbers_of_their_module() -> None:
    assert returned(mechanism_of(Plain)) == 3
    imported, stamp, numbers, inlined, head, *_ = definitions(mechanism_of(Plain))
    assert imported == f"from {__name__} import Plain"
    assert stamp.startswith("# made from ")   # what is not of tsbench is compiled anew when its file changes
    assert numbers == f"from {__name__} import GAIN as plain_model_number_GAIN, OFFSET as plain_model_number_OFFSET"
    assert (inlined, head) == ("@inlined", "def plain_model_equations(v, i, x, y, r):")


def test_equations_without_numbers_of_their_module_import_none() -> None:
    class Short(Plain):
        mechanism: ClassVar[str] = "short_model"

    Short.__qualname__ = "Short"   # as if it stood in the module

    def equations(v: float, i: float, x: float, y: float) -> Any:
        return v - i, -x, -y

    Short.equations = staticmethod(equations)
    lines = definitions(mechanism_of(Short))
    assert [lines[0], *lines[2:4]] == [
        f"from {__name__} import Short", "@inlined", "def short_model_equations(v, i, x, y):"]


def test_a_class_in_a_function_cannot_be_compiled() -> None:
    class Inner(Plain):
        pass

    class AtTheTop(Plain):
        __module__ = "__main__"
        __qualname__ = "AtTheTop"

    for model in (Inner, AtTheTop):
        with pytest.raises(ConfigurationError, match=f"^device model plain_model: the class {model.__name__} can only "
                                                     "be compiled if its module can be imported. Write the class in"):
            definitions(mechanism_of(model))


def test_a_call_takes_what_moves_by_name_and_the_rest_from_the_row() -> None:
    mechanism = mechanism_of(Plain)
    assert dict(from_row(mechanism)) == {"v": "v", "i": "i", "x": "y[first]", "y": "y[first + 1]"}
    assert called(mechanism, "f", mechanism.arguments, from_row(mechanism), "p[k") == (
        "f(v, i, y[first], y[first + 1], p[k, 2])")


def starred(v: float, i: float, x: float, y: float) -> Any:
    rates = -x, -y
    return v - i, *rates


def different(v: float, i: float, x: float, y: float) -> Any:
    if v > 0.0:
        return v - i, -x, -y
    return v - i, 0.0


def too_many(v: float, i: float, x: float, y: float) -> Any:
    return v - i, -x, -y, 0.0


def single(v: float, i: float, x: float, y: float) -> Any:
    return v - i


@pytest.mark.parametrize(("equations", "said"), [
    (starred, "do not return a tuple that always has the same length"),
    (different, "do not return a tuple that always has the same length"),
    (too_many, "return 4 numbers"), (single, "return 1 numbers")])
def test_equations_return_residual_and_rates_or_all(equations: Any, said: str) -> None:
    class Wrong(Plain):
        mechanism: ClassVar[str] = "wrong_count"

    Wrong.equations = staticmethod(equations)
    with pytest.raises(ConfigurationError) as error:
        returned(mechanism_of(Wrong))
    assert str(error.value) == (
        f"device model wrong_count: its equations {said}. Return 3 numbers (residual and rates), or 15 numbers "
        "(residual, rates and all derivatives)")


def test_what_is_random_or_senses_is_not_computed_side_by_side() -> None:
    class Senses(Plain):
        senses: ClassVar[tuple[str, str] | None] = ("a", "b")

    class Stochastic(Plain):
        stochastic: ClassVar[bool] = True

    class Noisy(Plain):
        noises: ClassVar[tuple[str, ...]] = ("kick",)

    class Called(Plain):
        """Its equations are compiled apart."""

        class equations:   # noqa: N801
            targetoptions: ClassVar[dict[str, bool]] = {"forceinline": False}
            py_func = Plain.equations

    def possible_of(model: type[DeviceModel]) -> bool:
        mechanism = mechanism_of(Plain)
        return vectorises(type(mechanism)(model, mechanism.arguments, (), mechanism.columns))

    assert possible_of(Plain)
    assert not any(map(possible_of, (Senses, Stochastic, Noisy, Called)))


# ---------------------------------------------------------------------------------------------- numba's words


def test_numbas_pages_become_one_line() -> None:
    pages = ("\x1b[1mFailed in nopython mode pipeline (step: nopython frontend)\n- Resolution failure for literal:\n"
             "\x1b[1mNo implementation of function f found for signature:\x1b[0m\n \n >>> f(unicode_type)\n \n"
             "During: resolving callee\n\nFile \"a.py\", line 3:\n    def f(x):\n        return len(x)\n        ^\n")
    assert reason(Exception(pages)) == (
        "No implementation of function f found for signature: >>> f(unicode_type) in 'return len(x)'")
    assert reason(Exception("short")) == "short"
    assert reason(ValueError("")) == "ValueError"
    assert reason(Exception("a" * 400)) == "a" * 300
    assert reason(Exception("^\nmarked alone")) == "^"


def test_the_function_that_numba_refuses_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Noisy(Plain):
        mechanism: ClassVar[str] = "noisy_model"
        noises: ClassVar[tuple[str, ...]] = ("kick",)
        seed: float = 0.0

        @staticmethod
        def equations(v: float, i: float, x: float, y: float, kick: float) -> Any:
            return v - i, -x + kick, -y

        @staticmethod
        def noise_interval(v: float, i: float, x: float, y: float) -> float:
            return x / 10.0

    refused: list[Any] = []

    def as_compiled(function: Any) -> Any:
        if function in refused:
            raise TypeError
        return function

    monkeypatch.setattr("tsbench.simulated_backends.devices.compile_errors.as_compiled", as_compiled)
    Noisy = dataclass(frozen=True)(Noisy)   # type: ignore[misc]
    for refuses, named in ((False, "equations"), (True, "noise_interval")):
        refused = [Noisy.noise_interval] if refuses else []
        assert str(not_compilable(Noisy, Exception("why"))) == (
            f"device model noisy_model: numba cannot compile {__name__}.{Noisy.__qualname__}.{named} (why)")
