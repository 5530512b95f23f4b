"""easy-scpi, which drives any instrument by the words of its headers."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.acceptance.benches import RESISTANCE, OpenBench
from benchmarks.acceptance.drivers import Driver, close_to, same


@contextmanager
def _opening(bench: OpenBench) -> Iterator[Any]:
    import easy_scpi

    driver = easy_scpi.Instrument(
        port=bench.resource, port_match=False, backend=bench.library, read_termination="\n", write_termination="\n")
    driver.connect()
    try:
        yield driver
    finally:
        driver.disconnect()


SOURCE_METER = Driver("easy-scpi", "Instrument on a source meter", ("keithley_2450",), _opening)
KEITHLEY_2400 = Driver("easy-scpi", "Instrument on a 2400", ("keithley_2400", "keithley_2410"), _opening)
KEYSIGHT_B2900 = Driver("easy-scpi", "Instrument on a B2900", ("keysight_b2912a", "keysight_b2902a"), _opening)
GENERATOR = Driver("easy-scpi", "Instrument on a generator", ("keysight_33622a",), _opening)


@SOURCE_METER.case
def current_by_words(meter: Any, bench: OpenBench) -> None:
    """``source.volt.level(1)`` and a reading give V/R."""
    meter.source.func("volt")
    meter.source.volt.range(2)
    meter.source.volt.ilim(1e-3)
    meter.sense.func('"curr"')
    meter.source.volt.level(1.0)
    meter.outp("on")
    close_to("current", float(meter.query("read?")), 1.0 / RESISTANCE, 2e-7)
    meter.outp("off")
    same("output", meter.outp(), "0")
    same("relay", bench.outputs_on(), [])


@SOURCE_METER.case
def identity_by_words(meter: Any, bench: OpenBench) -> None:
    """``id`` is the reply to ``*IDN?``."""
    assert "2450" in meter.id, meter.id


@SOURCE_METER.provoking(-113)
def unknown_words_are_an_error(meter: Any, bench: OpenBench) -> None:
    """-113 stands in the queue."""
    meter.nonsense.words(1)
    code = int(meter.syst.err().split(",")[0])
    same("code", code, -113)


@KEITHLEY_2400.provoking(803)
def current_by_words_of_the_2400(meter: Any, bench: OpenBench) -> None:
    """A level and a reading by the words of the 2400 give V/R; a reading with the output off is error +803."""
    meter.source.volt.range(2)
    meter.sense.curr.prot(1e-3)
    meter.source.volt.level(1.0)
    meter.form.elem("curr")
    meter.write("read?")
    same("code with the output off", int(meter.syst.err.code()), 803)
    meter.outp("on")
    close_to("current", float(meter.query("read?")), 1.0 / RESISTANCE, 2e-7)
    meter.outp("off")
    same("output", meter.outp(), "0")
    same("relay", bench.outputs_on(), [])


@KEYSIGHT_B2900.case
def currents_by_words_of_the_b2900(meter: Any, bench: OpenBench) -> None:
    """A level and spot measurements on both channels give V/R."""
    for channel in (1, 2):
        meter.write(f":sens{channel}:curr:prot 1e-3")
        meter.write(f":sour{channel}:volt {0.5 * channel}")
    meter.form.elem.sens("curr")
    for channel in (1, 2):
        reading = float(meter.query(f":meas? (@{channel})"))
        close_to(f"current of channel {channel}", reading, 0.5 * channel / RESISTANCE, 3e-7)
    meter.outp1("off")
    meter.outp2("off")
    same("output", meter.outp2(), "0")
    same("relays", bench.outputs_on(), [])
    same("error", int(meter.syst.err().split(",")[0]), 0)


@GENERATOR.case
def levels_by_words(generator: Any, bench: OpenBench) -> None:
    """Settings are returned by the same words."""
    generator.outp1.load("inf")
    generator.sour1.freq(12345)
    generator.sour1.volt(1.5)
    close_to("frequency", float(generator.sour1.freq()), 12345, 1e-3)
    close_to("amplitude", float(generator.sour1.volt()), 1.5, 1e-4)
    same("error", int(generator.syst.err().split(",")[0]), 0)


DRIVERS = (SOURCE_METER, KEITHLEY_2400, KEYSIGHT_B2900, GENERATOR)
