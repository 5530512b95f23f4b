"""A value with its interval, as tables and the window write it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsbench.quantities import conditions_text, format_interval


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((1.0231, 1.021, 1.0252, "V"), "1.0231 ± 0.0021 V"),
        ((81.2e-6, 79.9e-6, 90.1e-6, "A"), "81.2 (79.9 … 90.1) uA"),
        ((3.1e-6, 2.9e-6, None, "s"), "3.10 (≥ 2.90) us"),
        ((3.1e-6, None, 3.3e-6, "s"), "3.10 (≤ 3.30) us"),
        ((-0.0123, -0.0125, -0.0121, "V"), "-12.30 ± 0.20 mV"),
        ((0.5, 0.4, 0.6, ""), "0.50 ± 0.10"),
        ((12.0, 12.0, 12.0, "V"), "12.00 V"),
        ((None, None, None, "V"), "-"),
        ((float("nan"), None, None, "V"), "-"),
        ((1.5, None, None, "V"), "1.500 V"),
        ((0.0, None, None, "V"), "0 V"),
        ((1234.5, None, None, ""), "1234"),
        ((0.001234, None, None, ""), "0.001234"),
        ((2.5e12, None, None, "Hz"), "2500 GHz"),   # no prefix beyond these two
        ((2e-18, None, None, "A"), "0.002000 fA"),
        ((300.0, 299.0, 301.0, "K"), "300.0 ± 1.0 K"),
        ((1.0, 1.0 - 1e-12, 1.0 + 1e-12, "V"), "1.000 V"),
        ((150.0, 50.0, 250.0, "K"), "150 ± 100 K"),
        ((1.0, 0.0, 2.2, "V"), "1.0 ± 1.1 V"),
        ((1.0, 0.0, 2.3, "V"), "1.0 (0.0 … 2.3) V"),
        ((-2.0, -2.5, -1.0, "V"), "-2.0 (-2.5 … -1.0) V"),
        ((5.0, 5.0, 7.0, "V"), "5.0 (5.0 … 7.0) V"),
        ((3.1e-6, float("-inf"), 3.3e-6, "s"), "3.10 (≤ 3.30) us"),
        ((None, 1.0, 2.0, "V"), "1.000 V … 2.000 V"),
        *(((1.5 * 10.0**power, None, None, "V"), f"1.500 {prefix}V") for prefix, power in {
            "f": -15, "p": -12, "n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9}.items()),
    ],
)
def test_interval(arguments, text):
    assert format_interval(*arguments) == text


def test_conditions_in_words():
    assert conditions_text({"bias": 2.0, "polarity": "+", "sweep": 17}) == "bias 2 V, polarity +, sweep 17"
    assert conditions_text({"gap": 2e-7, "source_voltage": 0.0123}) == "gap 200 ns, source voltage 12.3 mV"
    assert conditions_text({"load_resistance": 5100.0, "parallel_capacitance": 8e-11, "amplitude_limit": 0.012}) == (
        "load resistance 5.1 kOhm, parallel capacitance 80 pF, amplitude limit 12 mV")
    assert conditions_text({}) == ""
    assert conditions_text({"up to": 0.0500084}) == "up to 50.0084 mV"


def test_a_bound_that_stands_alone_keeps_its_direction():
    assert format_interval(None, 3.1e-6, None, "s") == "≥ 3.100 us"
    assert format_interval(None, None, 1.15e-3, "s") == "≤ 1.150 ms"
    assert format_interval(None, None, None, "s") == "-"
    assert format_interval(None, float("nan"), float("inf"), "s") == "-"


def test_the_level_of_a_relaxation_is_a_current():
    assert conditions_text({"level": 2.5e-7}) == "level 250 nA"


def test_an_offset_may_be_of_any_quantity() -> None:
    assert conditions_text({"offset_frequency": 1e4}) == "offset frequency 10 kHz"
    assert conditions_text({"offset": 1e4}) == "offset 10000"   # in run files of older versions


ANY = st.one_of(st.none(), st.floats(), st.sampled_from([0.0, 1e300, -1e300, 5e-324, 1e-30]))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(value=ANY, low=ANY, high=ANY, unit=st.sampled_from(["V", "A", "s", "", "%", "V/s"]))
def test_any_numbers_have_a_text(value, low, high, unit):
    text = format_interval(value, low, high, unit)
    assert text
    assert "\n" not in text
    assert conditions_text({"amplitude": value, "other": low})


def test_ends_that_only_rounding_tells_apart_are_no_interval() -> None:
    assert format_interval(1e5, 1e5 * (1 - 1e-16), 1e5 * (1 + 4e-16), "Ohm") == "100.0 kOhm"
    assert format_interval(1e5, 1e5 - 1e-3, 1e5 + 1e-3, "Ohm") == "100.0000000 ± 0.0000010 kOhm"
