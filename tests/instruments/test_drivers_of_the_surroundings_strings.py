"""Messages of the drivers of switch matrices, probers, temperature controllers and decade boxes."""

import re
from typing import Any

import pytest
from pymeasure.test import expected_protocol

from tsbench.errors import CommunicationError, ConfigurationError, GarbledReply, InstrumentError, LimitError
from tsbench.instruments import (
    DecadeBox,
    OutputState,
    Prober,
    Site,
    SwitchMatrix,
    TemperatureController,
)
from tsbench.instruments.formfactor_velox.driver import FormFactorVelox
from tsbench.instruments.keithley_700.driver import Keithley707B, Keithley3706A
from tsbench.instruments.lakeshore_33x.driver import LakeShore33x
from tsbench.instruments.languages.message_instrument import REPEATS
from tsbench.instruments.meatest_decade.driver import MeatestM525, MeatestM632
from tsbench.instruments.mpi_sentio.driver import MpiSentio
from tsbench.records import Identity

NO_TSP_ERROR = ("print(errorqueue.next())", "0.00000e+00\tQueue Is Empty\t0.00000e+00\t1.00000e+00")
CLOSED = "print(channel.getclose('allslots'))"
IN_STEP = [("*IDN?", "MAKER,MODEL,1,1")]   #: what a driver asks before it repeats a question
BREAK_FIRST = ("channel.connectrule = channel.BREAK_BEFORE_MAKE", None)


def driver(kind: Any, pairs: list[tuple[Any, Any]], **options: Any) -> Any:
    return expected_protocol(kind, pairs, identity=Identity("MAKER", "MODEL", "1", "1"), **options)


@pytest.mark.sabotage("output")
def test_a_matrix_closes_only_what_is_asked_and_reads_it_back() -> None:
    pairs = [BREAK_FIRST, ("channel.exclusiveclose('1A01,1B03')", None), (CLOSED, "1A01;1B03"), NO_TSP_ERROR,
             (CLOSED, "nil"), ("channel.open('allslots')", None), (CLOSED, "nil"), NO_TSP_ERROR]
    with driver(Keithley707B, pairs) as matrix:
        assert isinstance(matrix, SwitchMatrix)
        matrix.close_only(["1a01", "1B03"])
        assert matrix.closed() == []
        matrix.open_all()
        assert matrix.output_states() == [] and matrix.accuracy() == {}
        matrix.safe_state()   # no relay moves


@pytest.mark.parametrize(("reply", "said"), [("1A01", "but 1A01 are closed"), ("nil", "but none are closed")])
def test_a_matrix_that_closes_something_else_is_an_error(reply: str, said: str) -> None:
    pairs = [BREAK_FIRST, ("channel.exclusiveclose('1A01,1B03')", None), (CLOSED, reply), NO_TSP_ERROR]
    with driver(Keithley707B, pairs) as matrix, pytest.raises(InstrumentError, match=said):
        matrix.close_only(["1A01", "1B03"])


@pytest.mark.parametrize(("kind", "name"), [(Keithley707B, "1I01"), (Keithley707B, "7A01"), (Keithley3706A, "1A01"),
                                            (Keithley707B, "1A01') os.exit('")])
def test_a_crosspoint_that_does_not_exist_is_refused_before_anything_is_sent(kind: Any, name: str) -> None:
    with driver(kind, []) as matrix, pytest.raises(LimitError, match="there is no crosspoint"):
        matrix.close_only([name])


@pytest.mark.parametrize(("name", "said"), [
    ("1101", ""), ("1616", ""), ("1701", r"no crosspoint '1701': the card 3730 in slot 1 has 6 rows and 16 columns"),
    ("1117", "no crosspoint '1117'"), ("6101", "no crosspoint '6101', because its slot 6 is empty"),
])
def test_a_matrix_says_which_crosspoints_its_cards_lack(name: str, said: str) -> None:
    """The replies are those of the transcript of a 3706A."""
    pairs = [("print(slot[1].idn)", "3730,6x16 High Density Matrix,01.40h,4447332")] if name[0] == "1" else [
        ("print(slot[6].idn)", "Empty Slot")]
    with driver(Keithley3706A, pairs) as matrix:
        found = matrix.refusal_of([name])
        assert said in found and bool(said) == bool(found)


@pytest.mark.parametrize(("kind", "card", "said"), [
    (Keithley3706A, "3730,6x16 High Density Matrix,01.40h,4447332", (300.0, 1.0)),
    (Keithley707B, "7174A,8x12 Low Current High Speed Matrix,01.00,1", (200.0, 2.0)),
    (Keithley707B, "7072,8x12 Semiconductor Matrix Card,01.00,1", (200.0, 1.0)),
    (Keithley707B, "7072-HV,8x12 High Voltage Matrix,01.00,1", None),   # a card whose limits are not known
])
def test_a_matrix_says_what_its_contacts_are_made_for(kind: Any, card: str, said: tuple[float, float] | None) -> None:
    """The card is asked once."""
    name = "1101" if kind is Keithley3706A else "1A01"
    with driver(kind, [("print(slot[1].idn)", card)]) as matrix:
        found = [*matrix.contact_limits([name]), *matrix.contact_limits([name])][:1]
        assert [(one.voltage, one.current) for one in found] == ([] if said is None else [said])


def test_a_matrix_tells_the_ratings_of_all_cards() -> None:
    pairs = [("print(slot[1].idn)", "7072,8x12 Semiconductor Matrix Card,01.00,1"),
             ("print(slot[2].idn)", "7174A,8x12 Low Current High Speed Matrix,01.00,1")]
    with driver(Keithley707B, pairs) as matrix:
        found = matrix.contact_limits(["2A01", "1A01", "1B01"])
        assert [(one.voltage, one.current) for one in found] == [(200.0, 1.0), (200.0, 2.0)]
        assert "card 7072 in slot 1" in found[0].card and "card 7174A in slot 2" in found[1].card


def test_the_3706a_names_rows_by_numbers() -> None:
    pairs = [BREAK_FIRST, ("channel.exclusiveclose('1101')", None), (CLOSED, "1101"), NO_TSP_ERROR]
    with driver(Keithley3706A, pairs) as matrix:
        matrix.close_only(["1101"])


@pytest.mark.sabotage("units", "output")
def test_a_lake_shore_controls_to_a_set_point() -> None:
    pairs = [("RDGST? B", "000"), ("KRDG? B", "+296.010"), ("RAMP 2,0,0", None), ("SETP 2,310.5", None),
             ("SETP? 2", "+310.500"), ("RANGE 2,3", None), ("RANGE? 2", "3"), ("HTR? 2", "+017.0"),
             ("RANGE 2,0", None), ("RANGE? 2", "0")]
    with driver(LakeShore33x, pairs, input="B", output=2) as controller:
        assert isinstance(controller, TemperatureController)
        assert controller.output_names == (f"{controller.name}.2",)
        assert controller.set_temperature(310.5) == 310.5
        assert controller.heater() == pytest.approx(0.17)
        controller.heater_off()


@pytest.mark.sabotage("units")
def test_a_lake_shore_reads_kelvins_and_the_part_of_its_heater() -> None:
    pairs = [("RDGST? C", "000"), ("KRDG? C", "+310.250"), ("HTR? 2", "+050.0")]
    with driver(LakeShore33x, pairs, input="C", output=2) as controller:
        assert controller.temperature() == 310.25
        assert controller.heater() == 0.5


@pytest.mark.parametrize("half", ["+297.", "+29", "297.012", "+"])
def test_a_temperature_in_another_form_is_asked_for_again(half: str) -> None:
    pairs = [("RDGST? A", "000"), ("KRDG? A", half), *IN_STEP, ("KRDG? A", "+297.012")]
    with driver(LakeShore33x, pairs) as controller:
        assert controller.temperature() == 297.012


@pytest.mark.parametrize(("question", "reply"), [("RDGST? A", "00"), ("RDGST? A", "0"), ("KRDG? A", "+297.")])
def test_a_reading_that_stays_cut_off_is_an_error_with_question_and_reply(question: str, reply: str) -> None:
    """Half of the status 000 is no valid status, and half of 297.012 K is not 297 K."""
    before = [("RDGST? A", "000")] if question.startswith("KRDG") else []
    pairs = [*before, *[(question, reply), *IN_STEP] * REPEATS, (question, reply)]
    with driver(LakeShore33x, pairs) as controller, pytest.raises(
            GarbledReply, match=rf"the reply '{re.escape(reply)}' to '{re.escape(question)}' is garbled"):
        controller.temperature()


@pytest.mark.sabotage("units")
def test_a_ramp_is_in_kelvins_per_minute() -> None:
    pairs = [("RDGST? A", "000"), ("KRDG? A", "+296.010"), ("RAMP 1,1,6", None), ("SETP 1,310", None),
             ("RANGE 1,3", None), ("RANGE? 1", "3")]
    with driver(LakeShore33x, pairs) as controller:
        controller.set_temperature(310.0, ramp=0.1)


def test_what_a_lake_shore_refuses() -> None:
    with driver(LakeShore33x, []) as controller:
        for arguments in ((0.0,), (900.0,), (300.0, 5.0), (float("nan"),)):
            with pytest.raises(LimitError):
                controller.set_temperature(*arguments)
    with driver(LakeShore33x, [("RDGST? A", "128")]) as controller, pytest.raises(InstrumentError, match="status 128"):
        controller.set_temperature(300.0)
    with driver(LakeShore33x, [("OUTMODE 1,1,1,0", None), ("OUTMODE? 1", "3,1,0")]) as controller, pytest.raises(
            InstrumentError, match="could not be set to input A"):
        controller.initialise()
    with driver(LakeShore33x, [("RANGE 1,0", None), ("RANGE? 1", "3")]) as controller, pytest.raises(
            InstrumentError, match="could not be switched off"):
        controller.heater_off()
    with pytest.raises(ConfigurationError, match="input must be A to D"), driver(LakeShore33x, [], input="E"):
        pass


@pytest.mark.parametrize("replies", [("+301.010",), ("+0.000", "+0.000"), ("+300.990",)])
def test_a_set_point_that_is_not_the_one_that_was_sent_heats_nothing(replies: tuple[str, ...]) -> None:
    """Set-points have three digits behind the point. One that is far off is asked for twice."""
    pairs = [("RDGST? A", "000"), ("KRDG? A", "+296.010"), ("RAMP 1,0,0", None), ("SETP 1,301", None),
             *(("SETP? 1", reply) for reply in replies)]
    with driver(LakeShore33x, pairs) as controller, pytest.raises(InstrumentError, match="the set-point 301 K"):
        controller.set_temperature(301.0)


@pytest.mark.parametrize("letter", ["C", "D"])
def test_a_335_has_two_inputs(letter: str) -> None:
    """It is the bench file that is wrong, not the instrument; nothing is sent."""
    here = Identity("LSCI", "MODEL335", "1", "1")
    with expected_protocol(LakeShore33x, [], identity=here, input=letter) as controller, pytest.raises(
            ConfigurationError, match=f"a 335 has the inputs A and B, not {letter}. Correct input in the options"):
        controller.initialise()
    pairs = [(f"OUTMODE 1,1,{'ABCD'.index(letter) + 1},0", None), ("OUTMODE? 1", f"1,{'ABCD'.index(letter) + 1},0")]
    here = Identity("LSCI", "MODEL336", "1", "1")
    with expected_protocol(LakeShore33x, pairs, identity=here, input=letter) as controller:
        controller.initialise()


@pytest.mark.sabotage("output")
def test_sentio_moves_separated_and_asks_where_it_is() -> None:
    pairs = [("map:get_num_dies Present", "0,0,2"), ("map:path:get_die 0", "0,0,-1,0"),
             ("map:path:get_die 1", "0,0,3,-4"), ("move_chuck_separation", "0,0,-250.0"),
             ("get_chuck_z C", "0,0,-250.0"),
             ("map:step_die 3, -4, 1", "1024,0,3,-4,1"), ("map:die:get_current_index", "0,0,1,3,-4"),
             ("map:die:get_current_subsite", "0,0,1"), ("move_chuck_contact", "0,0,0.0"), ("get_chuck_z C", "0,0,0.0")]
    with driver(MpiSentio, pairs) as prober:
        assert isinstance(prober, Prober)
        prober.move_to(Site(3, -4, 1))
        prober.contact()


def test_what_sentio_refuses_is_an_error() -> None:
    with driver(MpiSentio, [("move_chuck_contact", "23,0,Contact height not set")]) as prober, pytest.raises(
            InstrumentError, match="'move_chuck_contact' was refused: 23 Contact height not set"):
        prober.contact()
    with driver(MpiSentio, [("move_chuck_contact", "0,0,-1"), ("get_chuck_z C", "0,0,-50.0")]) as prober, pytest.raises(
            InstrumentError, match="prober says that it is not in contact"):
        prober.contact()
    pairs = [("map:get_num_dies Present", "0,0,1"), ("map:path:get_die 0", "0,0,-1,0")]
    with driver(MpiSentio, pairs) as prober, pytest.raises(LimitError, match="no die in column 9, row 9"):
        prober.move_to(Site(9, 9))
    pairs += [("move_chuck_separation", "0,0,-250.0"), ("get_chuck_z C", "0,0,-250.0"),
              ("map:step_die -1, 0, 0", "0,0,-1,0,0"), ("map:die:get_current_index", "0,0,1,2,-4"),
              ("map:die:get_current_subsite", "0,0,1")]
    with driver(MpiSentio, pairs) as prober, pytest.raises(
            InstrumentError, match=r"moved to column 2, row -4, subsite 1 instead of column -1, row 0\. Check"):
        prober.move_to(Site(-1, 0))


@pytest.mark.sabotage("output")
def test_velox_moves_separated_and_asks_where_it_is() -> None:
    status = "0: 15 16 0 0 None 1 {} 0 0 0 0"
    pairs = [("GetNumDies", "0: 1"), ("GetDieDataAsColRow 1", "0: 3 -4 0 1"), ("MoveChuckSeparation", "0: "),
             ("ReadChuckStatus", status.format("S")), ("StepNextDie 3 -4 0", "0: 3 -4 0 1"),
             ("ReadMapPosition", "0: 3 -4 3000.0 -4000.0 0 1 1 1"), ("MoveChuckContact", "0: "),
             ("ReadChuckStatus", status.format("C"))]
    with driver(FormFactorVelox, pairs) as prober:
        prober.move_to(Site(3, -4))
        prober.contact()
    with driver(FormFactorVelox, [("MoveChuckContact", "5: No contact height")]) as prober, pytest.raises(
            InstrumentError, match="was refused: 5 No contact height"):
        prober.contact()


@pytest.mark.sabotage("units", "output")
@pytest.mark.parametrize(("kind", "word", "value", "reply"), [
    (MeatestM632, ":SOUR:RES", 4000.0, "4.000000E+03"), (MeatestM525, ":SOUR:CAP", 2e-9, "2.000000E-09")])
def test_a_decade_box_sets_connects_and_reads_back(kind: Any, word: str, value: float, reply: str) -> None:
    pairs = [(f"{word} {str(value).removesuffix('.0')}", None), (":OUTP ON", None), (f"{word}?", reply),
             (":SYST:ERR?", "0, No Error"), (":OUTP?", "1")]
    with driver(kind, pairs) as box:
        assert isinstance(box, DecadeBox) and box.set_value(value) == value
        for wrong in (0.0, 1e12, float("inf")):
            with pytest.raises(LimitError):
                box.set_value(wrong)


def test_a_decade_box_that_sets_something_else_is_an_error() -> None:
    with driver(MeatestM632, [(":SOUR:RES 4000", None), (":OUTP ON", None),
                              *[(":SOUR:RES?", "1.0E+02")] * 2]) as box, (
            pytest.raises(InstrumentError, match="100 Ohm")):
        box.set_value(4000.0)
    assert OutputState("x", False) not in box.output_states()


@pytest.mark.parametrize("reply", ["inf", "9.9E+37", "0", "-4000", "nan"])
def test_a_decade_box_does_not_have_a_value_outside_of_its_bounds(reply: str) -> None:
    with driver(MeatestM632, [(":SOUR:RES?", reply)]) as box, pytest.raises((InstrumentError, CommunicationError)):
        box.value()


@pytest.mark.parametrize(("kind", "questions"), [
    (MpiSentio, ("status:get_machine_status", "map:get_num_dies Present", "map:path:get_die 3",
                 "map:die:get_current_index", "map:die:get_current_subsite", "get_chuck_z C")),
    (FormFactorVelox, ("ReadChuckStatus", "ReadMapPosition", "GetNumDies", "GetDieDataAsColRow 2")),
    (LakeShore33x, ("KRDG? A", "RDGST? A", "SETP? 1", "RAMP? 1", "RANGE? 1", "HTR? 1", "HTRST? 1", "OUTMODE? 1")),
])
def test_questions_that_change_nothing_may_be_sent_again(kind: Any, questions: tuple[str, ...]) -> None:
    for question in questions:
        assert kind.language.may_be_repeated(question, kind.repeatable), question
