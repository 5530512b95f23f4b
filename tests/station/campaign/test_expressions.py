"""Expressions of a campaign: what they come to, with units and intervals, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsbench.station.campaign.dimensions import dimension, unit_text
from tsbench.station.campaign.evaluating import evaluate, number_of, truth_of
from tsbench.station.campaign.expression import LONGEST, NameNode, parse, parse_items
from tsbench.station.campaign.formulas import Formula, formulas_in, points_of
from tsbench.station.campaign.names import Vocabulary
from tsbench.station.campaign.values import ExpressionError, Quantified, Unknown, Value

VOLT = dimension("V")
KNOWN: dict[str, Value] = {
    "threshold_voltage": Quantified(1.0, 0.9, 1.2, VOLT, 3), "hold_voltage": Quantified.exact(0.5, VOLT),
    "threshold_current": Quantified.exact(1e-3, dimension("A")), "margin": Quantified.exact(1.1), "contact": "ok"}
WORDS = Vocabulary(parameters={"margin": Quantified.exact(1.1)}, steps=("sweep",))


def lookup(name: NameNode) -> Value:
    return KNOWN.get(name.name, Unknown(f"{name.text} is not known"))


def number(text: str) -> Quantified:
    found = number_of(parse(text), lookup)
    assert isinstance(found, Quantified)
    return found


@pytest.mark.parametrize(("text", "value", "unit"), [
    ("1 + 2 * 3", 7.0, ""), ("(1 + 2) * 3", 9.0, ""), ("-2 * -3", 6.0, ""), ("8 / 4 / 2", 1.0, ""), ("1e-3", 1e-3, ""),
    ("5 mV", 5e-3, "V"), ("4.7 kOhm", 4.7e3, "Ohm"), ("2 V/s", 2.0, "V/s"), ("300 K", 300.0, "K"), ("2k", 2e3, ""),
    ("100 ns", 1e-7, "s"), ("3 µs", 3e-6, "s"), ("1 MHz", 1e6, "Hz"), ("2 V / 4", 0.5, "V"),
    ("1.1 * threshold_voltage", 1.1, "V"), ("margin * threshold_voltage - 0.1 V", 1.0, "V"),
    ("threshold_voltage / threshold_current", 1e3, "Ohm"), ("threshold_voltage * threshold_current", 1e-3, "W"),
    ("1 / (2 us)", 5e5, "Hz"), ("min(threshold_voltage, 0.7 V)", 0.7, "V"), ("max(1, 2, 3)", 3.0, ""),
    ("abs(hold_voltage - threshold_voltage)", 0.5, "V"), ("sqrt(4 V * 1 V)", 2.0, "V"), ("round(2.6)", 3.0, ""),
    ("width(threshold_voltage)", 0.3, "V"), ("low(threshold_voltage)", 0.9, "V"), ("count(threshold_voltage)", 3.0, ""),
    ("count(frequency)", 0.0, ""),
])
def test_a_number_has_value_and_unit(text: str, value: float, unit: str) -> None:
    found = number(text)
    assert found.value == pytest.approx(value) and unit_text(found.dimension) == unit


@pytest.mark.parametrize(("text", "met"), [
    ("threshold_voltage < 1.1 V", True), ("high(threshold_voltage) < 1.1 V", False), ("contact == 'ok'", True),
    ("contact != 'ok'", False), ("1 < 2 and 2 < 1", False), ("1 < 2 or frequency > 1 Hz", True),
    ("2 < 1 and frequency > 1 Hz", False), ("not known(frequency)", True), ("known(threshold_voltage)", True),
    ("not (1 < 2)", False), ("1 >= 1 and 1 <= 1 and 1 != 2", True),
])
def test_a_condition_is_met_or_not(text: str, met: bool) -> None:
    assert truth_of(parse(text), lookup) is met


@pytest.mark.parametrize("text", ["frequency > 1 Hz", "1 < 2 and frequency > 1 Hz", "not frequency > 1 Hz"])
def test_what_is_not_known_stays_unknown(text: str) -> None:
    assert truth_of(parse(text), lookup) == Unknown("frequency is not known")
    assert isinstance(number_of(parse("1 / (threshold_voltage - 1 V)"), lookup), Unknown)


@pytest.mark.parametrize(("text", "said"), [
    ("1 +", "ends too early"), ("1 2", "'2' is not expected"), ("(1", r"'\)' is missing"),
    ("2 $ 3", "is not understood"),
    ("foo(1)", "no function 'foo'"), ("abs(1, 2)", "takes one argument"), ("1 bar", "'bar' is no unit"),
    ("__import__('os')", "no function"), ("a.b.c", "is not expected"), ("x[1]", "a name is missing"), ("", "too early"),
    ("(" * 40 + "1" + ")" * 40, "so many brackets"), ("1" * (LONGEST + 1), "at most"), ("not " * 40 + "1", "so many"),
])
def test_a_wrong_expression_is_refused(text: str, said: str) -> None:
    with pytest.raises(ExpressionError, match=said):
        parse(text)


@pytest.mark.parametrize(("text", "said"), [
    ("threshold_voltage + 1 A", "same unit on both sides, but these are V and A"),
    ("hold_voltage < 1", "V and no unit"),
    ("min(1 V, 1 A)", "same unit"), ("sqrt(1 V)", "no square root"), ("contact + 1", "is no number"),
    ("1 and 2", "needs conditions"), ("round(1 V)", "without a unit"),
])
def test_units_and_kinds_are_compared(text: str, said: str) -> None:
    with pytest.raises(ExpressionError, match=said):
        evaluate(parse(text), lookup)


@pytest.mark.parametrize(("text", "said"), [
    ("treshold_voltage < 1 V", "Did you mean 'threshold_voltage'"), ("contact == okay", "Did you mean 'ok'"),
    ("sweeep.frequency > 1 Hz", "Did you mean 'sweep'"), ("device.cyles < 3", "Did you mean 'cycles'"),
    ("device.state == dead", "is never 'dead'"), ("frequency < 1 V", "Hz and V"),
    ("zzz > 1", r"belongs into \[parameters\]"),
])
def test_a_name_that_nobody_knows_is_refused_with_the_nearest(text: str, said: str) -> None:
    with pytest.raises(ExpressionError, match=said):
        WORDS.resolved(parse(text))


def test_names_have_steps_and_conditions() -> None:
    (name,) = parse("sweep.threshold_voltage[polarity = +, cycle = 2, bias = -1.5 V]").names()
    assert name == NameNode("threshold_voltage", "sweep", (("polarity", "+"), ("cycle", 2.0), ("bias", -1.5)))
    found = WORDS.resolved(parse("sweep.contact == ok and margin > 1"))
    assert truth_of(found, lookup) is True


@given(st.text(alphabet="1234.+-*/()<>=! andortVmskOhm_[],'x", max_size=40))
def test_no_text_raises_anything_else(text: str) -> None:
    try:
        evaluate(parse(text), lookup)
    except ExpressionError as error:
        assert "\n" not in str(error)


_ENDS = st.tuples(st.floats(-5, 5), st.floats(-5, 5)).map(sorted)


@given(_ENDS, _ENDS, st.floats(0, 1), st.floats(0, 1), st.sampled_from("+-*/"))
def test_an_interval_contains_every_value(a: list[float], b: list[float], x: float, y: float, sign: str) -> None:
    """Whatever values two numbers have in their intervals, the result lies in the interval of the expression."""
    here = a[0] + x * (a[1] - a[0]), b[0] + y * (b[1] - b[0])
    numbers = {"a": Quantified(a[0], a[0], a[1]), "b": Quantified(b[1], b[0], b[1])}
    found = number_of(parse(f"a {sign} b"), lambda name: numbers[name.name])
    if isinstance(found, Unknown):
        assert b[0] <= 0 <= b[1]
        return
    true = {"+": here[0] + here[1], "-": here[0] - here[1], "*": here[0] * here[1]}.get(sign)
    true = here[0] / here[1] if true is None else true
    slack = 1e-9 * max(1.0, abs(true))
    assert found.low - slack <= true <= found.high + slack


def test_a_range_has_its_points() -> None:
    assert points_of("0.8 V to 1.2 V, 3 points") == ["0.8 V", "1 V", "1.2 V"]
    assert points_of("1 to 100, 3, log") == ["1", "10", "100"]
    found = points_of("0.5 * threshold_voltage to 2 * threshold_voltage, 3 points, log")
    values = [one.value(lookup) for one in found]
    assert [value.value for value in values if isinstance(value, Quantified)] == pytest.approx([0.5, 1.0, 2.0])
    for wrong in ("1 to 2", "1 V to 2 A, 3", "0 to 1, 3, log", "1 to 2, 1", "1 to 2, 99999999", 3, {}):
        with pytest.raises(ExpressionError):
            points_of(wrong)
    assert points_of(["1 V", "2 * margin"])[0] == "1 V" and isinstance(points_of(["1 V", "2 * margin"])[1], Formula)


def test_plain_values_are_left_to_the_protocol() -> None:
    for plain in ("1.2 V", "1 V, 2 V", 3, "-5 mV", "abc def", ["1 V", "2 V"], "2e-3"):
        assert formulas_in(plain, numeric=True) == ()
    assert formulas_in("voltage", numeric=False) == ()
    assert len(formulas_in("1.1 * x, 2 V", numeric=True)) == 2 and formulas_in("=x", numeric=True)
    with pytest.raises(ExpressionError):
        formulas_in("= 1 +", numeric=True)
    assert [one.text for one in parse_items("1 V, 2 * x ,min(1, 2)")] == ["1 V", "2 * x", "min(1, 2)"]
