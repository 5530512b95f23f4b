"""Cards and sources that this subset of SPICE does not have: each is named, and no hint leads astray."""

import contextlib
import difflib
import math
import re
from dataclasses import astuple
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsbench.errors import ConfigurationError
from tsbench.netlist import Pwl, Sin, SpicePulse, Transient, parse_netlist
from tsbench.netlist.cards import CARDS, FOREIGN
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.studies.simulate.simulate import simulate

SPICE = [
    ".ac", ".alter", ".backanno", ".control", ".csparam", ".data", ".dc", ".disto", ".else", ".elseif", ".endif",
    ".ends", ".endl", ".enddata", ".eom", ".ferret", ".four", ".fft", ".func", ".global", ".hb", ".if", ".lin",
    ".loadbias", ".machine", ".macro", ".mc", ".meas", ".measure", ".model", ".net", ".nodeset", ".noise", ".op",
    ".plot", ".probe", ".protect", ".pss", ".pz", ".savebias", ".sens", ".sp", ".step", ".subckt", ".tf", ".title",
    ".unprotect", ".wave", ".wcase", ".width",
]
BASE = "V1 a 0 1\nR1 a b 1k\nC1 b 0 1n\n"


@pytest.mark.parametrize(("line", "said"), [
    (".ic v(nosuch)=0.5", r"line 4: \.ic sets node 'nosuch', which is not in the netlist\. Known: a, b$"),
    (".ic v(0)=0.5", r"line 4: \.ic sets node '0', which is ground"),
    (".ic v(gnd)=0.5", r"line 4: \.ic sets node '0', which is ground"),
    ("R2 b 0 {a*2}", r"line 4: R2: \{a\*2\} is an expression. Braces may hold only the name of a parameter"),
    ("R2 b 0 { a * 2 }", r"line 4: R2: \{a\*2\} is an expression"),
    ("R2 b 0 'a*2'", r"line 4: R2: 'a\*2' is an expression"),
    (".param a=1k\nR2 b 0 a", r"line 5: R2: 'a' is not a number. To use the parameter of this name, write \{a\}"),
    (".param c={2 * 3}", r"line 4: \.param c: \{2\*3\} is an expression"),
    ("R2 b 0 r=1k", r"line 4: R2: 'r=1k' must be a single value, such as 5k"),
    ("V2 b 0 EXP(0 1 1n 1n)", r"line 4: V2: the waveform EXP is not supported. Use PULSE, PWL, SIN or a number"),
    ("V2 b 0 SFFM(0 1 1k)", r"line 4: V2: the waveform SFFM is not supported"),
    ("V2 b 0 dc 1 exp ( 0 1 )", r"line 4: V2: the waveform EXP is not supported"),
    ("V2 b 0 trnoise(1 1n 0 0)", r"line 4: V2: the waveform TRNOISE is not supported"),
    ("V2 b 0 PWL file=wave.txt", r"line 4: V2: PWL\(...\) takes only numbers, not 'file=wave\.txt'"),
    ("V2 b 0 PWL(0 0 1u 1) r=0", r"line 4: V2: 'r=0' after PWL\(\.\.\.\) is not supported"),
    ("V2 b 0 PWL(0 0 1u 1", r"line 4: V2: the bracket after PWL is not closed"),
    ("V2 b 0 SIN(0 1 1k 0 5)", r"line 4: V2: SIN needs .* Damping and phase are not supported"),
    ("V2 b 0 2 3", r"line 4: V2: '3' is not understood"),
    (".dc V1 0 1 0.1", r"line 4: card '\.dc' is not supported. For a DC sweep, use \.tran with a slow PWL ramp"),
    (".model nbo2 d", r"line 4: card '\.model' is not supported. A device is an X element"),
    (".step param r 1 2 3", r"line 4: card '\.step' is not supported. Run the netlist once for each value"),
    (".ac dec 10 1 1meg", r"line 4: card '\.ac' is not supported. tsbench simulates a netlist only over "
                             r"time. Use a \.tran card"),
    (".tran 1n 1u\n.tran 1n 2u", r"line 5: this is the second \.tran card, but a netlist may have only one. "
                                 r"Remove one of the two"),
    (".trna 1n 1u", r"line 4: card '\.trna' is not supported. Did you mean '\.tran'\?"),
    (".inlcude x.lib", r"line 4: card '\.inlcude' is not supported. Did you mean '\.include'\?"),
    (".xyzzy", r"line 4: card '\.xyzzy' is not supported. Known: "),
    (".include ''", r"line 4: the file name of \.include is empty \(''''\)"),
])
def test_what_cannot_be_used_is_named(line: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        parse_netlist(BASE + line)


@pytest.mark.parametrize(("text", "waveform", "ignored"), [
    ("DC 2 AC 1", 2.0, ("V1: AC 1",)), ("AC 1 90", 0.0, ("V1: AC 1 90",)), ("2 ac 1m", 2.0, ("V1: ac 1m",)),
    ("dc 1 ac 1 sin(0 1 1k)", Sin(0, 1, 1e3), ("V1: ac 1",)), ("5 PULSE(0 1)", SpicePulse(0, 1), ()),
    ("DC 5m", 5e-3, ()),
    ("pwl 0 0 1u 1", Pwl((0, 1e-6), (0, 1)), ()), ("SINE(0 1 1k)", Sin(0, 1, 1e3), ()), ("-1.5", -1.5, ()),
    ("PULSE ( 0, 1, 1n )", SpicePulse(0, 1, 1e-9), ()), ("{v}", 3.0, ()), ("DC {v}", 3.0, ()),
])
def test_sources(text: str, waveform: object, ignored: tuple[str, ...]) -> None:
    netlist = parse_netlist(f".param v=3\nV1 a 0 {text}\nR1 a 0 1k\n")
    assert netlist.find("V1").waveform == waveform
    assert netlist.ignored == ignored


def test_what_a_source_leaves_out_is_as_in_spice() -> None:
    """No delay and no edge; the pulse and the period do not end, and neither does the train."""
    netlist = parse_netlist("V1 a 0 PULSE(0 1)\nV2 b 0 SIN(0 1 1k)\nR1 a b 1k\n")
    assert astuple(netlist.find("V1").waveform) == (0, 1, 0, 0, 0, math.inf, math.inf, 0)   # type: ignore[arg-type]
    assert astuple(netlist.find("V2").waveform) == (0, 1, 1e3, 0)   # type: ignore[arg-type]


@given(st.one_of(st.sampled_from(SPICE), st.from_regex(r"\.[a-z]{1,9}", fullmatch=True)),
       st.text(alphabet="abvi01()={}'*,. +mun", max_size=25))
@settings(deadline=None, derandomize=True)
def test_no_card_gives_a_traceback_or_a_misleading_hint(card: str, rest: str) -> None:
    try:
        parse_netlist(f"{BASE}{card} {rest}")
    except ConfigurationError as error:
        assert "\n" not in str(error)
        hint = re.search(r"Did you mean '(\.\w+)'", str(error))
        if hint and str(error).startswith(f"netlist line 4: card '{card}'"):
            assert card not in SPICE
            assert difflib.SequenceMatcher(None, card, hint[1]).ratio() >= 0.75


@given(st.text(alphabet="dcacpulsewinxf() =0123456789.,{}-mun", max_size=40))
@settings(deadline=None, derandomize=True)
def test_any_source_is_read_or_refused_in_one_line(text: str) -> None:
    try:
        parse_netlist(f"R1 a 0 1k\nV1 a 0 {text}")
    except ConfigurationError as error:
        assert str(error).startswith("netlist") and "\n" not in str(error)


def test_every_card_of_others_is_explained_once() -> None:
    assert not set(FOREIGN) & set(CARDS)


def test_a_missing_include_ends_the_run_and_another_is_said(tmp_path: Path) -> None:
    path = tmp_path / "c.cir"
    path.write_text(BASE + '.include "parts.lib"\n.tran 10n 1u uic\n')
    with pytest.raises(ConfigurationError, match=r"includes 'parts\.lib', but there is no such file in .*\. tsbench "
                                                 r"does not read included files"):
        simulate(path)
    (tmp_path / "parts.lib").write_text("* nothing\n")
    assert "the included file 'parts.lib' is not read" in simulate(path).messages
    path.write_text(BASE + ".include devices.lib\n.lib sub/Devices.LIB tt\n.tran 10n 1u uic\n")
    assert simulate(path).messages == ()


def test_initial_conditions_of_any_capacitor_and_inductor_count() -> None:
    circuit = build_circuit(parse_netlist(
        "V1 a 0 0\nR1 a b 1k\nC1 b c 1n ic=0.5\nC2 c 0 1n ic=0.25\nR2 c 0 1k\nL1 c d 1u ic=2m\nR3 d 0 1k\n"))
    assert circuit.voltage("c") == pytest.approx(0.25)
    assert circuit.voltage("b") == pytest.approx(0.75)
    assert circuit.current("L1") == pytest.approx(2e-3)
    with pytest.raises(ConfigurationError, match=r"C1: ic=0\.5 V, but \.ic and other capacitors give 0\.1 V"):
        build_circuit(parse_netlist("V1 a 0 0\nR1 a b 1k\nC1 b 0 1n ic=0.5\n.ic v(b)=0.1\n"))


@pytest.mark.parametrize(("card", "expected"), [
    (".tran 1n 1u", (1e-9, 1e-6, 0.0, None, False)), (".tran 1n 1u 10n", (1e-9, 1e-6, 1e-8, None, False)),
    (".tran 1n 1u 10n 2n UIC", (1e-9, 1e-6, 1e-8, 2e-9, True)), (".tran 1n 1u uic", (1e-9, 1e-6, 0.0, None, True)),
])
def test_the_four_numbers_of_a_transient(card: str, expected: tuple[object, ...]) -> None:
    found = parse_netlist(f"{BASE}{card}\n").transient
    assert found is not None and found == Transient(*expected)  # type: ignore[arg-type]


def test_a_control_section_is_left_out_to_its_end() -> None:
    netlist = parse_netlist(f"a title\n{BASE}.control\nrun\nR2 a 0 1\n.endc\nR3 b 0 2k\n.end\nR4 b 0 2k\n")
    assert netlist.ignored == (".control", "run", "R2 a 0 1", ".endc")
    names = [element.name.upper() for element in netlist.elements]
    assert "R3" in names and "R2" not in names and "R4" not in names


def test_a_transient_begins_at_zero_where_nothing_is_said() -> None:
    assert Transient(1e-9, 1e-6) == Transient(1e-9, 1e-6, 0.0, None, use_initial_conditions=False)


def test_a_path_to_ground_counts_in_whatever_order_it_is_written() -> None:
    assert parse_netlist("R1 a b 1k\nR2 b c 1k\nR3 c d 1k\nR4 d 0 1k\nV1 a 0 1\nC1 a e 1n\nR5 e f 1\nR6 f d 1").nodes
    with pytest.raises(ConfigurationError, match=r"line 3: node 'f' is floating. It has no DC path to ground"):
        parse_netlist("V1 a 0 1\nR1 a 0 1k\nR2 f g 1k\nR3 g h 1k\nR4 h f 1k\nC1 g a 1n")


@pytest.mark.parametrize(("line", "title"), [
    ("Relaxation oscillator with nbo2", True), ("Ring", True), ("Xenon lamp", True), ("A device", True),
    ("Rload a 0 5k", False), ("Xdevice a 0 nbo2", False), ("Vin a 0 pulse(0 1)", False), ("Ic 0 a dc 1m", False),
    ("R1 a 0", False), ("C a 0", False), ("Cap a 0 {c}", False), ("Iin 0 a -1m", False),
])
def test_a_first_line_is_a_title_unless_it_reads_as_an_element(line: str, title: bool) -> None:
    found = None
    with contextlib.suppress(ConfigurationError):   # half an element is an error and no title
        found = parse_netlist(f"{line}\n.param c=1n\nV9 a 0 1\nR9 a 0 1k\n", check=False)
    assert (found is not None and found.title == line) is title


@pytest.mark.parametrize(("line", "said"), [
    (".tran 0 1u", r"\.tran has step=0 s"), (".tran 1n 2n 2n", r"\.tran has step=1e-09 s, stop=2e-09 s"),
    (".tran 1n 2n -1n", r"start=-1e-09 s"),
    (".tran 1n 2n 0 0", r"largest step is 0 s"), (".tran 1n", r"\.tran needs"),
    (".tran 1n 2n 0 1n 1n", r"\.tran needs"),
    ("C2 b 0 1n ic=", r"C2: 'ic=' must have the form name=value"), (".param =3", r"\.param: '=3' must have the form"),
    ("C2 b 0 1n ic", r"C2: 'ic' must have the form"), ("C2 b 0 1n x=1", r"C2: unknown parameter 'x'"),
    ("R2 b 0 1n ic=1", r"R2: unknown parameter 'ic'"), ("L2 b 0 0", r"L2: value 0 H must be positive. For 0 H, remove"),
    ("C2 b 0 0", r"C2: value 0 F must be positive. For 0 F, remove C2$"), (".ic v(a)", r"'v\(a\)' must have the form"),
    ("X1 a nbo2", r"X1: write .* not 'a nbo2'"), (".include", r"\.include needs a file name"),
    ("V2 b 0 pulse(0 1 2 3 4 5 6 7 8)", r"PULSE needs .* it has 9 numbers"),
    ("V2 b 0 pulse(0)", r"PULSE needs .* it has 1 number"),
    ("V2 b 0 pulse(0 1 -1n)", r"must not be negative"), ("V2 b 0 pulse(0 1 0 1n 1n 1n 0)", r"period must be positive"),
    ("V2 b 0 pwl()", r"PWL needs pairs"), ("V2 b 0 pwl(0 0 1)", r"PWL needs pairs"),
    ("V2 b 0 sin(0 1)", r"SIN needs"), ("V2 b 0 sin(0 1 0)", r"positive frequency"),
])
def test_a_number_out_of_bounds_is_refused(line: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        parse_netlist(BASE + line)


def test_numbers_at_their_bounds_are_taken() -> None:
    found = parse_netlist(
        f"{BASE}.tran 1n 2n 0 1p\nV2 b 0 pulse(0 1 0 1 1 1 3 4)\nV3 b 0 pwl(1n 2)\nC2 a b 1n ic=-1\n"
        "L1 a b 1n ic=2\nX1 a 0 nbo2 re=3\n.save v( a , b ) @r1[i] all tran\n.ic v(a)=1 v( b )=2\n")
    assert found.transient == Transient(1e-9, 2e-9, 0.0, 1e-12)
    assert found.find("V2").waveform == SpicePulse(0, 1, 0, 1, 1, 1, 3, 4)
    assert found.find("V3").waveform == Pwl((1e-9,), (2.0,))
    assert (found.find("C2").initial, found.find("L1").initial) == (-1.0, 2.0)
    assert found.find("X1").parameters == {"re": 3.0} and found.find("X1").line == 9
    assert found.saved == ("v(a,b)", "i(r1)", "all") and found.initial_voltages == {"a": 1.0, "b": 2.0}
