"""Levels of a 33500B/33600A output, message by message: its own limits, another load, edges that fit, what was read."""

import math
from typing import Any

import pytest

from tests.instruments.test_driver_keysight_33500_strings import (
    OK,
    OPEN_LOAD,
    PULSE,
    TIMING,
    channel,
    off,
    pulse_messages,
)
from tsbench.errors import InstrumentError, LimitError
from tsbench.instruments import Pulse, Range
from tsbench.instruments.generators.requests import require_pulse
from tsbench.instruments.keysight_33500 import data_sheet

LIM = ":SOUR1:VOLT:LIM"


def limits(low: float, high: float, first: str = "HIGH") -> list[tuple[Any, Any]]:
    words = [(f"{LIM}:HIGH {high:g}", None), (f"{LIM}:LOW {low:g}", None)]
    return [(f"{LIM}:STAT OFF", None), *(words if first == "HIGH" else words[::-1]), OK,
            (f"{LIM}:LOW?", f"{low:g}"), (f"{LIM}:HIGH?", f"{high:g}")]


def to_dc() -> list[tuple[Any, Any]]:
    return [*off(), (":SOUR1:BURS:STAT OFF", None), OK, (":SOUR1:FUNC DC", None), OK]


def level(volts: float, *between: tuple[Any, Any]) -> list[tuple[Any, Any]]:
    return [(f":SOUR1:VOLT:OFFS {volts:g}", None), OK, *between, (":SOUR1:VOLT:OFFS?", f"{volts:g}")]


ON = [(f"{LIM}:STAT ON", None), OK]


def test_limits_act_from_the_next_level_on() -> None:
    with channel([*limits(-1, 2), *to_dc(), *level(1.5, *ON), *level(0.5)]) as found:
        assert found.configure_level_limits(-1.0, 2.0) == (-1.0, 2.0)
        found.configure_level(1.5)
        found.configure_level(0.5)   # they are on: not sent again


def test_limits_are_never_upside_down_on_their_way() -> None:
    """Upwards the upper one first, downwards the lower one."""
    with channel([*limits(1, 2), *limits(3, 4), *limits(-2, 1, "LOW"), *limits(0.5, 3)]) as found:
        for low, high in ((1.0, 2.0), (3.0, 4.0), (-2.0, 1.0), (0.5, 3.0)):
            found.configure_level_limits(low, high)


def test_limits_are_lifted_while_amplitude_and_offset_move() -> None:
    pulse = pulse_messages()
    levels = next(k for k, pair in enumerate(pulse) if pair[0] == ":SOUR1:VOLT 0.002")
    lifted = [(f"{LIM}:STAT OFF", None), *pulse[levels:levels + 3], OK, *ON, *pulse[levels + 4:]]
    pairs = [*OPEN_LOAD, *limits(-1, 2), *to_dc(), *level(1.5, *ON), *off(), (f"{LIM}:STAT OFF", None), OK,
             *pulse[3:levels], *pulse[levels:levels + 3], OK, *ON, *pulse[levels + 4:], *pulse[5:levels], *lifted]
    with channel(pairs) as found:
        found.configure_load(math.inf)
        found.configure_level_limits(-1.0, 2.0)
        found.configure_level(1.5)
        found.configure_pulse(PULSE)   # another function lifts them already
        found.configure_pulse(PULSE)   # the same one when it comes to the levels


def test_another_load_drops_the_limits_and_moves_the_levels() -> None:
    pairs = [
        *limits(-1, 2), *to_dc(), *level(1.5, *ON), (":OUTP1:LOAD 50", None), OK, (":OUTP1:LOAD?", "50"),
        (":SOUR1:VOLT:OFFS?", "1.5"), (f"{LIM}:STAT OFF", None), OK, *OPEN_LOAD, (":SOUR1:VOLT:OFFS?", "3"),
        *level(1.0)]
    with channel(pairs) as found:
        found.configure_level_limits(-1.0, 2.0)
        found.configure_level(1.5)
        found.configure_load(50.0)   # the same load: they stay
        found.configure_load(math.inf)
        assert found.accepted_settings() == {
            "load_resistance": math.inf, "function": "dc", "burst": False, "level": 3.0}
        found.configure_level(1.0)


def test_limits_are_gone_after_a_reset_and_off_after_the_safe_state() -> None:
    safe = [(":OUTP1 OFF", None), *((f":SOUR1:{what}", None) for what in (
        "VOLT:LIM:STAT OFF", "BURS:STAT OFF", "FUNC DC", "VOLT:OFFS 0"))]
    with channel([*limits(-1, 2), *to_dc(), *level(1.5, *ON), *safe, *to_dc(), *level(1.0, *ON)]) as found:
        found.configure_level_limits(-1.0, 2.0)
        found.configure_level(1.5)
        found.safe_state()
        found.configure_level(1.0)   # the generator has to be told again
    with channel([*limits(-1, 2), *to_dc(), *level(1.5)]) as found:
        found.configure_level_limits(-1.0, 2.0)
        found.forget()
        found.configure_level(1.5)


@pytest.mark.parametrize(("load", "most"), [(50.0, 5.0), (math.inf, 10.0)])
def test_limits_lie_within_what_the_output_can_make(load: float, most: float) -> None:
    text = "INF" if math.isinf(load) else "50"
    pairs = [(f":OUTP1:LOAD {text}", None), OK, (":OUTP1:LOAD?", "9.9E37" if math.isinf(load) else "50")]
    with channel([*pairs, *limits(-most, most)]) as found:
        found.configure_load(load)
        found.configure_level_limits(-most, most)
        for low, high in ((-1.1 * most, 1.0), (-1.0, 1.1 * most)):
            with pytest.raises(LimitError, match="level limit"):
                found.configure_level_limits(low, high)


# ------------------------------------------------------------------------------------- what the instrument set


@pytest.mark.parametrize(("query", "kept", "other"), [
    # 1.5 V about 0.75 V, open circuit: within half of the smallest amplitude, which is 2 mV
    (":SOUR1:VOLT?", [1.4986, 1.5014], [1.4984, 1.5016]), (":SOUR1:VOLT:OFFS?", [0.7491, 0.7509], [0.7489, 0.7511]),
    # times: within 0.1 ns or a thousandth, edges within 2 %
    (f"{TIMING}:WIDT?", [0.9991e-6, 1.0009e-6], [0.9989e-6, 1.0011e-6]),
    (f"{TIMING}:PER?", [19.981e-6, 20.019e-6], [19.979e-6, 20.021e-6]),
    (f"{TIMING}:TRAN:LEAD?", [9.81e-9, 10.19e-9], [9.79e-9, 10.21e-9]),
    (f"{TIMING}:TRAN:TRA?", [19.61e-9, 20.39e-9], [19.59e-9, 20.41e-9]),
])
def test_a_pulse_that_the_instrument_set_is_kept_or_refused(
        query: str, kept: list[float], other: list[float]) -> None:
    for value in [*kept, *other]:
        pairs = [(sent, str(value) if sent == query else reply) for sent, reply in [*OPEN_LOAD, *pulse_messages()]]
        with channel(pairs) as found:
            found.configure_load(math.inf)
            try:
                pulse = found.configure_pulse(PULSE)
                got = {":SOUR1:VOLT?": pulse.amplitude, ":SOUR1:VOLT:OFFS?": pulse.base + pulse.amplitude / 2,
                       f"{TIMING}:WIDT?": pulse.width, f"{TIMING}:PER?": pulse.period,
                       f"{TIMING}:TRAN:LEAD?": pulse.rise_time, f"{TIMING}:TRAN:TRA?": pulse.fall_time}[query]
                assert value in kept
                assert got == pytest.approx(value, rel=1e-12)
            except InstrumentError as error:
                assert value in other, error
                found.generator.adapter._index = len(found.generator.adapter.comm_pairs)


@pytest.mark.parametrize(("load", "resolution"), [(math.inf, 1e-3), (50.0, 0.5e-3)])
def test_a_level_is_kept_within_half_of_the_smallest_amplitude_into_the_load(load: float, resolution: float) -> None:
    loaded = OPEN_LOAD if math.isinf(load) else [(":OUTP1:LOAD 50", None), OK, (":OUTP1:LOAD?", "50")]
    for part, kept in ((-0.95, True), (0.95, True), (-1.05, False), (1.05, False)):
        got = 0.2 + part * resolution
        set_level = [(":SOUR1:VOLT:OFFS 0.2", None), OK, (":SOUR1:VOLT:OFFS?", str(got))]
        with channel([*loaded, *to_dc(), *set_level]) as found:
            found.configure_load(load)
            if kept:
                assert found.configure_level(0.2) == got
            else:
                with pytest.raises(InstrumentError, match="level 200 mV was requested, but the instrument set"):
                    found.configure_level(0.2)


@pytest.mark.parametrize(("which", "asked"), [("LOW", -0.1), ("HIGH", 0.2)])
@pytest.mark.parametrize(("apart", "kept"), [(0.95e-3, True), (-0.95e-3, True), (1.05e-3, False), (-1.05e-3, False)])
def test_level_limits_are_kept_within_a_millivolt(which: str, asked: float, apart: float, kept: bool) -> None:
    pairs = [(sent, str(asked + apart) if sent == f"{LIM}:{which}?" else reply) for sent, reply in limits(-0.1, 0.2)]
    with channel(pairs) as found:
        if kept:
            assert asked + apart in found.configure_level_limits(-0.1, 0.2)
        else:
            with pytest.raises(InstrumentError, match="er level limit"):
                found.configure_level_limits(-0.1, 0.2)
            found.generator.adapter._index = len(found.generator.adapter.comm_pairs)


def test_a_burst_of_another_count_is_an_error_and_a_burst_ends_with_a_level() -> None:
    burst = [(":TRIG1:SOUR EXT", None), (":SOUR1:BURS:MODE TRIG", None), (":SOUR1:BURS:NCYC 500", None),
             (":SOUR1:BURS:STAT ON", None), OK]
    refused = pytest.raises(InstrumentError, match="burst count 500 was requested, but the instrument set 501")
    with channel([*burst, (":SOUR1:BURS:NCYC?", "501")]) as found, refused:
        found.configure_burst(500, "external")
    with channel([*burst, (":SOUR1:BURS:NCYC?", "500"), *to_dc(), *level(0.5)]) as found:
        found.configure_burst(500, "external")
        assert found.accepted_settings() == {"load_resistance": 50.0, "function": None, "burst": True,
                                             "burst_count": 500, "trigger_source": "external"}
        found.configure_level(0.5)
        assert found.accepted_settings()["burst"] is False
        with pytest.raises(InstrumentError, match="no burst is configured"):
            found.trigger()


@pytest.mark.parametrize("enabled", [True, False])
def test_an_output_that_does_not_switch_is_an_error(enabled: bool) -> None:
    refused = pytest.raises(InstrumentError, match=f"the output did not switch {'on' if enabled else 'off'}")
    pairs = [(f":OUTP1 {'ON' if enabled else 'OFF'}", None), OK, (":OUTP1?", str(int(not enabled)))]
    with channel(pairs) as found, refused:
        found.set_output(enabled)


# ------------------------------------------------------------------------------------------ what a pulse needs


@pytest.mark.parametrize(("pulse", "allowed"), [
    (Pulse(-5.0, 10.0, 1e-6, 20e-6, 1e-8, 1e-8), True), (Pulse(5.0, -10.0, 1e-6, 20e-6, 1e-8, 1e-8), True),
    (Pulse(0.0, 1e-3, 1e-6, 20e-6, 1e-8, 1e-8), True), (Pulse(0.0, 0.9e-3, 1e-6, 20e-6, 1e-8, 1e-8), False),
    (Pulse(0.0, -0.9e-3, 1e-6, 20e-6, 1e-8, 1e-8), False), (Pulse(-5.1, 1.0, 1e-6, 20e-6, 1e-8, 1e-8), False),
    (Pulse(0.0, -5.1, 1e-6, 20e-6, 1e-8, 1e-8), False),
    # an edge takes 0.625 of its 10-90 % time of the width: 1 us and 1 us leave 8.75 us of 10 us
    (Pulse(0.0, 1.0, 8.74e-6, 10e-6, 1e-6, 1e-6), True), (Pulse(0.0, 1.0, 8.76e-6, 10e-6, 1e-6, 1e-6), False),
    (Pulse(0.0, 1.0, 1e-6, 20e-6, 1.1e-6, 1e-8), False), (Pulse(0.0, 1.0, 1e-6, 20e-6, 1e-8, 2e-9), False),
    (Pulse(0.0, 1.0, 5e-9, 10e-9, 2.9e-9, 2.9e-9), True), (Pulse(0.0, 1.0, 5e-9, 9e-9, 2.9e-9, 2.9e-9), False),
])
def test_a_pulse_that_the_output_can_make(pulse: Pulse, allowed: bool) -> None:
    caps, levels = data_sheet.capabilities(data_sheet.MODELS["33622A"]), Range(-5.0, 5.0, "V")
    if allowed:
        require_pulse("x", pulse, caps, levels, 1e-3)
    else:
        with pytest.raises(LimitError):
            require_pulse("x", pulse, caps, levels, 1e-3)


def test_an_amplitude_that_is_too_small_is_told_with_what_levels_allow() -> None:
    caps, levels = data_sheet.capabilities(data_sheet.MODELS["33622A"]), Range(-5.0, 5.0, "V")
    with pytest.raises(LimitError, match=r"magnitude of the pulse amplitude 100 .V is outside .* range 1 mV to 10 V"):
        require_pulse("x", Pulse(0.0, 1e-4, 1e-6, 20e-6, 1e-8, 1e-8), caps, levels, 1e-3)
