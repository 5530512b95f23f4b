"""The page of what the virtual instruments have and lack is complete and up to date."""

import re

from benchmarks.twin_subsystems import PAGE, contents, folders, subsystems, words_of
from tsbench.simulated_backends.virtual_instruments.registry import VIRTUAL_INSTRUMENTS


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == contents(), "run python -m benchmarks.twin_subsystems"


def test_it_has_each_virtual_instrument_of_ours() -> None:
    listed = {one.name for declarations, _ in folders().values() for one in declarations}
    assert listed == set(VIRTUAL_INSTRUMENTS.names())


def test_what_a_generator_lacks_has_no_commands() -> None:
    """Modulation and sweeps: no header of the instrument has their words."""
    of_function = {"modulation": {"AM", "FM", "PM", "PWM"}, "sweeps": {"SWEep"}}
    for declarations, lacks in folders().values():
        for function, words in of_function.items():
            if function in lacks:
                assert not any(words & words_of(one) for one in declarations), declarations


def test_a_subsystem_is_one_word() -> None:
    for declarations, _ in folders().values():
        for one in declarations:
            assert all(re.fullmatch(r"[A-Za-z0-9_]+", word) for word in subsystems(one)), one
