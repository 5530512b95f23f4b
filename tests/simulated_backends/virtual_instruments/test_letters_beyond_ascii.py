"""Letters beyond ASCII have no capitals for an instrument, whose texts are bytes (Latin-1).

For Python, the capital of a micro sign (0xB5) is a Greek letter and that of 0xFF is no byte of Latin-1 either: a reply
that held it would end a virtual instrument. The capitals of 0xDF are the letters SS: another name or another word.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks import fuzz
from benchmarks.acceptance.benches import registered
from tsbench.simulated_backends.scpi.syntax import capitals
from tsbench.simulated_backends.scpi.tree import declared
from tsbench.simulated_backends.virtual_instruments.registry import instrument_class

pytestmark = pytest.mark.tsbench_outputs_stay_on
ODD = (b"q\xb5\xff", b"q\xdf")
#: arguments of a command; the letter stands for a text
FORMS = (b"%b", b"'%b'", b"%b,1", b"1,%b", b"'%b',1", b"%b,%b", b"1,'%b'")
#: languages whose commands are not declared with a header
OTHERS = {
    "tsp": (b"print('%b')", b"x = '%b' print(string.upper(x))", b"channel.pattern.setimage('1A01', '%b')",
            b"display.settext('%b')", b"%b = 1", b"smua.%b = 1", b"loadscript %b\n1\nendscript", b"channel.close('%b')",
            b"userstring.add('%b', '%b')", b"*%b", b"print(string.rep('%b', 2))"),
    "flex": (b"%b", b"CN %b", b"DV 1,0,%b", b"FMT %b,1", b"*%b", b"TI1%b", b"ERRX? %b"),
    "kxci": (b"%b", b"DV1,0,%b,1E-3", b"CH1,'%b','I1',1,1", b"DE;CH1,'%b','%b',1,1", b"DO '%b'", b"SS VR1,%b",
             b":PMU:%b 1", b"SV '%b'", b":ERROR:%b:GET"),
}


def one_of_each_kind() -> list[str]:
    """Return one model of each class of virtual instruments."""
    return list({instrument_class(model): model for model in registered()}.values())


def spelled(pattern: str) -> bytes:
    """Return a header as it is sent: without what may be left out, with the first of several words and numbers."""
    pattern = re.sub(r"\{([^|}]*)[^}]*\}", r"\1", re.sub(r"<(\d+)-\d+>", r"\1", pattern))
    while "[" in pattern:
        pattern = re.sub(r"\[[^\[\]]*\]", "", pattern)
    return pattern.encode("ascii")


def messages(kind: Any, target: str) -> Iterator[bytes]:
    """Yield messages with texts in all places of every command; what was set is asked for behind each one."""
    headers = [spelled(pattern) for pattern, _ in declared(kind)]
    for table in getattr(kind, "line_tables", ()):
        headers += [word.encode("ascii") for name in dir(table)
                    for word in getattr(getattr(table, name), "__line_words__", ())]
    known = set(headers)
    for header in headers:
        for form in FORMS:
            yield header + b" " + form
        if header + b"?" in known:
            yield header + b"?"
    yield from (b"%b", b"%b?", b":%b:%b 1", b"*%b", b"%b 1;%b?", *OTHERS.get(target, ()))


@pytest.mark.thin(15)
@pytest.mark.parametrize("model", one_of_each_kind())
def test_a_letter_without_a_capital_ends_no_instrument_and_becomes_no_other(
    model: str, setting: fuzz.Setting, tmp_path: Path,
) -> None:
    """A fault of the simulation is raised, and fails the test."""
    target = next(target for target in fuzz.TARGETS if model in fuzz.models(target))
    subject = fuzz.Subject(model, tmp_path, target, setting)
    for odd in ODD:
        for form in messages(type(subject.instrument), target):
            message = form.replace(b"%b", odd)
            reply = subject.reply(message)
            assert b"QSS" not in reply.upper(), f"{message!r} got the reply {reply!r}"
    subject.instrument.exchange.device_clear()
    assert subject.reply(b"*IDN?")


def test_capitals_are_those_of_ascii() -> None:
    assert capitals("stra\xdfe 1k\xb5 \xff\xe4 aZ") == "STRA\xdfE 1K\xb5 \xff\xe4 AZ"


def test_a_word_of_another_letter_is_no_word_of_a_command(setting: fuzz.Setting, tmp_path: Path) -> None:
    """The letter 0xDF does not stand for SS."""
    subject = fuzz.Subject("keysight_dsox3034t", tmp_path, "scpi", setting)
    subject.reply(b":TRIG:GLIT:QUAL GRE")
    subject.reply(b":TRIG:GLIT:QUAL LE\xdf")
    assert subject.refused == [-224] and subject.reply(b":TRIG:GLIT:QUAL?").startswith(b"GRE")
    subject.reply(b":TRIG:GLIT:QUAL LESS")
    assert subject.reply(b":TRIG:GLIT:QUAL?").startswith(b"LESS")
