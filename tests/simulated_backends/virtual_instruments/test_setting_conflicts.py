"""Settings of the generator and of the scope that do not suit each other: which one gives way, and the error for it."""

import zlib
from typing import Any

import numpy as np
import pytest

from tsbench.simulated_backends.scpi.syntax import block_payload
from tsbench.simulated_backends.virtual_instruments.generator.pulse_fit import PulseTimes, fitted

#: what is sent, the codes of the errors, and questions with their answers after it
CONFLICTS: dict[str, tuple[str, list[int], dict[str, float | str]]] = {
    "a function with a lower highest frequency": ("FREQ 1e6;:FUNC RAMP", [-221], {"FREQ?": 800e3}),
    "a function at its highest frequency": ("FREQ 800e3;:FUNC RAMP", [], {"FREQ?": 800e3}),
    "a DC level that leaves the amplitude no room": (
        "FUNC DC;:VOLT:OFFS 4.99;:FUNC SIN", [-221], {"VOLT:OFFS?": 4.95, "VOLT?": 0.1}),
    "a modulation of the width of no pulse": ("FUNC SIN;:PWM:STAT ON", [-221], {"PWM:STAT?": 0}),
    "a modulation beside another": ("AM:STAT ON;:FM:STAT ON", [-221], {"AM:STAT?": 0, "FM:STAT?": 1}),
    "a sweep instead of a list": ("FREQ:MODE LIST;:FREQ:MODE SWE", [], {"FREQ:MODE?": "SWE", "SWE:STAT?": 1}),
    "a burst beside a sweep": ("SWE:STAT ON;:BURS:STAT ON", [-221], {"FREQ:MODE?": "CW", "BURS:STAT?": 1}),
    "a sweep of noise": ("SWE:STAT ON;:FUNC NOIS", [-221], {"SWE:STAT?": 0}),
    "a deviation above the carrier": ("FREQ 50;:FM:DEV 60", [-221], {"FM:DEV?": 50}),
    "a marker outside of the sweep": ("MARK:FREQ 2e3", [-221], {"MARK:FREQ?": 1e3}),
    "a pulse too narrow for its deviation": (
        "FUNC PULS;:FUNC:PULS:WIDT 1e-6;:PWM:DEV 2e-6", [-221], {"PWM:DEV?": 1e-6 - 1.25e-8}),
    "a frequency whose amplitude is less": ("VOLT 9;:FREQ 70e6", [-221], {"VOLT?": 8.0, "FREQ?": 70e6}),
    "a frequency whose amplitude is enough": ("VOLT 8;:FREQ 70e6", [], {"VOLT?": 8.0}),
    "a period that keeps the width": ("FUNC:PULS:WIDT 20e-6;:FUNC:PULS:PER 2e-3", [], {"FUNC:PULS:WIDT?": 20e-6}),
    "a period that keeps the duty cycle": (
        "FUNC:PULS:WIDT 20e-6;:FUNC:PULS:HOLD DCYC;:FUNC:PULS:PER 2e-3", [],
        {"FUNC:PULS:WIDT?": 40e-6, "FUNC:PULS:DCYC?": 2.0, "FREQ?": 500.0}),
    "a duty cycle of the shortest pulse": (
        "FUNC:PULS:WIDT 6e-9;:FUNC:PULS:HOLD DCYC;:FREQ 1e6;:FUNC PULS", [-221, -221], {"FUNC:PULS:WIDT?": 5e-9}),
    "a duty cycle as a width": ("FUNC:PULS:DCYC 25", [], {"FUNC:PULS:WIDT?": 250e-6}),
    "a duty cycle below the shortest pulse": ("FREQ 1e6;:FUNC:PULS:DCYC 0.1", [-221], {"FUNC:PULS:WIDT?": 5e-9}),
    "a period in which a pulse does not fit": (
        "FUNC PULS;:FUNC:PULS:WIDT 90e-6;:FUNC:PULS:PER 50e-6", [-221], {"FUNC:PULS:WIDT?": 50e-6 - 12.5e-9}),
    "edges that do not fit the width": (
        "FUNC PULS;:FUNC:PULS:WIDT 1e-6;:FUNC:PULS:TRAN:TRA 1e-6;LEAD 1e-6", [-221],
        {"FUNC:PULS:TRAN:LEAD?": 0.8e-6}),
    "an amplitude of slower edges, as pulses": (
        "FUNC PULS;:FUNC:PULS:TRAN:BOTH 3e-9;:VOLT 5", [-221],
        {"FUNC:PULS:TRAN:LEAD?": 3.3e-9, "FUNC:PULS:TRAN:TRA?": 3.3e-9}),
    "an amplitude of slower edges, not as pulses": (
        "FUNC:PULS:TRAN:BOTH 3e-9;:FUNC:PULS:TRAN:TRA 9e-9;:VOLT 5", [],
        {"FUNC:PULS:TRAN?": 3.3e-9, "FUNC:PULS:TRAN:TRA?": 9e-9}),
    "an offset that the amplitude pushes": ("VOLT 1;:VOLT:OFFS 4.5;:VOLT 4", [-221], {"VOLT:OFFS?": 3.0}),
    "a level beyond a limit": ("VOLT:LIM:HIGH 1;LOW -1;STAT ON;:VOLT 3", [-222], {"VOLT?": 0.1}),
    "a level at a limit": ("VOLT:LIM:HIGH 1;LOW -1;STAT ON;:VOLT 2", [], {"VOLT?": 2.0}),
    "a low level beyond a limit": ("VOLT:LIM:HIGH 1;LOW -1;STAT ON;:VOLT:LOW -1.1", [-222], {"VOLT:LOW?": -0.05}),
    "limits that are off": ("VOLT:LIM:HIGH 1;LOW -1;:VOLT 3", [], {"VOLT?": 3.0}),
    "a DC level has no amplitude": (
        "VOLT 1.8;:VOLT:LIM:HIGH 1;LOW -1;:FUNC DC;:VOLT:LIM:STAT ON;:VOLT:OFFS 0.9", [], {"VOLT:OFFS?": 0.9}),
    "limits inside the levels are not switched on": (
        "VOLT 3;:VOLT:LIM:HIGH 1;LOW -2;STAT ON", [-221], {"VOLT:LIM:STAT?": 0}),
    "a low limit inside the levels is not switched on": (
        "VOLT 3;:VOLT:LIM:HIGH 2;LOW -1;STAT ON", [-221], {"VOLT:LIM:STAT?": 0}),
    "a high limit is not set inside the levels": (
        "VOLT 3;:VOLT:LIM:STAT ON;HIGH 1", [-221], {"VOLT:LIM:HIGH?": 5.0}),
    "a low limit is not set inside the levels": ("VOLT 3;:VOLT:LIM:STAT ON;LOW -1", [-221], {"VOLT:LIM:LOW?": -5.0}),
    "dBm need a load": ("OUTP:LOAD INF;:VOLT:UNIT DBM", [-221], {"VOLT:UNIT?": "VPP"}),
    "dBm end with the load": ("VOLT:UNIT DBM;:OUTP:LOAD INF", [-221], {"VOLT:UNIT?": "VPP"}),
    "rms volts need none": ("VOLT:UNIT VRMS;:OUTP:LOAD INF", [], {"VOLT:UNIT?": "VRMS"}),
    "a burst that does not fit its period": (
        "FREQ 1e3;:BURS:NCYC 20;STAT ON", [-221], {"BURS:INT:PER?": 20e-3 + 1e-6}),
    "a burst that fits": ("FREQ 1e3;:BURS:NCYC 10;STAT ON", [], {"BURS:INT:PER?": 10e-3}),
    "a burst on another trigger": ("TRIG:SOUR BUS;:FREQ 1e3;:BURS:NCYC 20;STAT ON", [], {"BURS:INT:PER?": 10e-3}),
    "an endless burst has another trigger": ("BURS:NCYC INF", [-221], {"TRIG:SOUR?": "BUS", "BURS:NCYC?": 9.9e37}),
    "an endless burst on a fitting trigger": ("TRIG:SOUR EXT;:BURS:NCYC INF", [], {"TRIG:SOUR?": "EXT"}),
    "a trigger that ends an endless burst": (
        "TRIG:SOUR BUS;:BURS:NCYC INF;:TRIG:SOUR TIM", [-221], {"TRIG:SOUR?": "TIM", "BURS:NCYC?": 1.0}),
    "a count of whole cycles": ("BURS:NCYC 2.6", [], {"BURS:NCYC?": 3.0}),
}


@pytest.mark.parametrize("case", CONFLICTS.values(), ids=CONFLICTS.keys())
def test_a_setting_of_the_generator_gives_way(
    table: Any, case: tuple[str, list[int], dict[str, float | str]]
) -> None:
    sent, errors, answers = case
    bench = table(imperfections=False)
    bench.send(bench.generator, sent)
    assert bench.errors(bench.generator) == errors
    for question, answer in answers.items():
        found = bench.ask(bench.generator, question)
        assert found == answer if isinstance(answer, str) else float(found) == pytest.approx(answer, rel=1e-9)


def test_bounds_that_the_generator_tells(table: Any) -> None:
    bench = table(imperfections=False)
    bench.send(bench.generator, "VOLT 2")
    for question, answer in {
        "FREQ? MIN": 1e-6, "FREQ? MAX": 120e6, "VOLT? MIN": 1e-3, "VOLT? MAX": 10.0, "VOLT:OFFS? MAX": 4.0,
        "VOLT:OFFS? MIN": -4.0, "FUNC:ARB:PTP?": 2.0, "FUNC:PULS:PER?": 1e-3,
    }.items():
        assert bench.number(bench.generator, question) == pytest.approx(answer, rel=1e-9), question
    bench.send(bench.generator, "FUNC DC", "OUTP:LOAD INF")
    assert bench.number(bench.generator, "VOLT:OFFS? MAX") == pytest.approx(10.0)   # no amplitude, twice the level
    assert bench.number(bench.generator, "VOLT? MAX") == pytest.approx(20.0)
    assert bench.number(bench.generator, "FREQ? MAX") == 1e9   # DC has none


def test_the_pulse_that_fits_into_a_period() -> None:
    """A linear edge of 0.8 us (10-90 %) takes 1 us from end to end, and half of it at either side of a pulse."""
    asked = PulseTimes(5e-6, 0.8e-6, 0.8e-6)
    assert fitted(asked, 10e-6, 5e-9, 3e-9) == asked
    assert fitted(asked, 6e-6, 5e-9, 3e-9) == asked   # at the bound: 5 us and two half edges on either side
    tight = fitted(asked, 5.5e-6, 5e-9, 3e-9)
    assert (tight.width, tight.lead, tight.trail) == pytest.approx((4.5e-6, 0.8e-6, 0.8e-6))
    narrow = fitted(PulseTimes(0.5e-6, 0.8e-6, 0.2e-6), 10e-6, 5e-9, 3e-9)
    assert (narrow.width, narrow.lead, narrow.trail) == pytest.approx((0.5e-6, 0.4e-6, 0.2e-6))
    shortest = fitted(PulseTimes(5e-9, 9e-9, 9e-9), 20e-9, 5e-9, 6e-9)
    assert (shortest.width, shortest.lead, shortest.trail) == pytest.approx((5e-9, 6e-9, 6e-9))


@pytest.mark.parametrize(("messages", "questions"), [
    ((":CHAN1:RANG 20", ":CHAN1:IMP FIFT"), {":CHAN1:RANG?": 8.0}),
    ((":CHAN1:RANG 4", ":CHAN1:IMP FIFT"), {":CHAN1:RANG?": 4.0}),
    ((":CHAN1:RANG 8", ":CHAN1:OFFS 1", ":CHAN1:PROB 10"),
     {":CHAN1:RANG?": 80.0, ":CHAN1:OFFS?": 10.0, ":CHAN1:SCAL?": 10.0}),
    ((":TRIG:LEV 0.5,CHAN2", ":CHAN2:PROB 10"), {":TRIG:LEV? CHAN2": 5.0, ":TRIG:LEV? CHAN1": 0.0}),
    ((":CHAN1:RANG 4", ":CHAN1:OFFS 9", ":CHAN1:RANG 1"), {":CHAN1:OFFS?": 2.0}),
    ((":CHAN1:SCAL 0.25",), {":CHAN1:RANG?": 2.0, ":CHAN1:SCAL?": 0.25}),
    ((":TIM:SCAL 1e-6",), {":TIM:RANG?": 1e-5, ":TIM:SCAL?": 1e-6}),
])
def test_a_setting_of_the_scope_moves_another(
    table: Any, messages: tuple[str, ...], questions: dict[str, float]
) -> None:
    bench = table(imperfections=False)
    bench.send(bench.scope, *messages)
    assert bench.errors(bench.scope) == []
    for question, answer in questions.items():
        assert bench.number(bench.scope, question) == pytest.approx(answer), question


@pytest.mark.parametrize(("messages", "question", "answer", "code"), [
    ((":CHAN1:RANG 41",), ":CHAN1:RANG?", 40.0, -222), ((":CHAN1:RANG 7e-3",), ":CHAN1:RANG?", 8e-3, -222),
    ((":TIM:RANG 501",), ":TIM:RANG?", 500.0, -222), ((":TIM:RANG 9e-9",), ":TIM:RANG?", 1e-8, -222),
    ((":CHAN1:RANG 8", ":CHAN1:OFFS 1", ":TRIG:LEV 7.1"), ":TRIG:LEV?", 7.0, -222),
    ((":CHAN1:RANG 8", ":CHAN1:OFFS 1", ":TRIG:LEV -5.1"), ":TRIG:LEV?", -5.0, -222),
    ((":EXT:PROB 2", ":TRIG:LEV 17,EXT"), ":TRIG:LEV? EXT", 16.0, -222),
    ((":EXT:PROB 2", ":TRIG:LEV -17,EXT"), ":TRIG:LEV? EXT", -16.0, -222),
])
def test_a_value_beyond_the_scope_is_its_bound(
    table: Any, messages: tuple[str, ...], question: str, answer: float, code: int
) -> None:
    bench = table(imperfections=False)
    bench.send(bench.scope, *messages)
    assert bench.errors(bench.scope) == [code] and bench.number(bench.scope, question) == pytest.approx(answer)


def test_fifty_ohm_are_dc_coupled(table: Any) -> None:
    bench = table(imperfections=False)
    bench.send(bench.scope, ":CHAN1:COUP AC", ":CHAN1:IMP FIFT")
    assert bench.ask(bench.scope, ":CHAN1:COUP?") == "DC" and bench.errors(bench.scope) == []
    bench.send(bench.scope, ":CHAN1:COUP AC")
    assert bench.errors(bench.scope) == [-221] and bench.ask(bench.scope, ":CHAN1:COUP?") == "DC"
    bench.send(bench.scope, ":CHAN2:COUP AC")   # the other input has 1 MOhm
    assert bench.errors(bench.scope) == [] and bench.ask(bench.scope, ":CHAN2:COUP?") == "AC"


def test_the_reference_of_the_time_axis(table: Any) -> None:
    bench = table(imperfections=False)
    bench.send(bench.scope, ":TIM:RANG 1e-3", ":TIM:POS 2e-4")
    for name, start in (("LEFT", 1e-4), ("CENT", -3e-4), ("RIGH", -7e-4)):
        bench.send(bench.scope, f":TIM:REF {name}")
        assert bench.scope.acquisition_commands.record_start() == pytest.approx(start)


@pytest.mark.parametrize(("level", "more", "shown"), [
    (1.5, (), 3.0), (-1.5, (), 3.0), (0.0, (), 8e-3), (1.5, (":CHAN1:PROB 10",), 30.0),
    (0.0, (":CHAN1:PROB 10",), 0.08),
    (4.9, (":CHAN1:IMP FIFT",), 8.0),
])
def test_autoscale_shows_what_is_wired_in_a_range_that_fits(
    table: Any, level: float, more: tuple[str, ...], shown: float
) -> None:
    """Twice the level that is there now, 1 mV a division at least, and no more than the input has."""
    load = "50" if more == (":CHAN1:IMP FIFT",) else "INF"
    bench = table(imperfections=False, netlist="R1 a 0 1g\nR2 b 0 50\n")
    bench.send(bench.generator, f"OUTP:LOAD {load}", "FUNC DC", f"VOLT:OFFS {level}", "OUTP ON")
    bench.send(bench.scope, ":CHAN3:DISP ON", ":CHAN1:OFFS 1", *more, ":STOP")
    bench.send(bench.scope, ":AUT")
    bench.bench.clock.wait(2.1)
    assert bench.number(bench.scope, ":CHAN1:RANG?") == pytest.approx(shown, rel=1e-3)
    assert bench.number(bench.scope, ":CHAN1:OFFS?") == 0.0
    assert [bench.ask(bench.scope, f":CHAN{k}:DISP?") for k in (1, 2, 3, 4)] == ["1", "1", "0", "0"]
    assert int(bench.ask(bench.scope, ":OPER:COND?")) & 8   # it runs on


@pytest.mark.parametrize(("model", "message"), [
    ("keysight_dsox3054t", ":AUT"), ("lecroy_t3dso1204", "ASET"), ("siglent_sds2204xhd", ":AUT"),
])
def test_a_device_clear_ends_an_automatic_set_up_with_its_record_of_the_inputs(
    table: Any, model: str, message: str,
) -> None:
    bench = table(imperfections=False, scope=model)
    services = bench.bench
    before = (set(services.recorders), list(services.lagging_circuit._audience.observers))
    bench.send(bench.scope, message)
    services.clock.wait(1e-3)
    assert len(services.recorders) == len(before[0]) + 1, "the set-up looks at the inputs"
    bench.scope.exchange.device_clear()
    assert (set(services.recorders), list(services.lagging_circuit._audience.observers)) == before


def test_a_picture_of_the_screen_is_a_png_of_what_was_acquired(table: Any) -> None:
    bench = table(imperfections=False)
    bench.send(bench.scope, ":BLAN")
    empty = block_payload(bench.ask_bytes(bench.scope, ":DISP:DATA? PNG,COL"))
    bench.send(bench.scope, ":VIEW CHAN1")
    bench.send(bench.generator, "OUTP:LOAD INF", "FUNC DC", "VOLT:OFFS 1", "OUTP ON")
    bench.send(bench.scope, ":CHAN1:RANG 4", ":TIM:RANG 1e-6", ":DIG CHAN1")
    bench.bench.clock.wait(0.1)
    reply = bench.ask_bytes(bench.scope, ":DISP:DATA?")
    shown = block_payload(reply)
    assert empty is not None and shown is not None and reply.startswith(b"#8")
    rows = np.flatnonzero((pixels(shown) == (255, 255, 0)).all(axis=2).any(axis=1))
    assert rows.min() == pytest.approx(240 - 0.25 * 420, abs=3)   # 1 V of +-2 V: a quarter of the height, up
    assert not (pixels(empty) == (255, 255, 0)).all(axis=2).any()
    assert bench.ask_bytes(bench.scope, ":DISP:DATA? BMP")[10:12] == b"BM"
    bench.send(bench.scope, ":DISP:DATA? TIFF")
    bench.bench.clock.wait(1.0)
    assert bench.errors(bench.scope) == [-224]


def pixels(picture: bytes) -> Any:
    data = zlib.decompressobj().decompress(picture[picture.index(b"IDAT") + 4:])
    return np.frombuffer(data, np.uint8).reshape(480, 1 + 3 * 800)[:, 1:].reshape(480, 800, 3)
