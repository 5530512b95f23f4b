"""The parser of the simulated instruments: messages, headers, parameters."""

import math
import string
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tsbench.simulated_backends.lecroy.parameters import Depth
from tsbench.simulated_backends.scpi import headers
from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import (
    INFINITY,
    Block,
    Boolean,
    Choice,
    Integer,
    Limited,
    Many,
    Number,
    OnOrOff,
    Optional,
    Parameter,
    Text,
    long_and_short,
)
from tsbench.simulated_backends.scpi.plain_numbers import number_behind, plain_number, plain_whole_number
from tsbench.simulated_backends.scpi.syntax import (
    IncompleteBlockError,
    block_end,
    block_payload,
    definite_block,
    split_header,
    split_messages,
    split_parameters,
    split_units,
)
from tsbench.simulated_backends.scpi.tree import (
    CommandTree,
    HeaderEntry,
    Setting,
    SettingValues,
    build_tree,
    command,
    parse_arguments,
)

# ------------------------------------------------------------------------------------------------- syntax


@given(st.binary(max_size=300), st.one_of(st.none(), st.integers(3, 9)))
def test_a_block_comes_out_as_it_went_in(payload: bytes, digits: int | None) -> None:
    assert block_payload(definite_block(payload, digits)) == payload


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=4), st.integers(1, 7))
def test_blocks_hide_every_separator_however_the_message_is_cut(payloads: list[bytes], size: int) -> None:
    """Newlines, semicolons, commas, quotes in a block end nothing, at any cutting of the transfer."""
    messages = [b":DATA 1," + definite_block(p) + b",2;:NEXT 'x'" for p in payloads]
    stream = b"\n".join(messages) + b"\n"
    got: list[bytes] = []
    rest = b""
    for start in range(0, len(stream), size):
        chunk = stream[start : start + size]
        new, rest = split_messages(rest + chunk, end=start + size >= len(stream))
        got += new
    assert got == messages
    assert rest == b""
    for message, payload in zip(got, payloads, strict=True):
        first, second = split_units(message)
        assert second == b":NEXT 'x'"
        header, data = split_header(first)
        assert header == ":DATA"
        number, block, last = split_parameters(data)
        assert (number, last) == (b"1", b"2")
        assert block_payload(block) == payload


@given(st.text(alphabet=string.ascii_letters + ";,' :#()\"1", max_size=30))
def test_strings_come_back_with_both_kinds_of_quotes(text: str) -> None:
    for quote in "'\"":
        literal = (quote + text.replace(quote, quote * 2) + quote).encode()
        assert split_units(b"A " + literal + b";B") == [b"A " + literal, b"B"]
        assert split_parameters(literal + b",2") == [literal, b"2"]
        assert Text().parse(literal, None, ()) == text


@given(st.binary(max_size=60))
def test_no_bytes_whatever_break_the_splitters(data: bytes) -> None:
    messages, rest = split_messages(data, end=True)
    assert rest == b""
    for message in messages:
        for unit in split_units(message):
            split_parameters(split_header(unit)[1])


def test_an_unclosed_string_ends_with_its_message() -> None:
    assert split_messages(b"A 'x\nB?\n", end=True)[0] == [b"A 'x", b"B?"]
    assert split_messages(b"A 'x(\nB?\n", end=True)[0] == [b"A 'x(", b"B?"]   # a parenthesis in a string is a letter
    assert split_messages(b"A (1\nB\nC\n", end=True)[0] == [b"A (1\nB", b"C"]   # an open parenthesis hides one newline
    assert split_messages(b"A 'x(\nB 'y\n", end=True)[0] == [b"A 'x(", b"B 'y"]   # nor is it closed by the next one
    assert split_messages(b"A 'x\ny'\nB?\n", end=True)[0] == [b"A 'x", b"y'", b"B?"]
    assert split_messages(b"A 'x\ny'\nB?\n", end=True, newlines_in_text=True)[0] == [b"A 'x\ny'", b"B?"]
    assert split_messages(b"A 'x\nB?\n", end=True, newlines_in_text=True)[0] == [b"A 'x", b"B?"]


def test_parentheses_hide_separators() -> None:
    assert split_parameters(b"1,(@1,2,(3,4),5),(6,7)") == [b"1", b"(@1,2,(3,4),5)", b"(6,7)"]
    assert split_parameters(b"1),2,(3") == [b"1)", b"2", b"(3"]   # one that closes nothing
    assert split_units(b"A (1;2);B") == [b"A (1;2)", b"B"]


def test_a_part_before_the_first_separator_may_be_empty() -> None:
    assert split_units(b";A") == [b"", b"A"] and split_parameters(b",1") == [b"", b"1"]


@pytest.mark.parametrize(("data", "start", "end"), [
    (b"#13abc", 0, 6), (b"#13abcd", 0, 6), (b"x,#12ab,y", 2, 7), (b"#10", 0, 3), (b"#210" + 10 * b"?", 0, 14),
    (b"#H", 0, None), (b"#H1F", 0, None), (b"#3a12", 0, None), (b"#", 0, "waits"), (b"#3", 0, "waits"),
    (b"#31", 0, "waits"), (b"#3100", 0, "waits"), (b"#13ab", 0, "waits"), (b"#0ab", 0, "waits"),
])
def test_where_a_block_ends(data: bytes, start: int, end: int | str | None) -> None:
    """After as many bytes as its length says; a block without a length ends with its message, so it waits."""
    if end == "waits":
        with pytest.raises(IncompleteBlockError):
            block_end(data, start)
    else:
        assert block_end(data, start) == end


def test_an_unfinished_message_waits() -> None:
    messages, rest = split_messages(b"A 1\nB #15ab", end=False)
    assert messages == [b"A 1"]
    assert rest == b"B #15ab"


# --------------------------------------------------------------------------------------------- parameters


@given(st.floats(-INFINITY, INFINITY), st.sampled_from(["{:e}", "{:.17g}", "{:+.12E}"]))
def test_numbers_are_read_as_written(value: float, form: str) -> None:
    text = form.format(value)
    assume(abs(float(text)) <= INFINITY)
    assert Number().parse(text.encode(), None, ()) == float(text)


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("5 mV", "V", 5e-3),
        ("5MV", "V", 5e-3),
        ("1.5MAV", "V", 1.5e6),
        ("2 KHZ", "HZ", 2e3),
        ("3 MHZ", "HZ", 3e6),
        ("4MOHM", "OHM", 4e6),
        ("20us", "s", 20e-6),
        ("7 nA", "A", 7e-9),
        ("1e-3", "A", 1e-3),
        ("1.2E1V", "V", 12.0),
        ("3 sec", "s", 3.0),
        ("#H1F", "", 31.0),
        ("#B101", "", 5.0),
        ("#Q17", "", 15.0),
        (".5", "", 0.5),
        ("1 EXA", "A", 1e18),
        ("1\x1eE-3", "V", 1e-3),
        ("1\t\tE\t3", "V", 1e3),
    ],
)
def test_units_and_multipliers(text: str, unit: str, value: float) -> None:
    assert Number(unit).parse(text.encode(), None, ()) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("5 kg", -131),
        ("abc", -104),
        ("'5'", -104),
        ("1.2.3", -121),
        ("--3", -121),
        ("11", -222),
        ("-11", -222),
        ("nan", -224),
        ("inf", -224),
        ("1_0", -121),
        ("#H1_0", -121),
        ("#H-1", -121),
        ("#H 1", -121),
        ("#X1", -104),
        ("#H", -121),
    ],
)
def test_numbers_that_cannot_be(text: str, code: int) -> None:
    parameter = Number("V", -10, 10)
    with pytest.raises(ScpiError) as error:
        parameter.parse(text.encode(), None, ())
    if text == "abc":
        assert error.value.code in {-104, -224}
    else:
        assert error.value.code == code


@pytest.mark.parametrize("text", ["1e999", "-1e999", "1e38", "9e300EXV", "#H" + 300 * "F"])
def test_a_number_beyond_the_infinity_of_scpi_is_out_of_range(text: str) -> None:
    for parameter in (Number("V"), Integer("V"), Number("V", infinite=True), Limited("V")):
        with pytest.raises(ScpiError) as error:
            parameter.parse(text.encode(), None, ())
        assert error.value.code == -222


@pytest.mark.parametrize(("kind", "plain", "value"), [
    (Number("V"), b"1", 1.0), (Limited("V"), b"1", 1.0), (Boolean(), b"ON", True), (OnOrOff(), b"ON", True),
    (Choice("VOLTage"), b"VOLT", "VOLT"), (Choice("VOLTage", quoted=True), b"'VOLT'", "VOLT"), (Text(), b"'a'", "a"),
    (Block(), b"#11a", b"a"), (Depth(), b"14M", 14e6),
])
def test_white_space_is_the_same_for_all_arguments(kind: Parameter, plain: bytes, value: Any) -> None:
    """It is the bytes 0 to 32 (IEEE 488.2, 7.4.1.2). str.strip() also takes 0x85 and the no-break space, 0xA0."""
    for white in (b" ", b"\t", b"\0", b"\x01 ", b"\x1f"):
        assert kind.parse(white + plain + white, None, ()) == value
        assert parse_arguments((kind,), split_parameters(white + plain + white), None, ()) == [value]
        assert parse_arguments((), split_parameters(white), None, ()) == []
    for other in (b"\xa0", b"\x85"):
        for raw in (other + plain, plain + other):
            with pytest.raises(ScpiError):
                kind.parse(raw, None, ())


def test_white_space_around_a_number_is_that_of_arguments() -> None:
    for read in (plain_number, plain_whole_number, lambda word: number_behind("", word)):
        assert read("\0 1\x01\t") == 1
    for read in (plain_number, plain_whole_number):
        with pytest.raises(ValueError, match="is not a"):
            read("\xa01")
    assert number_behind("CH", "\xa0CH2") is None


def test_a_number_behind_a_word_has_few_digits() -> None:
    assert [number_behind("CH", word) for word in ("CH2", "ch2 ", "CH", "C2", "CH2x", "CH\xb2", "CH" + 5000 * "1")] == [
        2, 2, None, None, None, None, None]
    assert number_behind("C(?:HAN)?", "chan12") == 12


def test_a_limited_number_beyond_a_float_becomes_the_limit() -> None:
    class Owner:
        posted = 0

        def post_error(self, code: int, text: str = "") -> None:
            self.posted = code

    owner = Owner()
    assert (Limited("", -5.0, 5.0).parse(b"-1e999", owner, ()), owner.posted) == (-5.0, -222)


def test_minimum_maximum_default_and_bounds_that_depend_on_a_key() -> None:
    parameter = Number("V", low=0.0, high=lambda owner, channel: owner[channel], default=1.0)
    bounds = {1: 5.0, 2: 2.0}
    assert parameter.parse(b"MAX", bounds, (1,)) == 5.0
    assert parameter.parse(b"maximum", bounds, (2,)) == 2.0
    assert parameter.parse(b"DEF", bounds, (2,)) == 1.0
    assert parameter.parse(b"MINimum", bounds, (2,)) == 0.0
    assert parameter.parse(b"3", bounds, (1,)) == 3.0
    with pytest.raises(ScpiError, match="-222"):
        parameter.parse(b"3", bounds, (2,))


def test_whole_numbers_are_rounded_and_booleans_take_numbers() -> None:
    assert Integer().parse(b"2.5", None, ()) == 3
    assert Integer().parse(b"-2.4", None, ()) == -2
    assert [Boolean().parse(t, None, ()) for t in (b"ON", b"off", b"1", b"0", b"2", b"0.4")] == [
        True,
        False,
        True,
        False,
        True,
        False,
    ]
    with pytest.raises(ScpiError, match="-224"):
        Boolean().parse(b"YES", None, ())


def test_choices_take_both_forms_and_only_those() -> None:
    choice = Choice("VOLTage", "CURRent", "CHANnel1")
    assert [choice.parse(t, None, ()) for t in (b"volt", b"VOLTAGE", b"Curr", b"CHAN1", b"channel1")] == [
        "VOLT",
        "VOLT",
        "CURR",
        "CHAN1",
        "CHAN1",
    ]
    for wrong in (b"VOLTA", b"VO", b"CHAN2"):
        with pytest.raises(ScpiError, match="-224"):
            choice.parse(wrong, None, ())
    with pytest.raises(ScpiError, match="-158"):
        choice.parse(b"'VOLT'", None, ())
    assert Choice("VOLTage", quoted=True).parse(b"'VOLT'", None, ()) == "VOLT"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ([], -109),
        ([b"1"], None),
        ([b"1", b"2"], None),
        ([b"1", b"2", b"3"], None),
        ([b"1", b"2", b"'x'", b"4"], -104),
        ([b"1", b""], None),
        ([b"", b"1"], -109),
        ([b"1", b"", b"2"], -102),
    ],
)
def test_missing_and_superfluous_parameters(raw: list[bytes], code: int | None) -> None:
    parameters = (Number(), Optional(Number()), Many(Number(), maximum=3))
    if code is None:
        assert len(parse_arguments(parameters, raw, None, ())) == len([r for r in raw if r])
        return
    with pytest.raises(ScpiError) as error:
        parse_arguments(parameters, raw, None, ())
    assert error.value.code == code


def test_one_parameter_too_many() -> None:
    with pytest.raises(ScpiError, match="-108"):
        parse_arguments((Number(),), [b"1", b"2"], None, ())
    with pytest.raises(ScpiError, match="-108"):
        parse_arguments((), [b"1"], None, ())
    with pytest.raises(ScpiError, match="-161"):
        parse_arguments((Block(),), [b"#15ab"], None, ())


# --------------------------------------------------------------------------------------------------- tree


def _tree(*patterns: str) -> CommandTree:
    tree = CommandTree()
    for pattern in patterns:
        tree.add(pattern, HeaderEntry(lambda owner, key, raw: None, pattern))
    return tree


WORDS = st.sampled_from(["SOURce", "VOLTage", "LEVel", "IMMediate", "CURRent", "RANGe", "AUTO", "DELay"])


@given(st.lists(WORDS, min_size=1, max_size=4, unique=True), st.data())
def test_every_spelling_of_a_header_is_found(words: list[str], data: Any) -> None:
    """Long or short form of each node, any case, optional nodes in or out, leading colon or not."""
    optional = [data.draw(st.booleans()) for _ in words]
    optional[-1] = optional[-1] and len(words) > 1 and not all(optional)
    pattern = "".join(f"[:{w}]" if o else f":{w}" for w, o in zip(words, optional, strict=True))
    if all(optional):
        return
    tree = _tree(pattern + "?")
    kept = [w for w, o in zip(words, optional, strict=True) if not o or data.draw(st.booleans())]
    spelt = [long_and_short(w)[data.draw(st.integers(0, 1))] for w in kept]
    header = ":".join(s.lower() if data.draw(st.booleans()) else s for s in spelt) + "?"
    if data.draw(st.booleans()):
        header = ":" + header
    entry, key, _ = tree.resolve(header, tree.start)
    assert entry.name == pattern + "?"
    assert key == ()


def test_half_spellings_queries_and_commands_are_told_apart() -> None:
    tree = _tree(":VOLTage", ":CURRent?")
    for header in (":VOLTA", ":VOLT?", ":CURR", ":VOL", ":", "::VOLT", ":VOLT:CURR"):
        with pytest.raises(ScpiError) as error:
            tree.resolve(header, tree.start)
        assert error.value.code == -113


@pytest.mark.parametrize("order", [1, -1])
def test_short_and_long_forms_win_over_abbreviations(order: int) -> None:
    """STATI abbreviates STATistics and is the short form of STATIon; STATIST is a whole word of its own."""
    tree = CommandTree(any_length=True)
    for pattern in (":STATistics:MODe", ":STATIon", ":STATIST", ":STATE<1-4>", ":STATU", ":MODe:RECord<1-2>")[::order]:
        tree.add(pattern, HeaderEntry(lambda *_: None, pattern))
    for header, name in (("STAT:MOD", ":STATistics:MODe"), ("STATIS:MOD", ":STATistics:MODe"),
                         ("STATISTIC:MODE", ":STATistics:MODe"), ("STATI", ":STATIon"), ("STATION", ":STATIon"),
                         ("STATIST", ":STATIST"), ("STATE", ":STATE<1-4>"), ("STATU", ":STATU")):
        assert tree.resolve(header, tree.start)[0].name == name
    assert tree.resolve("MOD:RECO2", tree.start)[1] == (2,)
    for header in ("STA:MOD", "STATISTICSX:MOD", "MO:REC"):
        with pytest.raises(ScpiError):
            tree.resolve(header, tree.start)


def test_suffixes_and_alternatives_are_captured() -> None:
    tree = _tree(":OUTPut<1-2>:{LOAD|POLarity}", ":OUTPut<1-2>[:STATe]")
    assert tree.resolve("OUTP2:LOAD", tree.start)[1] == (2, "LOAD")
    assert tree.resolve("OUTPUT:POLARITY", tree.start)[1] == (1, "POL")
    assert tree.resolve("OUTP", tree.start)[1] == (1,)
    for header in ("OUTP3", "OUTP0:LOAD", "OUTP1:LOAD2"):
        with pytest.raises(ScpiError) as error:
            tree.resolve(header, tree.start)
        assert error.value.code == -114
    assert tree.resolve("OUTP1:LOAD1", tree.start)[1] == (1, "LOAD")  # 1 is what no suffix means
    many = _tree(":MEMory<n>")
    assert many.resolve("MEM1000000", many.start)[1] == (1_000_000,)
    for suffix in ("1000001", 5000 * "1"):
        with pytest.raises(ScpiError, match="-114"):
            many.resolve(f"MEM{suffix}", many.start)


def test_a_compound_message_goes_on_where_it_was() -> None:
    tree = _tree(":SENSe<1-2>:CURRent:RANGe", ":SENSe<1-2>:CURRent:NPLCycles", ":SENSe<1-2>:FUNCtion", "*CLS")
    _, key, context = tree.resolve(":SENS2:CURR:RANG", tree.start)
    assert key == (2,)
    entry, key, context = tree.resolve("NPLC", context)
    assert entry.name.endswith("NPLCycles")
    assert key == (2,)
    entry, _, context = tree.resolve("*CLS", context)  # a common command leaves the path alone
    assert entry.name == "*CLS"
    entry, key, context = tree.resolve("RANG", context)
    assert key == (2,)
    assert tree.resolve(":*CLS", context)[0].name == "*CLS"
    with pytest.raises(ScpiError):
        tree.resolve("SENS:FUNC", context)
    assert tree.resolve(":SENS:FUNC", context)[0].name == ":SENSe<1-2>:FUNCtion"


def test_short_messages_are_read_once_and_only_so_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    tree = _tree(":VOLTage", ":VOLTage?")
    assert tree.units(b":VOLT 1") is tree.units(b":VOLT 1")
    assert tree.resolve(":VOLT", tree.start) is tree.resolve(":VOLT", tree.start)
    long = b":VOLT 1" + 80 * b" "
    assert tree.units(long) is not tree.units(long) and tree.units(long)[0].arguments == [b"1"]
    monkeypatch.setattr(headers, "_MOST_KEPT", 3)
    full = _tree(":VOLTage")
    for number in range(6):
        message = f":VOLT {number}".encode()
        assert (full.units(message) is full.units(message)) == (number < 3)
        assert full.units(message)[0].arguments == [str(number).encode()]
    assert len(full._programs) == 3 and len(full._resolved) <= 3


class _Model:
    """A model with one of everything, without a message machine around it."""

    gain = Setting(
        ":GAIN<1-2>",
        Number("", 0, 10, 5),
        default=lambda model, channel: 1.0 * channel,
        coerce="_halves",
        change="_changed",
    )
    mode = Setting(":MODE", Choice("AUTO", "MANual"), "AUTO")

    def __init__(self) -> None:
        self.setting_values = SettingValues()
        self.changes: list[int] = []

    def format_number(self, value: float) -> str:
        return f"{value:g}"

    def _halves(self, channel: int, value: float) -> float:
        return round(2 * value) / 2

    def _changed(self, channel: int) -> None:
        self.changes.append(channel)

    @command(":SUM?", Number(), Optional(Number()))
    def _sum(self, first: float, second: float = 10.0) -> str:
        return f"{first + second:g}"


def _ask(model: _Model, tree: CommandTree, text: str) -> Any:
    header, data = split_header(text.encode())
    entry, key, _ = tree.resolve(header, tree.start)
    return entry.call(model, key, split_parameters(data))


def test_settings_hold_their_values_by_key() -> None:
    model, tree = _Model(), build_tree(_Model)
    assert _ask(model, tree, ":GAIN2?") == "2"
    _ask(model, tree, ":GAIN2 3.3")
    assert (_ask(model, tree, ":GAIN2?"), _ask(model, tree, ":GAIN?")) == ("3.5", "1")
    assert model.gain[2] == 3.5
    assert model.changes == [2]
    assert (_ask(model, tree, ":GAIN? MAX"), _ask(model, tree, ":GAIN? DEF")) == ("10", "5")
    _ask(model, tree, ":MODE manual")
    assert model.mode == "MAN"
    assert _ask(model, tree, ":SUM? 1") == "11"
    assert _ask(model, tree, ":SUM? 1,2") == "3"
    for question in (":MODE? 1,2", ":GAIN? MAX,MIN"):
        with pytest.raises(ScpiError, match="-108"):
            _ask(model, tree, question)
    assert isinstance(_Model.gain, Setting)   # of the class, it is the declaration


def test_not_a_number_is_never_a_setting() -> None:
    for text in (b"NAN", b"9.9E400", b"-INF"):
        with pytest.raises(ScpiError):
            Number("V", -1, 1).parse(text, None, ())
    assert math.isinf(Number("OHM", 1, 100, infinite=True).parse(b"INF", None, ()))


def test_a_number_may_have_spaces_around_its_exponent() -> None:
    """IEEE 488.2, 7.7.2.2: white space may stand between mantissa and exponent."""
    number = Number("V")
    assert number.parse(b"1.5 E1", None, ()) == 15.0 and number.parse(b"1.5 E 1 mV", None, ()) == 15e-3
    assert number.parse(b"1.5\x00E\x1f1\x08mV\x01", None, ()) == 15e-3
