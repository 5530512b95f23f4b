"""The 2450 driver's messages, as the manual (2450-901-01) spells them, and what it makes of replies."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from pymeasure.adapters import ProtocolAdapter
from pymeasure.test import expected_protocol

from tsbench.errors import CommunicationError, ConfigurationError, InstrumentError, LimitError, NoReply
from tsbench.instruments import MeasureSettings, SourceMeter, SourceSettings
from tsbench.instruments.keithley_2450.driver import Keithley2450
from tsbench.instruments.keithley_interactive.source import require_same_limit
from tsbench.records import Flag, Identity

IDENTITY = Identity("KEITHLEY INSTRUMENTS", "MODEL 2450", "04096331", "1.7.12b")
IDN = "KEITHLEY INSTRUMENTS,MODEL 2450,04096331,1.7.12b"
OK = (":SYST:ERR?", '0,"No error;0;0 0"')
SOURCE = [
    (":SOUR:FUNC VOLT", None), (":SOUR:VOLT 0", None), (":SOUR:VOLT:RANG 2", None),
    (":SOUR:VOLT:ILIM 0.001", None), (":SOUR:VOLT:READ:BACK ON", None), (":SOUR:VOLT:DEL:AUTO ON", None),
    (":SOUR:VOLT:HIGH:CAP OFF", None), OK, (":SOUR:VOLT:ILIM?", "1.000000E-03"), (":SOUR:VOLT:RANG?", "2"),
]
VOLTAGE = SourceSettings("voltage", compliance_current=1e-3, range=1.5)


@contextmanager
def driver(pairs: list[tuple[Any, Any]]) -> Iterator[Keithley2450]:
    with expected_protocol(Keithley2450, pairs, identity=IDENTITY, wait=lambda seconds: None) as found:
        yield found


def source_1_5() -> list[tuple[Any, Any]]:
    return [(":SOUR:VOLT:RANG 1.5", None) if pair[0] == ":SOUR:VOLT:RANG 2" else pair for pair in SOURCE]


def test_it_is_a_source_meter() -> None:
    with driver([]) as found:
        assert isinstance(found, SourceMeter)


def test_reset() -> None:
    with driver([
        ("*CLS", None), ("*ESE 128", None), ("*RST", None), ("*LANG?", "SCPI"), (":SYST:LFR?", "60"),
        (":OUTP:VOLT:SMOD HIMP", None), (":OUTP:CURR:SMOD HIMP", None), OK,
    ]) as found:
        found.reset()
        assert found.capabilities.line_frequency == 60.0


def test_another_command_language_is_refused() -> None:
    refused = pytest.raises(ConfigurationError, match=r"command language is SCPI2400, but tsbench needs SCPI\. Send "
                                                      r"'\*LANG SCPI'")
    with driver([("*CLS", None), ("*ESE 128", None), ("*RST", None), ("*LANG?", "SCPI2400")]) as found, refused:
        found.reset()


def test_source_settings_are_sent_and_read_back() -> None:
    with driver(source_1_5()) as found:
        accepted = found.configure_source(VOLTAGE)
        assert accepted == SourceSettings("voltage", compliance_current=1e-3, range=2.0)


def test_current_drive() -> None:
    with driver([
        (":SOUR:FUNC CURR", None), (":SOUR:CURR 0", None), (":SOUR:CURR:RANG:AUTO ON", None),
        (":SOUR:CURR:VLIM 2.5", None), (":SOUR:CURR:READ:BACK ON", None), (":SOUR:CURR:DEL:AUTO ON", None),
        (":SOUR:CURR:HIGH:CAP ON", None), OK, (":SOUR:CURR:VLIM?", "2.5"),
        (":SOUR:CURR 1e-07", None), (":SOUR:CURR:VLIM?", "2.5"), OK, (":SOUR:CURR?", "1.000000E-07"),
    ]) as found:
        found.configure_source(SourceSettings("current", compliance_voltage=2.5, high_capacitance=True))
        found.set_level(1e-7)


def test_the_limit_is_read_again_only_where_a_level_changes_the_range() -> None:
    """After the safe state the level is 0 V: 10 mV is in the same range, 100 mV and 1 V in others."""
    def to(level: str, read: bool) -> list[tuple[Any, Any]]:
        again = [(":SOUR:VOLT:ILIM?", "1.000000E-03")] if read else []
        return [(f":SOUR:VOLT {level}", None), *again, OK, (":SOUR:VOLT?", level)]

    safe = [(":ABOR", None), (":OUTP OFF", None), (":SOUR:VOLT 0", None), (":SOUR:CURR 0", None)]
    automatic = [
        (":SOUR:VOLT:RANG:AUTO ON", None) if pair[0] == ":SOUR:VOLT:RANG 2" else pair for pair in SOURCE[:-1]]
    with driver([*automatic, *to("0.01", False), *to("1", True), *to("2", False), *safe, *to("0.01", False),
                 *to("0.1", True)]) as found:
        found.configure_source(SourceSettings("voltage", compliance_current=1e-3))
        for level in (0.01, 1.0, 2.0):
            found.set_level(level)
        found.safe_state()
        for level in (0.01, 0.1):
            found.set_level(level)


def test_a_compliance_the_instrument_changed_is_an_error() -> None:
    pairs = [(a, "1.0E-02") if a == ":SOUR:VOLT:ILIM?" else (a, b) for a, b in source_1_5()[:-1]]
    pairs.append((":SOUR:VOLT:ILIM?", "1.0E-02"))   # ten times as much may be a garbled reply: it is asked again
    refused = pytest.raises(
        InstrumentError, match=r"compliance 1 mA was requested, but the instrument set 10 mA"
    )
    with driver(pairs) as found, refused:
        found.configure_source(VOLTAGE)


@pytest.mark.parametrize(("query", "kept", "other"), [
    # limit and power-line cycles within a thousandth; the range is the one that holds 1.5 V
    (":SOUR:VOLT:ILIM?", [0.9991e-3, 1.0009e-3], [0.9989e-3, 1.0011e-3]), (":SOUR:VOLT:RANG?", [2.0], [0.2, 20.0]),
    (":SENS:CURR:NPLC?", [0.09991, 0.10009], [0.09989, 0.10011]), (":SENS:CURR:RANG?", [1e-3], [1e-4, 1e-2]),
    # the level within 1e-5 of the range of 2 V
    (":SOUR:VOLT?", [0.009981, 0.010019], [0.009979, 0.010021]),
])
def test_what_the_instrument_set_is_kept_or_refused(query: str, kept: list[float], other: list[float]) -> None:
    for value in [*kept, *other]:
        got_limit = str(value) if query == ":SOUR:VOLT:ILIM?" else "1E-3"
        measure = [
            (':SENS:FUNC "CURR"', None), (":SENS:CURR:RSEN OFF", None), (":SENS:CURR:RANG 0.0005", None),
            (":SENS:CURR:NPLC 0.1", None), (":SENS:CURR:AZER ON", None), (":SOUR:VOLT:ILIM?", got_limit), OK,
            (":SENS:CURR:NPLC?", "0.1"), (":SENS:CURR:RANG?", "0.001")]
        level = [(":SOUR:VOLT 0.01", None), OK, (":SOUR:VOLT?", "0.01")]
        far = query.endswith("RANG?") and value in other   # quite another value is asked again
        pairs = [
            pair for sent, reply in [*source_1_5(), *measure, *level]
            for pair in [(sent, str(value) if sent == query else reply)] * (2 if far and sent == query else 1)]
        with driver(pairs) as found:
            try:
                source = found.configure_source(VOLTAGE)
                measured = found.configure_measure(MeasureSettings("current", range=0.5e-3, nplc=0.1))
                found.set_level(0.01)
                got = {":SOUR:VOLT:ILIM?": source.compliance, ":SOUR:VOLT:RANG?": source.range,
                       ":SENS:CURR:NPLC?": measured.nplc, ":SENS:CURR:RANG?": measured.range,
                       ":SOUR:VOLT?": found._level}[query]
                assert value in kept
                assert got == value
            except InstrumentError as error:
                assert value in other, error
                assert "was requested, but the instrument set" in str(error)
                found.adapter._index = len(found.adapter.comm_pairs)


@pytest.mark.parametrize(("part", "same"), [(1.0009, True), (0.9991, True), (1.0011, False), (0.9989, False)])
def test_a_limit_that_the_instrument_moves_by_more_than_a_thousandth_is_noticed(part: float, same: bool) -> None:
    before, unit = SourceSettings("voltage", compliance_current=1e-3), "the measuring range"
    now = SourceSettings("voltage", compliance_current=part * 1e-3)
    if same:
        require_same_limit("x", before, now, unit)
    else:
        with pytest.raises(InstrumentError, match=r"when tsbench set the measuring range, .* changed the compliance"):
            require_same_limit("x", before, now, unit)
    require_same_limit("x", None, now, unit)
    require_same_limit("x", before, None, unit)


def test_measure_settings() -> None:
    with driver([
        (':SENS:FUNC "CURR"', None), (":SENS:CURR:RSEN OFF", None), (":SENS:CURR:RANG 0.001", None),
        (":SENS:CURR:NPLC 0.1", None), (":SENS:CURR:AZER OFF", None), OK, (":SENS:CURR:NPLC?", "0.1"),
        (":SENS:CURR:RANG?", "0.001"),
    ]) as found:
        accepted = found.configure_measure(MeasureSettings("current", range=1e-3, nplc=0.1, auto_zero=False))
        assert accepted.range == 1e-3


@pytest.mark.parametrize(
    ("reply", "voltage", "current", "flags"),
    [
        ("0.25,0.5,1.5E-5,136", 0.5, 1.5e-5, Flag.NONE),
        ("0.25,0.41,1.0E-3,168", 0.41, 1e-3, Flag.COMPLIANCE),
        ("0.25,0.5,9.9E37,136", 0.5, math.nan, Flag.OVERFLOW),
        ("0.25,0.5,1.5E-5,152", 0.5, 1.5e-5, Flag.UNSETTLED),
    ],
)
def test_readings_and_their_flags(reply: str, voltage: float, current: float, flags: Flag) -> None:
    with driver([
        *source_1_5(), (":SOUR:VOLT 0.5", None), OK, (":SOUR:VOLT?", "0.5"),
        (':READ? "defbuffer1",REL,SOUR,READ,SOURSTAT', reply),
    ]) as found:
        found.configure_source(VOLTAGE)
        found.set_level(0.5)
        reading = found.measure()
        assert (reading.time, reading.source, reading.flags) == (0.25, 0.5, flags)
        assert reading.voltage == pytest.approx(voltage)
        assert reading.current == pytest.approx(current, nan_ok=True)


def test_a_long_aperture_is_started_and_polled() -> None:
    with driver([
        *source_1_5(),
        (':SENS:FUNC "CURR"', None), (":SENS:CURR:RSEN OFF", None), (":SENS:CURR:RANG:AUTO ON", None),
        (":SENS:CURR:NPLC 10", None), (":SENS:CURR:AZER ON", None), (":SOUR:VOLT:ILIM?", "1.000000E-03"), OK,
        (":SENS:CURR:NPLC?", "10"),
        (':TRAC:CLE "defbuffer1"', None), (':TRIG:LOAD "SimpleLoop",1,0,"defbuffer1"', None), (":INIT", None),
        (":TRIG:STAT?", "RUNNING;RUNNING;2"), (":TRIG:STAT?", "IDLE;IDLE;4"),
        (':TRAC:DATA? 1,1,"defbuffer1",REL,SOUR,READ,SOURSTAT', "0,0,1E-9,136"),
    ]) as found:
        waits: list[float] = []
        found.wait = waits.append  # type: ignore[method-assign]
        found.configure_source(VOLTAGE)
        found.configure_measure(MeasureSettings("current", nplc=10.0))
        assert found.measure().current == 1e-9
        assert waits == [0.01]   # [s] before it is asked again


def test_a_sweep_has_one_point_at_least_and_as_many_as_the_list_takes() -> None:
    single = [
        (":SOUR:VOLT:DEL 0", None), (":SOUR:LIST:VOLT 0.5", None), (':TRAC:CLE "defbuffer1"', None),
        (':SOUR:SWE:VOLT:LIST 1,0,1,OFF,"defbuffer1"', None), OK, (":INIT", None)]
    with driver([*source_1_5(), *single]) as found:
        found.configure_source(VOLTAGE)
        for count in (0, 2501):
            with pytest.raises(LimitError, match="number of sweep points"):
                found.start_sweep(np.full(count, 0.5), 0.0)
        found.start_sweep(np.array([0.5]), 0.0)


def test_sweep_of_a_list_longer_than_one_message() -> None:
    levels = np.linspace(0.0, 1.0, 150)
    words = [str(float(level)).removesuffix(".0") for level in levels]
    with driver(
        [
            *source_1_5(),
            (":SOUR:VOLT:DEL 0", None),
            (":SOUR:LIST:VOLT " + ",".join(words[:100]), None),
            (":SOUR:LIST:VOLT:APP " + ",".join(words[100:]), None),
            (':TRAC:CLE "defbuffer1"', None),
            (':SOUR:SWE:VOLT:LIST 1,0.001,1,OFF,"defbuffer1"', None),
            OK,
            (":INIT", None),
            (':TRAC:ACT? "defbuffer1"', "37"),
            (":TRIG:STAT?", "RUNNING;RUNNING;5"),
            (":TRIG:STAT?", "IDLE;IDLE;9"),
            (':TRAC:DATA? 36,37,"defbuffer1",REL,SOUR,READ,SOURSTAT', "0.1,0.2,2E-5,136,0.11,0.21,1E-3,168"),
            (":SOUR:VOLT:DEL:AUTO ON", None),
            (":SOUR:VOLT 0", None),
            OK,
            (":SOUR:VOLT?", "0"),
            (":SOUR:VOLT 0.5", None),
            OK,
            (":SOUR:VOLT?", "0.5"),
        ]
    ) as found:
        found.configure_source(VOLTAGE)
        found.start_sweep(levels, 1e-3)
        assert found.poll_sweep() == 37
        assert found.sweep_running()
        assert not found.sweep_running()
        first, second = found.fetch_sweep(35, 37)
        assert (first.source, first.voltage, first.flags) == (levels[35], 0.2, Flag.NONE)
        assert (second.source, second.current, second.flags) == (levels[36], 1e-3, Flag.COMPLIANCE)
        found.set_level(0.0)
        found.set_level(0.5)   # the delay is automatic again


def test_a_failed_trigger_model_is_an_error() -> None:
    failed = [(":TRIG:STAT?", "FAILED;FAILED;3"), (":SYST:ERR?", '-213,"Init ignored"'), OK]
    with driver(failed) as found, pytest.raises(InstrumentError, match="-213 Init ignored"):
        found.sweep_running()


def test_output_is_read_back() -> None:
    with driver([(":OUTP ON", None), OK, (":OUTP?", "1")]) as found:
        found.set_output(True)
    refused = pytest.raises(InstrumentError, match="did not switch on")
    with driver([(":OUTP ON", None), OK, (":OUTP?", "0")]) as found, refused:
        found.set_output(True)


def test_safe_state_opens_the_output_first() -> None:
    with driver([
        (":ABOR", None), (":OUTP OFF", None), (":SOUR:VOLT 0", None), (":SOUR:CURR 0", None), (":OUTP?", "0"),
    ]) as found:
        found.safe_state()
        assert [state.enabled for state in found.output_states()] == [False]


def test_out_of_range_sends_nothing() -> None:
    with driver(source_1_5()) as found:
        with pytest.raises(LimitError, match=r"compliance 2 A is outside the instrument's range"):
            found.configure_source(SourceSettings("voltage", compliance_current=2.0))
        with pytest.raises(LimitError, match="nplc 20"):
            found.configure_measure(MeasureSettings("current", nplc=20.0))
        found.configure_source(VOLTAGE)
        with pytest.raises(LimitError, match=r"source voltage 2.5 V is outside the fixed source range"):
            found.set_level(2.5)
        with pytest.raises(LimitError, match="number of sweep points"):
            found.start_sweep(np.zeros(2501), 1e-3)


def test_errors_of_the_queue_are_all_told() -> None:
    queue = [(":SYST:ERR?", '-113,"Undefined header"'), (":SYST:ERR?", '-222,"Data out of range"'), OK]
    listed = r"reports: -113 Undefined header; -222 Data out of range. Check the settings"
    told = pytest.raises(InstrumentError, match=listed)
    with driver(queue) as found, told:
        found.check_errors()


def test_a_restart_is_believed_when_it_is_told_twice() -> None:
    ask = "*ESE?;*STB?"
    for replies, lost in (
        (["128;0"], False), (["128;16"], False), (["0;0", "0;0"], True), (["128;32", "128;32"], True),  # *PSC 0
        (["0;0", "128;0"], False),
    ):
        with driver([(ask, reply) for reply in replies]) as found:
            assert found.lost_power() is lost
    with driver([(ask, "871;9"), ("*IDN?", IDN), (ask, "128;0")]) as found:  # no register holds that
        assert not found.lost_power()


def test_an_error_without_an_error_is_garbled() -> None:
    with driver([(":SYST:ERR?", '9,"No error"')]) as found, pytest.raises(CommunicationError, match="is garbled"):
        found.check_errors()


def test_a_garbled_reply_is_a_communication_error() -> None:
    with driver([(":SYST:ERR?", "#$%")]) as found, pytest.raises(CommunicationError, match="is garbled"):
        found.check_errors()
    again = [(":OUTP?", "?"), ("*IDN?", IDN)]
    with driver([*again, *again, (":OUTP?", "?")]) as found, pytest.raises(
        CommunicationError, match=r"the reply '\?' to .* is garbled"
    ):
        found.output_states()


def test_a_question_that_only_reads_is_asked_again_and_this_is_told() -> None:
    with driver([(":OUTP?", "\x7f"), ("*IDN?", IDN), (":OUTP?", "0")]) as found:
        told: list[str] = []
        found.on_repeat = told.append
        assert not found.output_states()[0].enabled
    assert len(told) == 1 and "':OUTP?' was sent again" in told[0]
    with driver([(":OUTP?", "1.5"), ("*IDN?", "0"), ("*IDN?", "1")]) as found, pytest.raises(
        CommunicationError, match="its replies belong to earlier messages"
    ):
        found.output_states()


def test_unknown_option() -> None:
    with pytest.raises(ConfigurationError, match="Did you mean 'high_impedance'"):
        Keithley2450(ProtocolAdapter(), identity=IDENTITY, output_off="high_impedence")


class _LosesReplies(ProtocolAdapter):
    """An instrument whose replies to some questions never arrive; keeps what it was sent."""

    def __init__(self, lost: str) -> None:
        super().__init__()
        self.lost, self.sent = lost, []

    def _write(self, command: str, **kwargs: object) -> None:
        self.sent.append(command)

    def _read(self, **kwargs: object) -> str:
        if self.lost in self.sent[-1]:
            raise NoReply("no reply")
        return {":OUTP?": "1", "*IDN?": IDN}.get(self.sent[-1], "0")

    def flush_read_buffer(self) -> None:
        return


@pytest.mark.parametrize("question", [":READ? 1", "READ?", ":SYST:ERR?", "ALLEV?", "EVENT?", "ERRX?", "RMD? 1"])
def test_a_question_that_is_not_listed_is_asked_once(question: str) -> None:
    adapter = _LosesReplies(question)
    found = Keithley2450(adapter, identity=IDENTITY)
    with pytest.raises(NoReply):
        found.ask(question)
    assert adapter.sent == [question]


@pytest.mark.parametrize(("replies", "found"), [
    (("HIMP", "HIMP"), "high_impedance"), (("NORM", "HIMP"), "normal"), (("HIMP", "ZERO"), "zero")])
def test_the_output_off_state_is_set_and_read_back(replies: tuple[str, str], found: str) -> None:
    """Of both functions; where they differ, the one that is not as it was set."""
    with driver([
        (":OUTP:VOLT:SMOD HIMP", None), (":OUTP:CURR:SMOD HIMP", None), OK, (":OUTP:VOLT:SMOD?", replies[0]),
        (":OUTP:CURR:SMOD?", replies[1]),
    ]) as meter:
        assert meter.set_output_off("high_impedance") == found
