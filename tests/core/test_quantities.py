"""Text to SI numbers: what is not plainly a quantity is refused, never guessed."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsbench.errors import ConfigurationError
from tsbench.protocols import protocol_named
from tsbench.quantities import format_interval, format_quantity, parse_quantity, short_quantity


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("200n", "s", 200e-9), ("1.2 mV", "V", 1.2e-3), ("4.7 kΩ", "Ohm", 4700.0), ("10 KOhm", "Ohm", 1e4),
        ("10K", "Ohm", 1e4), ("300 K", "K", 300.0), ("1 F", "F", 1.0), ("5 pF", "F", 5e-12), ("1 µs", "s", 1e-6),
        ("1 μs", "s", 1e-6), ("−1.2 V", "V", -1.2), (".5", "V", 0.5), ("10 mV/s", "V/s", 0.01), ("1e-3", "A", 1e-3),
        ("1 R", "Ohm", 1.0), ("2 m", "V", 2e-3), ("1  V ", "V", 1.0),
        ("4\u00a0V", "V", 4.0), ("4\u202fmV", "V", 4e-3),
    ],
)
def test_prefixes_and_units(text, unit, value):
    assert parse_quantity(text, unit) == value


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("1,2 V", "V"), ("0,5 mA", "A"), ("1,200", "V"), ("1 a", "A"), ("1 c", "V"), ("12:30", "s"), ("1_000", "V"),
        ("0x10", "V"), ("1.2.3", "V"), ("1 min", "s"), ("$1", "V"), ("nan", "V"), ("inf", "V"), ("1e400", "V"),
        ("1 2", "V"), ("", "V"), ("V", "V"), ("1 A", "V"), ("1Meg", "Ohm"), ("１.２ V", "V"), ("٣", "V"),
    ],
)
def test_what_is_not_plainly_a_quantity_is_refused(text, unit):
    with pytest.raises(ConfigurationError, match="Give for example"):
        parse_quantity(text, unit)


@pytest.mark.parametrize("text", ["1,2V", "1,2 V", "1,2", "1.2,V"])
def test_a_decimal_comma_with_or_without_a_unit_is_told(text):
    with pytest.raises(ConfigurationError, match=r"is not a quantity\. Use a decimal point, not a comma\. Give for"):
        parse_quantity(text, "V")


def test_a_decimal_comma_is_told():
    with pytest.raises(ConfigurationError, match="a decimal point, not a comma"):
        parse_quantity("0,5 mA", "A")


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["", "m", "u", "n", "k", "M"]))
def test_a_printed_number_is_read_back(number, prefix):
    factor = {"": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9, "k": 1e3, "M": 1e6}[prefix]
    if abs(number) < 1e300:
        assert parse_quantity(f"{number!r} {prefix}V", "V") == pytest.approx(number * factor, rel=1e-12)


@given(st.text(max_size=12))
def test_any_text_is_a_number_or_one_clear_line(text):
    try:
        parse_quantity(text, "V")
    except ConfigurationError as error:
        assert "Give for example" in str(error)


@pytest.mark.parametrize(
    "given", [{"stop": "1e300"}, {"step": "1p"}, {"step": "1e-320"}, {"cycles": "100000", "points": "100000"}])
def test_a_sweep_that_fits_no_memory_is_refused_at_once(given):
    with pytest.raises(ConfigurationError, match="points, but at most"):
        protocol_named("iv_sweep").parse(given)


def test_a_bound_is_told_with_the_value():
    with pytest.raises(ConfigurationError, match=r"compliance = -4 mA must be above 0 A"):
        protocol_named("iv_sweep").parse({"compliance": "-4m"})


@pytest.mark.parametrize(("given", "distance"), [
    ({"stop": "-1.2 V", "step": "-50 mV"}, "50 mV"), ({"drive": "current", "stop": "-1 mA", "step": "-1 uA"}, "1 uA")])
def test_a_sweep_down_has_a_positive_step(given, distance):
    with pytest.raises(ConfigurationError, match=(
            rf"step: -{distance} is negative, but 'step' is a distance\. 'start' and 'stop' alone set the direction of "
            rf"the sweep\. Write {distance}")):
        protocol_named("iv_sweep").parse(given)
    assert protocol_named("iv_sweep").parse({**given, "step": distance}).step > 0


def test_a_text_of_a_hundred_characters_is_the_longest() -> None:
    assert parse_quantity("1" + " " * 98 + "V", "V") == 1.0
    with pytest.raises(ConfigurationError, match="is not a quantity"):
        parse_quantity("1" + " " * 99 + "V", "V")


@pytest.mark.parametrize(("value", "unit", "text"), [
    (1234.5678, "", "1235"), (float("inf"), "V", "inf V"), (None, "V", "-"), (0.0012, "V", "1.200 mV"),
])
def test_a_value_is_written_with_or_without_a_unit(value: float | None, unit: str, text: str) -> None:
    assert format_quantity(value, unit) == text


@pytest.mark.parametrize(("prefix", "factor"), [
    ("f", 1e-15), ("p", 1e-12), ("n", 1e-9), ("u", 1e-6), ("µ", 1e-6), ("μ", 1e-6), ("m", 1e-3), ("k", 1e3), ("K", 1e3),
    ("M", 1e6), ("G", 1e9), ("T", 1e12),
])
def test_each_prefix_has_its_power_of_ten(prefix: str, factor: float) -> None:
    assert parse_quantity(f"2{prefix}V", "V") == parse_quantity(f"2 {prefix}", "V") == pytest.approx(2 * factor)
    assert parse_quantity(f"2e1 {prefix}V", "V") == pytest.approx(20 * factor)
    sign = {"u": "u", "µ": "u", "μ": "u", "K": "k"}.get(prefix, prefix)
    assert format_quantity(2 * factor, "V") == f"2.000 {sign}V"


def test_the_digits_of_a_value() -> None:
    assert format_quantity(1.23456e-3, "V") == "1.235 mV" and format_quantity(1.23456e-3, "V", 2) == "1.2 mV"
    assert short_quantity(1.2e-3, "A") == "1.2 mA" and short_quantity(1e-3, "A") == "1 mA"
    assert short_quantity(100.0, "V", 3) == "100 V" and short_quantity(1.23456, "", 3) == "1.23"
    assert short_quantity(1e-30, "", 4) == "1e-30"


def test_numbers_that_are_not_text() -> None:
    assert parse_quantity(3, "V") == 3.0 and parse_quantity(0.5, "V") == 0.5
    for value in (True, None, [1], 10**400, math.inf, math.nan):
        with pytest.raises(ConfigurationError):
            parse_quantity(value, "V")


def test_a_value_that_rounds_to_zero_has_no_sign() -> None:
    assert format_interval(-0.1e-3, -21.1e-3, 20.9e-3, "V") == "0 ± 21 mV"

