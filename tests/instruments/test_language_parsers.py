"""Parsers of replies: whatever an instrument sends, they return a value or raise ValueError, and nothing else."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tsbench import instruments
from tsbench.instruments.languages.language import Language, no_error
from tsbench.instruments.languages.siglent import restarted
from tsbench.instruments.languages.tektronix import parse_events

#: pieces of replies of all languages: chance alone seldom makes a reply that is nearly right
PIECES = (
    "", " ", ",", ";", ":", "\t", "\n", '"', "'", "#", "(", ")", "?", "+", "-", ".", "0", "1", "7", "128", "255", "256",
    "1e999", "-inf", "inf", "nan", "9.91E37", "9.9e37", "1E22", "1" * 5000, "²", "٣", "\x00", "ON", "OFF", "CHDR",
    "SHORT", "true", "nil", "C1:SYNC ", "STATE", "TYPE", "CH1", "CARR", "LOAD", "HZ", "N", "A", "I", "V", "NAI ",
    "+1.234567E-06", "No error", "ALLEV ", "KXCI command error. ", "(-992)", "MAKER,MODEL,1,2", "*IDN ", "Ready", "0:",
    "0,0,", "-222", "Data out of range",
)
REPLIES = st.one_of(st.text(max_size=40), st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
Parser = Callable[[str], Any]


def _modules() -> Iterator[Any]:
    for found in pkgutil.walk_packages(instruments.__path__, f"{instruments.__name__}."):
        if found.name.count(".") <= 3:
            yield importlib.import_module(found.name)


def parsers() -> dict[str, Parser]:
    """Return every function ``parse_...`` of a text, and the parsers of every language, by name."""
    found: dict[str, Parser] = {}
    for module in _modules():
        for name, member in vars(module).items():
            if isinstance(member, Language):
                language, label = member, f"{module.__name__}.{name}"
                found[f"{label}.parse_identity"] = language.parse_identity
                if language.parse_error is not no_error:
                    found[f"{label}.parse_error"] = language.parse_error
                if language.parse_errors is not None:
                    found[f"{label}.parse_errors"] = language.parse_errors
                found[f"{label}.power_lost"] = _last_reply(language)
            elif name.startswith("parse_") and inspect.isfunction(member) and _takes_text(member):
                found[f"{module.__name__}.{name}"] = member
    return found


def _takes_text(function: Callable[..., Any]) -> bool:
    return [one.annotation for one in inspect.signature(function).parameters.values()] == [str]


def _last_reply(language: Language) -> Parser:
    before = [""] * (len(language.power_questions) - 1)
    return lambda reply: language.power_lost([*before, reply])


PARSERS = parsers()


def test_all_languages_are_here() -> None:
    names = {name.split(".")[-2] for name in PARSERS}
    assert {"SCPI", "TSP", "FLEX", "KXCI", "LECROY", "LECROY_REGISTERS", "TEKTRONIX",
            "SIGLENT_GENERATOR", "SIGLENT_SCOPE", "LAKE_SHORE"} <= names
    assert len(PARSERS) > 30


@pytest.mark.thin(20)
@pytest.mark.parametrize("name", sorted(PARSERS))
@given(reply=REPLIES)
@example("C1:SYNC TYPE,CH1")
@example("1e999")
def test_any_text_gives_a_value_or_a_value_error(name: str, reply: str) -> None:
    try:
        PARSERS[name](reply)
    except ValueError as error:
        assert str(error)


@pytest.mark.parametrize("reply", ["C1:SYNC TYPE,CH1", "C1:SYNC STATE,5", "C1:SYNC ON,CH1", "ON", ""])
def test_what_is_no_state_of_the_sync_output_shows_no_restart(reply: str) -> None:
    with pytest.raises(ValueError, match=r"no header|without a value|not the state"):
        restarted([reply])


def test_the_sync_output_of_a_siglent_shows_a_restart() -> None:
    assert restarted(["C1:SYNC OFF"]) and restarted(["C1:SYNC OFF,TYPE,CH1"]) and not restarted(["C1:SYNC ON,TYPE,CH1"])


@pytest.mark.parametrize(("register", "error"), [(0, False), (1, False), (2, False), (4, True), (8, True), (16, True),
                                                 (32, True), (64, False), (128, False)])
def test_each_error_bit_of_a_tektronix_register_is_an_error(register: int, error: bool) -> None:
    """Query, device, execution and command error; the other bits tell of the operator, the power and operations."""
    found = parse_events(f'{register};1,"No events to report; new events pending *ESR?"')
    assert [one.code for one in found] == [register] * error
