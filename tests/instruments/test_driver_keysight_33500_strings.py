"""The 33500B/33600A driver's messages, as the operating guide spells them."""

import math
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from pymeasure.test import expected_protocol

from tsbench.errors import ConfigurationError, InstrumentError, LimitError
from tsbench.instruments import ArbitraryWaveform, Pulse, PulseGenerator
from tsbench.instruments.keysight_33500.driver import Keysight33500
from tsbench.instruments.keysight_33500.output import GeneratorChannel
from tsbench.records import Identity

OK = (":SYST:ERR?", '+0,"No error"')
OPEN_LOAD = [(":OUTP1:LOAD INF", None), OK, (":OUTP1:LOAD?", "9.9E+37")]
TIMING = ":SOUR1:FUNC:PULS"


def off(channel: int = 1) -> list[tuple[Any, Any]]:
    return [(f":OUTP{channel} OFF", None), OK, (f":OUTP{channel}?", "0")]


@contextmanager
def channel(
    pairs: list[tuple[Any, Any]], model: str = "33622A", number: int = 1, **options: Any,
) -> Iterator[GeneratorChannel]:
    identity = Identity("Keysight Technologies", model, "MY1", "A.1")
    with expected_protocol(Keysight33500, pairs, identity=identity, **options) as generator:
        yield generator.channel(number)


def pulse_messages(
    polarity: str = "NORM", amplitude: str = "1.5", offset: str = "0.75"
) -> list[tuple[Any, Any]]:
    return [
        *off(),
        (":SOUR1:FUNC PULS", None),
        OK,
        (f":OUTP1:POL {polarity}", None),
        (f"{TIMING}:HOLD WIDT", None),
        (f"{TIMING}:TRAN:LEAD 3.3e-09", None),
        (f"{TIMING}:TRAN:TRA 3.3e-09", None),
        (f"{TIMING}:WIDT 5e-09", None),
        (f"{TIMING}:PER 2e-05", None),
        (f"{TIMING}:WIDT 1e-06", None),
        (f"{TIMING}:TRAN:LEAD 1e-08", None),
        (f"{TIMING}:TRAN:TRA 2e-08", None),
        OK,
        (":SOUR1:VOLT 0.002", None),
        (f":SOUR1:VOLT:OFFS {offset}", None),
        (f":SOUR1:VOLT {amplitude}", None),
        OK,
        (":SOUR1:VOLT?", "+1.500000000000E+00"),
        (":SOUR1:VOLT:OFFS?", f"+{float(offset):.12E}"),
        (f"{TIMING}:WIDT?", "+1.0E-06"),
        (f"{TIMING}:PER?", "+2.0E-05"),
        (f"{TIMING}:TRAN:LEAD?", "+1.0E-08"),
        (f"{TIMING}:TRAN:TRA?", "+2.0E-08"),
    ]


PULSE = Pulse(base=0.0, amplitude=1.5, width=1e-6, period=20e-6, rise_time=10e-9, fall_time=20e-9)


def test_each_output_is_a_pulse_generator() -> None:
    with channel([], number=2) as found:
        assert isinstance(found, PulseGenerator)
        assert found.channel == 2
        assert found.capabilities.edge_time.low == 2.9e-9
    with channel([], model="33522B") as found:
        assert found.capabilities.pulse_width.low == 16e-9


def test_unknown_model_and_missing_output() -> None:
    with pytest.raises(ConfigurationError, match="33622A"), channel([], model="33622X"):
        pass
    with pytest.raises(ConfigurationError, match="no output 2"), channel([], model="33521B", number=2):
        pass


def test_pulse() -> None:
    with channel([*OPEN_LOAD, *pulse_messages()]) as found:
        assert found.configure_load(math.inf) == math.inf
        accepted = found.configure_pulse(PULSE)
        assert accepted.base == pytest.approx(0.0)
        assert accepted.base + accepted.amplitude == pytest.approx(1.5)


def test_downward_pulse_idles_at_its_upper_level() -> None:
    pairs = [*OPEN_LOAD, *pulse_messages("INV", offset="1.25")]
    with channel(pairs) as found:
        found.configure_load(math.inf)
        accepted = found.configure_pulse(Pulse(2.0, -1.5, 1e-6, 20e-6, 10e-9, 20e-9))
        assert (accepted.base, accepted.amplitude) == (pytest.approx(2.0), pytest.approx(-1.5))


def test_an_adjusted_amplitude_is_an_error() -> None:
    pairs = [(a, "+1.0E+00") if a == ":SOUR1:VOLT?" else (a, b) for a, b in pulse_messages()]
    cut = next(k for k, pair in enumerate(pairs) if pair[0] == ":SOUR1:VOLT?") + 1
    with channel([*OPEN_LOAD, *pairs[:cut]]) as found:
        found.configure_load(math.inf)
        with pytest.raises(InstrumentError, match=r"amplitude 1\.5 V was requested, but the instrument set 1 V"):
            found.configure_pulse(PULSE)


@pytest.mark.parametrize(("query", "kept", "other"), [
    # edges of 10 ns and 20 ns: within 2 % of what was requested
    (f"{TIMING}:TRAN:LEAD?", 1.019e-8, 1.021e-8), (f"{TIMING}:TRAN:TRA?", 2.039e-8, 2.041e-8),
])
def test_an_edge_may_differ_by_two_percent(query: str, kept: float, other: float) -> None:
    for value in (kept, other):
        pairs = [(a, f"{value:.6E}") if a == query else (a, b) for a, b in [*OPEN_LOAD, *pulse_messages()]]
        with channel(pairs) as found:
            found.configure_load(math.inf)
            if value == kept:
                assert value in (found.configure_pulse(PULSE).rise_time, found._found["pulse_fall_time"])
                continue
            with pytest.raises(InstrumentError, match=r"(rise|fall) time .* was requested, but the instrument set"):
                found.configure_pulse(PULSE)
            found.generator.adapter._index = len(found.generator.adapter.comm_pairs)


@pytest.mark.parametrize(("base", "amplitude"), [(0.0, 0.5), (0.0, -0.5)])
def test_a_small_pulse_goes_up_or_down_as_it_was_requested(base: float, amplitude: float) -> None:
    pairs = pulse_messages("NORM" if amplitude > 0 else "INV", "0.5", f"{amplitude / 2:g}")
    pairs = [(a, "+5.0E-01" if a == ":SOUR1:VOLT?" else f"{amplitude / 2:+E}" if a == ":SOUR1:VOLT:OFFS?" else b)
             for a, b in pairs]
    with channel([*OPEN_LOAD, *pairs]) as found:
        found.configure_load(math.inf)
        accepted = found.configure_pulse(Pulse(base, amplitude, 1e-6, 20e-6, 10e-9, 20e-9))
        assert (accepted.base, accepted.amplitude) == (pytest.approx(base), pytest.approx(amplitude))


def test_direct_level_switches_the_output_off_once() -> None:
    with channel([
        *OPEN_LOAD, *off(), (":SOUR1:BURS:STAT OFF", None), OK, (":SOUR1:FUNC DC", None), OK,
        (":SOUR1:VOLT:OFFS 1.5", None), OK, (":SOUR1:VOLT:OFFS?", "+1.5E+00"),
        (":OUTP1 ON", None), OK, (":OUTP1?", "1"),
        (":SOUR1:VOLT:OFFS 2", None), OK, (":SOUR1:VOLT:OFFS?", "+2.0E+00"),
    ]) as found:
        found.configure_load(math.inf)
        found.configure_level(1.5)
        found.set_output(True)
        found.configure_level(2.0)


@pytest.mark.parametrize(("order", "word", "kind"), [("little", "SWAP", "<"), ("big", "NORM", ">")])
def test_arbitrary_waveform_goes_as_a_block(order: str, word: str, kind: str) -> None:
    levels = np.r_[np.zeros(32), np.ones(32)]
    codes = struct.pack(f"{kind}64h", *([-32767] * 32), *([32767] * 32))
    with channel(
        [
            *OPEN_LOAD,
            *off(),
            (":OUTP1:POL NORM", None),
            (f":FORM:BORD {word}", None),
            (":SOUR1:DATA:VOL:CLE", None),
            OK,
            (b":SOUR1:DATA:ARB:DAC TSB1,#3128" + codes, None),
            OK,
            (":SOUR1:FUNC:ARB TSB1", None),
            (":SOUR1:FUNC:ARB:FILT OFF", None),
            (":SOUR1:FUNC:ARB:SRAT 1000000", None),
            OK,
            *off(),
            (":SOUR1:FUNC ARB", None),
            OK,
            (":SOUR1:VOLT 0.002", None),
            (":SOUR1:VOLT:OFFS 0.5", None),
            (":SOUR1:VOLT 1", None),
            OK,
            (":SOUR1:VOLT?", "1"),
            (":SOUR1:VOLT:OFFS?", "0.5"),
            (":SOUR1:FUNC:ARB:SRAT?", "1E6"),
        ],
        byte_order=order,
    ) as found:
        found.configure_load(math.inf)
        found.load_waveform(ArbitraryWaveform(levels, 1e6))


def test_burst_trigger_and_its_end() -> None:
    with channel(
        [
            (":TRIG2:SOUR BUS", None),
            (":SOUR2:BURS:MODE TRIG", None),
            (":SOUR2:BURS:NCYC 500", None),
            (":SOUR2:BURS:STAT ON", None),
            OK,
            (":SOUR2:BURS:NCYC?", "+5.0E+02"),
            ("*ESR?", "+128"),
            (":TRIG2", None),
            ("*OPC", None),
            ("*ESR?", "+0"),
            ("*ESR?", "+1"),
            (":ABOR", None),
        ],
        number=2,
    ) as found:
        assert found.configure_burst(500) == 500
        found.trigger()
        assert found.burst_running()
        assert not found.burst_running()
        assert not found.burst_running()
        found.abort()


def test_no_trigger_without_a_burst() -> None:
    with channel([]) as found, pytest.raises(InstrumentError, match="no burst is configured"):
        found.trigger()


def test_safe_state_and_read_back_of_both_outputs() -> None:
    identity = Identity("Keysight Technologies", "33622A", "MY1", "A.1")
    with expected_protocol(Keysight33500, [
        (":OUTP1 OFF", None), (":OUTP2 OFF", None),  # first off, and only then what is to be zero
        *((f":SOUR{n}:{what}", None) for n in (1, 2) for what in (
            "VOLT:LIM:STAT OFF", "BURS:STAT OFF", "FUNC DC", "VOLT:OFFS 0")),
        (":OUTP1?", "0"), (":OUTP2?", "1"),
    ], identity=identity, name="generator") as generator:
        generator.safe_state()
        states = generator.output_states()
        assert [(state.output, state.enabled) for state in states] == [
            ("generator.1", False),
            ("generator.2", True),
        ]


def test_out_of_range_sends_nothing() -> None:
    with channel([]) as found:
        with pytest.raises(LimitError, match=r"pulse width 1 ns is outside the instrument's range 5 ns"):
            found.configure_pulse(Pulse(0, 1, 1e-9, 20e-6, 10e-9, 10e-9))
        with pytest.raises(LimitError, match=r"pulse top 6 V is outside the instrument's range -5 V to 5 V"):
            found.configure_pulse(Pulse(0, 6, 1e-6, 20e-6, 10e-9, 10e-9))
        with pytest.raises(LimitError, match="with this period and these edges, pulse width"):
            found.configure_pulse(Pulse(0, 1, 19.99e-6, 20e-6, 10e-9, 10e-9))
        with pytest.raises(LimitError, match="burst count"):
            found.configure_burst(0)
        with pytest.raises(LimitError, match="number of waveform points"):
            found.load_waveform(ArbitraryWaveform(np.zeros(4), 1e6))
        with pytest.raises(LimitError):
            found.configure_level(math.nan)
