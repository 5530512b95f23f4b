"""The netlist parser: every card it understands, every mistake it must name."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsbench.errors import ConfigurationError
from tsbench.netlist import Pwl, Sin, SpicePulse, parse_netlist, parse_value

FIXTURE = """
R_drive  smu   dut  2
R_load   gen2  dut  5k
C_probe  dut   0    80p
R_shunt  low   0    50
XDUT     dut   low  device
"""


@pytest.mark.parametrize(("text", "value"), [
    ("80p", 80e-12), ("5k", 5e3), ("2.2meg", 2.2e6), ("2.2MEG", 2.2e6), ("1m", 1e-3), ("1M", 1e-3), ("50ohm", 50.0),
    ("10us", 10e-6), ("3.3e-3", 3.3e-3), ("1e3k", 1e6), (".5n", 0.5e-9), ("-2", -2.0), ("4f", 4e-15), ("1g", 1e9),
    ("7t", 7e12), ("10µ", 10e-6), ("5V", 5.0),
    ("5kOhm", 5e3), ("2.2MegOhms", 2.2e6), ("80pF", 80e-12), ("1uH", 1e-6), ("3mA", 3e-3), ("2Ω", 2.0),
])
def test_values_have_spice_suffixes(text: str, value: float) -> None:
    assert parse_value(text) == value


@pytest.mark.parametrize("text", ["", "k", "5k7", "1,5", "0x10", "nan", "inf", "1e999", "--1", "1 k", "5kk",
                                  "5q", "5mil", "1kV2", "1e", "5kOmh"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not (a number|finite)"):
        parse_value(text)


def test_an_unknown_tail_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"R1: '5kk' is not a number: 'kk' is no suffix and no unit"):
        parse_netlist("R1 a 0 5kk", ["a"])


def test_a_resistor_of_milliohms_that_looks_like_megohms_is_doubted() -> None:
    netlist = parse_netlist("R1 a 0 5M\nR2 a 0 5m\nR3 a 0 5MEG\nR4 a 0 5MOhm\nR5 a 0 5000M\nC1 a 0 1M", ["a"])
    assert netlist.doubts == (
        "netlist line 1: R1 has 5 mOhm, because SPICE reads M as milli in '5M'. For megohms, write meg",
        "netlist line 4: R4 has 5 mOhm, because SPICE reads M as milli in '5MOhm'. For megohms, write meg")


@given(st.floats(1e-15, 1e12), st.sampled_from(["", "k", "meg", "u", "n", "p", "f", "t", "g", "m"]))
def test_any_printed_number_is_read_back(number: float, suffix: str) -> None:
    scale = {"": 1, "k": 1e3, "meg": 1e6, "u": 1e-6, "n": 1e-9, "p": 1e-12, "f": 1e-15, "t": 1e12, "g": 1e9, "m": 1e-3}
    assert math.isclose(parse_value(f"{number!r}{suffix}"), number * scale[suffix], rel_tol=1e-12)


@given(st.text(alphabet="RCLVIX.*+;${}()=0123456789abkpn \n", max_size=200))
def test_any_text_is_parsed_or_refused_in_one_line(text: str) -> None:
    try:
        parse_netlist(text)
    except ConfigurationError as error:
        assert "\n" not in str(error)


NODE = st.from_regex(r"[a-z0-9_#.]{1,6}", fullmatch=True).filter(lambda name: name not in ("gnd", "params:"))


@given(st.lists(NODE, min_size=1, max_size=6), NODE, st.dictionaries(st.sampled_from(["beta", "vth", "n"]), st.floats(
    1e-6, 1e6)), st.booleans())
def test_a_device_line_is_read_back_whatever_the_number_of_its_nodes(
    nodes: list[str], model: str, parameters: dict[str, float], upper: bool
) -> None:
    assigned = "".join(f" {name} = {value!r}" for name, value in parameters.items())
    line = f"Xm {' '.join(nodes)} {model}{assigned}"
    text = f"R1 a 0 1\n{line.upper() if upper else line}"
    if len(nodes) < 2 or len(set(nodes)) == 1:
        with pytest.raises(ConfigurationError, match=r"^netlist line 2: X[mM]: "):
            parse_netlist(text, check=False)
        return
    element = parse_netlist(text, check=False).find("Xm")
    assert element.nodes == tuple(nodes) and element.controls == ()
    assert element.model == model
    assert element.parameters == pytest.approx(parameters, rel=1e-12)


def test_fixture_of_a_bench_file() -> None:
    netlist = parse_netlist(FIXTURE, terminals=["smu", "gen2"])
    assert [e.name for e in netlist.elements] == ["R_drive", "R_load", "C_probe", "R_shunt", "XDUT"]
    assert netlist.find("c_PROBE").value == 80e-12
    assert netlist.find("XDUT").model == "device"
    assert netlist.nodes == ("smu", "dut", "gen2", "low")
    assert netlist.title == ""


def test_all_cards_and_waveforms() -> None:
    netlist = parse_netlist("""Relaxation oscillator
* a comment
.param rl = 5k cl=80p
V1 IN 0 DC 0 PULSE(0 2.2 1n 10n 20n
+ 1u 2u 3) ; behind
V2 b 0 pwl(0 0 1u 1 2u 0)
I1 0 out SIN 0 1m 1meg 2n
Rl in out {rl}
R2 b out { rl }
C1 out gnd {cl} ic=0.1
L1 out c 1u
R3 c 0 1k $ and here
XD out 0 nbo2 re=200
.tran 1n 10u 1u 5n uic
.ic v(out)=0.2 V(b) = 0
.save v(out) v(in, out) i(V1) @r1[i]
.include devices.lib
.options reltol=1e-4
.end
R9 this is not read
""")
    assert netlist.title == "Relaxation oscillator"
    assert netlist.find("v1").waveform == SpicePulse(0, 2.2, 1e-9, 10e-9, 20e-9, 1e-6, 2e-6, 3)
    assert netlist.find("V2").waveform == Pwl((0, 1e-6, 2e-6), (0, 1, 0))
    assert netlist.find("I1").waveform == Sin(0, 1e-3, 1e6, 2e-9)
    assert netlist.find("Rl").value == 5e3
    assert netlist.find("C1").initial == 0.1
    assert netlist.find("XD").parameters == {"re": 200.0}
    assert netlist.transient is not None
    assert (netlist.transient.step, netlist.transient.stop, netlist.transient.start) == (1e-9, 10e-6, 1e-6)
    assert netlist.transient.maximum == 5e-9
    assert netlist.transient.use_initial_conditions
    assert netlist.initial_voltages == {"out": 0.2, "b": 0.0}
    assert netlist.saved == ("v(out)", "v(in,out)", "i(v1)", "i(r1)")
    assert netlist.includes == ("devices.lib",)
    assert netlist.ignored == (".options reltol=1e-4",)


@pytest.mark.parametrize(("text", "expected"), [
    ("V1 a 0 1\nR1 a 0 bad", r"line 2: R1: 'bad' is not a number"),
    ("V1 a 0 1\nR1 a 0 {x}", r"line 2: R1: parameter 'x' is not set"),
    ("V1 a 0 1\nR1 a 0 0", r"line 2: R1: value 0 Ohm must be positive"),
    ("V1 a 0 1\nR1 a 0 1\nC1 a 0 -1p", r"line 3: C1: value -1e-12 F must be positive"),
    ("V1 a 0 1\nR1 a 0 1k\nQ1 a 0 0 n", r"line 3: unknown element 'Q1'"),
    ("V1 a 0 1\nR1 a b 1", r"line 2: node 'b' is floating. Only R1 is connected"),
    ("V1 a 0 1\nC1 a b 1p\nC2 b 0 1p", r"line 2: node 'b' is floating. It has no DC path to ground \(connected to it: "
                                       r"C1, C2\)"),
    ("V1 a 0 1\nr1 a 0 1\nR1 a 0 1", r"line 3: the name 'R1' is already used in line 2"),
    ("V1 a 0 1\nXD a nbo2", r"line 2: XD: write 'node node \[node ...\] model' after the name, not 'a nbo2'"),
    ("V1 a 0 1\nR1 a a 5", r"line 2: R1: both ends are on node 'a'"),
    ("V1 a 0 pulse(1)", r"line 1: V1: PULSE needs"),
    ("V1 a 0 pulse(0 1 0 1u 1u 1u 2u)", r"line 1: V1: tr \+ pw \+ tf = 3e-06 s is longer than the period"),
    ("V1 a 0 pwl(0 0 0 1)", r"line 1: V1: PWL needs pairs"),
    ("V1 a 0 1\nR1 a 0", r"line 2: R1: write 'node node value'"),
    ("V1 a 0 1\n.tram 1 2", r"line 2: card '.tram' is not supported. Did you mean '.tran'"),
    ("V1 a 0 1\n.tran 1n", r"line 2: .tran needs"),
    ("V1 a 0 1\n.tran 1n 0", r"line 2: .tran has step=1e-09 s"),
    ("V1 a 0 1\nR1 a 0 1\n.ic i(a)=1", r"line 3: .ic"),
    ("V1 a 0 1\nR1 a 0 1\n.temp", r"line 3: .temp needs one number of degrees Celsius, not ''"),
    ("V1 a 0 1\nR1 a 0 1\n.temp 25 85", r"line 3: .temp needs one number .* not '25 85'"),
    ("V1 a 0 1\nR1 a 0 1\n.temp 300K", r"line 3: .temp: '300K' must be a number of degrees Celsius without a unit"),
    ("V1 a 0 1\nR1 a 0 1\n.temp warm", r"line 3: .temp: 'warm' must be a number of degrees Celsius"),
    ("V1 a 0 1\nR1 a 0 1\n.temp 1.2.3", r"line 3: .temp: '1.2.3' must be a number of degrees"),
    ("V1 a 0 1\nR1 a 0 1\n.temp {t}", r"line 3: .temp: parameter 't' is not set"),
    ("V1 a 0 1\nR1 a 0 1\n.temp -273.15", r"above absolute zero .*, not -273.15 degrees"),
    ("V1 a 0 1\nR1 a 0 1\n.options temp=-300", r"line 3: .options temp: the temperature must be above absolute"),
    ("V1 a 0 1\nR1 a 0 1\n.temp 1e999", r"line 3: .temp: '1e999' is not finite"),
    ("V1 a 0 1\nR1 a 0 1\n.options reltol=1e-4 temp=", r"line 3: .options temp: '' must be a number"),
    ("V1 a 0 1\n.temp 85\nR1 a 0 1\n.option temp=25", r"line 4: .options temp sets 25 .*, but line 2 sets 85 degrees "
                                                      r"Celsius. Remove one of the two"),
    ("V1 a 0 1\nR1 a 0 1\n.save p(a)", r"line 3: 'p\(a\)' cannot be saved"),
    ("V1 a b 1\nR1 a b 1", r"no ground"),
    ("", r"no elements"),
])
def test_mistakes_are_named(text: str, expected: str) -> None:
    with pytest.raises(ConfigurationError, match=expected):
        parse_netlist(text)


@pytest.mark.parametrize(("cards", "kelvin", "ignored"), [
    ("", None, ()),
    (".temp 85", 358.15, ()),
    (".TEMP -40 ; cold", 233.15, ()),
    (".param t=27\n.temp {t}", 300.15, ()),
    (".options temp=85", 358.15, ()),
    (".option reltol=1e-4 temp = 2.5e1 tnom=27", 298.15, (".options reltol=1e-4 tnom=27",)),
    (".temp 85\n.options temp=85", 358.15, ()),
    (".options tnom=50", None, (".options tnom=50",)),
])
def test_temperature_of_the_surroundings(cards: str, kelvin: float | None, ignored: tuple[str, ...]) -> None:
    netlist = parse_netlist(f"V1 a 0 1\nR1 a 0 1\n{cards}\n.end")
    assert netlist.temperature == (None if kelvin is None else pytest.approx(kelvin))
    assert netlist.ignored == ignored


@given(st.one_of(st.floats(), st.text(alphabet="0123456789.eE+-{}kK ", max_size=8)))
@settings(deadline=None)
def test_any_temperature_is_used_or_refused_in_one_line(value: float | str) -> None:
    try:
        netlist = parse_netlist(f"V1 a 0 1\nR1 a 0 1\n.temp {value}")
    except ConfigurationError as error:
        assert str(error).startswith("netlist line 3: .temp") and "\n" not in str(error)
    else:
        assert netlist.temperature == pytest.approx(float(value) + 273.15)
        assert netlist.temperature > 0


def test_an_unknown_element_names_its_neighbour() -> None:
    with pytest.raises(ConfigurationError, match="Did you mean 'R_drive'"):
        parse_netlist(FIXTURE, ["smu", "gen2"]).find("R_drve")
