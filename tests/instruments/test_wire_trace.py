"""The trace of every message on the wire."""

import logging
from pathlib import Path

import pytest

from tsbench.errors import InstrumentError, NoReply
from tsbench.instruments import EdgeTrigger, Pulse, Timebase, Vertical
from tsbench.instruments.links.wire_trace import HEADER, LONGEST, WIRE, shortened, start_trace, stop_trace
from tsbench.station.bench.bench import Bench


def rows(file: Path) -> list[list[str]]:
    header, *lines = file.read_text("utf-8").splitlines()
    assert header == HEADER
    return [line.split("\t") for line in lines]


def test_a_question_its_reply_and_how_long_it_took(driver_bench: Path, tmp_path: Path) -> None:
    with Bench.open(driver_bench) as bench:
        handler = start_trace(tmp_path / "here" / "it.trace")
        try:
            assert bench.instruments.connections["source_meter"].transport.query(":SYST:LFR?") == "50"
        finally:
            stop_trace(handler)
        bench.instruments.connections["source_meter"].transport.query(":SYST:LFR?")  # not traced any more
    found = rows(tmp_path / "here" / "it.trace")
    assert [row[1:3] + row[4:] for row in found] == [
        ["source_meter", "write", ":SYST:LFR?", ""], ["source_meter", "read", ":SYST:LFR?", "50"]]
    assert all(float(row[3]) > 0 for row in found)


def test_a_block_is_shown_by_its_length_and_an_error_by_its_words(driver_bench: Path, tmp_path: Path) -> None:
    with Bench.open(driver_bench) as bench:
        scope, pulser = bench.oscilloscope(), bench.pulse_generator("pulser")
        pulser.configure_pulse(Pulse(0.0, 1.0, 1e-6, 1e-3, 10e-9, 10e-9))
        scope.configure_channel(1, Vertical(8.0))
        scope.configure_timebase(Timebase(10e-6, points=1000))
        scope.configure_trigger(EdgeTrigger("external", 0.5))
        scope.arm()
        scope.force_trigger()
        handler = start_trace(tmp_path / "blocks.trace")
        try:
            scope.fetch([1])
            transport = bench.instruments.connections["source_meter"].transport
            with pytest.raises(NoReply):
                transport.read()
            bench.instruments.connections["generator"].transport.write_bytes(b":SOUR1:DATA:ARB:DAC X,#212" + bytes(12))
        finally:
            stop_trace(handler)
    found = rows(tmp_path / "blocks.trace")
    blocks = [row[5] for row in found if row[4] == ":WAV:DATA?" and row[2] == "read"]
    assert blocks[-1] == "<1 bytes>" and any(block not in {"<1 bytes>", "<2 bytes>"} for block in blocks)
    (lost,) = (row for row in found if row[1] == "source_meter")
    assert lost[2] == "read" and lost[5].startswith("NoReply: source_meter (")
    assert found[-1][4] == ":SOUR1:DATA:ARB:DAC X,#<15 bytes>"


def test_it_is_off_unless_it_is_asked_for(driver_bench: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with Bench.open(driver_bench):
        assert not WIRE.isEnabledFor(logging.DEBUG)
    assert not [record for record in caplog.records if record.name == WIRE.name]


def test_what_is_long_or_not_printable_stays_on_one_line() -> None:
    assert shortened("1.2\t3\n") == "1.2\\t3\\n"
    assert shortened("7" * (LONGEST + 5)) == "7" * LONGEST + " … (5 more)"
    assert shortened("Ω") == "Ω"


def test_what_had_to_be_put_right_is_logged(driver_bench: Path, caplog: pytest.LogCaptureFixture) -> None:
    with Bench.open(driver_bench) as bench:
        driver = bench.instruments.connections["source_meter"].driver
        driver.on_repeat("source_meter: ':OUTP?' was sent again")
        assert bench.take_notes() == ["source_meter: ':OUTP?' was sent again"]
        with pytest.raises(InstrumentError):
            driver.write(":NONSENSE")  # type: ignore[attr-defined]
            driver.check_errors()
    assert ("tsbench.station.bench.connection", logging.WARNING, "source_meter: ':OUTP?' was sent again") in (
        caplog.record_tuples)
