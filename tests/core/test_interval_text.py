"""A value with its interval, as tables and the window write it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsbench.quantities import conditions_text, format_interval


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((1.0231, 1.021, 1.0252, "V"), "1.0231 ± 0.0021 V"),
        ((81.2e-6, 79.9e-6, 90.1e-6, "A"), "81.2 (79.9 … 90.1) µA"),
        ((3.1e-6, 2.9e-6, None, "s"), "3.10 (≥ 2.90) µs"),
        ((3.1e-6, None, 3.3e-6, "s"), "3.10 (≤ 3.30) µs"),
        ((-0.0123, -0.0125, -0.0121, "V"), "-12.30 ± 0.20 mV"),
        ((0.5, 0.4, 0.6, ""), "0.50 ± 0.10"),
        ((12.0, 12.0, 12.0, "V"), "12.00 V"),
        ((None, None, None, "V"), "-"),
        ((float("nan"), None, None, "V"), "-"),
        ((1.5, None, None, "V"), "1.500 V"),
    ],
)
def test_interval(arguments, text):
    assert format_interval(*arguments) == text


def test_conditions_in_words():
    assert conditions_text({"bias": 2.0, "polarity": "+", "sweep": 17}) == "bias 2 V, polarity +, sweep 17"
    assert conditions_text({"gap": 2e-7, "source_voltage": 0.0123}) == "gap 200 ns, source voltage 12.3 mV"
    assert conditions_text({}) == ""


def test_a_bound_that_stands_alone_keeps_its_direction():
    assert format_interval(None, 3.1e-6, None, "s") == "≥ 3.100 µs"
    assert format_interval(None, None, 1.15e-3, "s") == "≤ 1.150 ms"
    assert format_interval(None, None, None, "s") == "-"
    assert format_interval(None, float("nan"), float("inf"), "s") == "-"


def test_the_level_of_a_relaxation_is_a_current():
    assert conditions_text({"level": 2.5e-7}) == "level 250 nA"


ANY = st.one_of(st.none(), st.floats(), st.sampled_from([0.0, 1e300, -1e300, 5e-324, 1e-30]))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(value=ANY, low=ANY, high=ANY, unit=st.sampled_from(["V", "A", "s", "", "%", "V/s"]))
def test_any_numbers_have_a_text(value, low, high, unit):
    text = format_interval(value, low, high, unit)
    assert text
    assert "\n" not in text
    assert conditions_text({"amplitude": value, "other": low})
