"""The exit code of each error, and how messages are put together."""

import pytest

from tsbench import errors
from tsbench.errors import cause, first_sentence, nearest, sentences


@pytest.mark.parametrize(("code", "names"), [
    (1, ["TsbenchError", "InstrumentError", "CommunicationError", "NoReply", "GarbledReply", "StorageError"]),
    (2, ["WrongInstrument", "ConfigurationError", "UnreadableFile"]),
    (3, ["InstrumentInUse", "LimitError"]),
])
def test_the_exit_code_of_the_command_line(code: int, names: list[str]) -> None:
    for name in names:
        assert getattr(errors, name)("why").exit_code == code, name


def test_an_owner_that_is_not_known_has_no_facts() -> None:
    assert errors.InstrumentInUse("in use").owner == {}
    assert errors.InstrumentInUse("in use", {"process": 3}).owner == {"process": 3}


def test_each_part_of_a_message_is_a_sentence() -> None:
    assert sentences("one part stays as it is") == "one part stays as it is"
    assert sentences("", "it failed", "", "check the panel") == "it failed. Check the panel"
    assert sentences("really?", "yes it is!", "well then.") == "really? Yes it is! Well then."
    # a name keeps its letters
    assert sentences("it failed", "source_meter is on") == "it failed. source_meter is on"
    assert sentences() == ""


@pytest.mark.parametrize(("name", "known", "said"), [
    ("stpo", ["start", "stop"], ". Did you mean 'stop'?"),
    ("abcd", ["abxy", "zzzz"], ". Did you mean 'abxy'?"),   # half of the letters agree
    ("abcd", ["axyz", "AAAA"], ". Known: AAAA, axyz"),
    ("abcd", [], ""),
    ("load_resistance", ["load", "capacitance"], ". Did you mean 'load'?"),
])
def test_the_nearest_name(name: str, known: list[str], said: str) -> None:
    assert nearest(name, known) == said


def test_a_note_quotes_only_what_happened() -> None:
    lost = ("meter (USB0::1::INSTR): the instrument did not reply to ':READ? 1.5' in 2.5 s. The state of the outputs "
            "is unknown until they are read back. Check the panel and the cable")
    assert first_sentence(lost) == "meter (USB0::1::INSTR): the instrument did not reply to ':READ? 1.5' in 2.5 s"
    assert cause(RuntimeError(lost)) == "the instrument did not reply to ':READ? 1.5' in 2.5 s"
    assert cause("one sentence without a name") == "one sentence without a name"
    assert cause("meter (Keithley 2450, USB0): the\noutput is on") == "the output is on"
