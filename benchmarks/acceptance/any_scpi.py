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


@SOURCE_METER.case
def unknown_words_are_an_error(meter: Any, bench: OpenBench) -> None:
    """-113 stands in the queue."""
    meter.nonsense.words(1)
    code = int(meter.syst.err().split(",")[0])
    same("code", code, -113)


@GENERATOR.case
def levels_by_words(generator: Any, bench: OpenBench) -> None:
    """Settings are returned by the same words."""
    generator.outp1.load("inf")
    generator.sour1.freq(12345)
    generator.sour1.volt(1.5)
    close_to("frequency", float(generator.sour1.freq()), 12345, 1e-3)
    close_to("amplitude", float(generator.sour1.volt()), 1.5, 1e-4)
    same("error", int(generator.syst.err().split(",")[0]), 0)


DRIVERS = (SOURCE_METER, GENERATOR)
