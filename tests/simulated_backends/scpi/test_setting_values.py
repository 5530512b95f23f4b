"""The values of settings: one place, looked at by name and key or through one setting."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsbench.simulated_backends.scpi.tree import SettingValues

KEYS = st.tuples() | st.tuples(st.integers(1, 3)) | st.tuples(st.integers(1, 2), st.sampled_from(["HIGH", "LOW"]))


@given(st.lists(st.tuples(st.sampled_from(["level", "delay"]), KEYS, st.integers())))
def test_they_are_a_dictionary_of_name_and_key(entries):
    values, plain = SettingValues(), {}
    for name, key, value in entries:
        values[name, key] = plain[name, key] = value
        if key:
            assert values.of(name)[key] == value
            assert values.of(name)[key[0] if len(key) == 1 else key] == value
    assert values == plain and len(values) == len(plain)
    for place in list(plain):
        assert values.pop(place) == plain.pop(place)
        assert values == plain and place not in values


def test_a_key_that_was_not_set_has_the_default_and_stays_unset():
    values = SettingValues()
    levels, scales = values.of("level"), values.of("scale")
    levels.default, scales.computed = 5.0, lambda channel, which="": f"{channel}{which}"
    assert (levels[1], levels[1,], levels[1, "HIGH"]) == (5.0, 5.0, 5.0)
    assert (scales[1], scales[1,], scales[2, "LOW"]) == ("1", "1", "2LOW")
    assert not values
    with pytest.raises(KeyError):
        values["level", (1,)]


def test_what_is_cleared_and_filled_again_is_seen_through_the_same_object():
    values = SettingValues()
    levels = values.of("level")
    levels[1] = 2.0
    stored = dict(values)
    values.clear()
    levels.default = 0.0
    assert levels[1] == 0.0
    values.update(stored)
    assert levels[1] == 2.0 and values.of("level") is levels
