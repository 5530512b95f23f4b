"""A message that comes before a reply was read discards it with error -410, but for languages whose manuals keep it."""

from tsbench.simulated_backends.virtual_instruments.registry import VIRTUAL_INSTRUMENTS, instrument_class

#: TSP keeps what was printed; KXCI and FLEX have an output buffer that is read later
KEEPING = ("keithley_26", "keithley_4200", "keithley_3706a", "keithley_707b", "keysight_b1500a")


def test_only_these_models_keep_a_reply_that_was_not_read() -> None:
    kept = {name for name in VIRTUAL_INSTRUMENTS.names() if instrument_class(name).keeps_replies}
    assert kept and kept == {name for name in VIRTUAL_INSTRUMENTS.names() if name.startswith(KEEPING)}
