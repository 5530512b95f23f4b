"""KXCI: parser, acknowledgements, last error, status byte."""

import pytest

from tests.fixtures.kxci_analyser import KxciAnalyser
from tsbench.simulated_backends.kxci.errors import KxciError
from tsbench.simulated_backends.kxci.syntax import Name, WholeNumber, arguments, kxci_commands, parse_command


@pytest.mark.parametrize(("text", "name", "parameters"), [
    ("DV1,0,1.5,0.01", "DV", ("1", "0", "1.5", "0.01")),
    (" DV 1, 0, 1.5, 0.01 ", "DV", ("1", "0", "1.5", "0.01")),
    ("*IDN?", "*IDN?", ()), ("SP", "SP", ()), ("ME1", "ME", ("1",)),
    (":PMU:DATA:COUNT? 1", ":PMU:DATA:COUNT?", ("1",)),
    ("CH1, 'V1', 'I1', 1, 3", "CH", ("1", "'V1'", "'I1'", "1", "3")),
    (":PMU:RPM:CONFIGURE PMU1-1, 0", ":PMU:RPM:CONFIGURE", ("PMU1-1", "0")),
])
def test_commands(text: str, name: str, parameters: tuple[str, ...]) -> None:
    found = parse_command(text)
    assert (found.name, found.parameters) == (name, parameters)


@pytest.mark.parametrize("text", ["", "1", "dv1", "*", ":", "D"])
def test_what_is_no_command(text: str) -> None:
    with pytest.raises(KxciError, match="-992"):
        parse_command(text)


def test_messages_and_parameters() -> None:
    assert kxci_commands("US;DV1,0,1,0.1") == ["US", "DV1,0,1,0.1"]
    assert kxci_commands("DO 'A;B';SP") == ["DO 'A;B'", "SP"]
    assert arguments((Name(), WholeNumber(1, 3)), ("'ABCDEFT'", "2")) == ["ABCDEFT", 2]
    for texts in (("'abc'", "2"), ("'ABCDEFGT'", "2"), ("'A'", "4"), ("'A'", "1.5"), ("'A'",), ("'A'", "1", "1")):
        with pytest.raises(KxciError):
            arguments((Name(), WholeNumber(1, 3)), texts)


def test_each_message_has_a_reply_on_a_socket() -> None:
    found = KxciAnalyser()
    assert found.ask("*IDN?") == "KEITHLEY INSTRUMENTS,KI4200A,SIM1,V1.14"
    assert found.ask("ID") == "KI4200A V1.14"
    assert found.ask("*OPT?") == "SMUPA1,SMUPA2,HPSMU3,HPSMU4,PMU1RPM1-2"
    assert found.ask("US") == "ACK" and found.ask("US;DV1,0,1,0.001") == "ACK"
    assert found.ask("ZZ") == "KXCI command error. ZZ (-992)"
    assert found.ask(":ERROR:LAST:GET") == "KXCI command error. ZZ (-992)"   # it stays until it is cleared
    assert found.ask(":ERROR:LAST:GET") != "" and found.ask("SP") == "2" and found.ask("SP") == "0"
    found.send(":ERROR:LAST:CLEAR")
    assert found.ask(":ERROR:LAST:GET") == ""


def test_only_questions_are_answered_on_gpib() -> None:
    found = KxciAnalyser(resource="GPIB0::17::INSTR")
    assert found.ask("US") == "" and not found.exchange.output_ready
    assert found.ask("ZZ") == "" and not found.exchange.output_ready
    assert found.ask("TV1").startswith("NAV ")
    assert found.ask(":ERROR:LAST:GET") == "KXCI command error. ZZ (-992)"


def test_commands_belong_to_pages() -> None:
    found = KxciAnalyser()
    for page, command in (("DE", "DV1,0,1,0.001"), ("US", "CH1,'V1','I1',1,1"), ("MD", "VC1,1,0.001"), ("SS", "ME1")):
        found.send(page)
        assert "command of the page" in found.ask(command)


def test_service_request_when_data_are_ready() -> None:
    found = KxciAnalyser()
    found.send("DR1", "DE", "CH1,'V1','I1',1,3", "SS", "VC1,1,0.001", "MD")
    found.run("ME1")
    assert found.exchange.serial_poll() & 0x41 == 0x41
    assert found.ask("SP") == "1"
    found.send("BC")
    assert found.ask("SP") == "0"


@pytest.mark.parametrize("command", [
    "DV9,0,1,0.1", "DV1,6,1,0.1", "DV1,0,211,0.001", "DV1,0,1,0.2", "DV1,1,22,0.01", "DV1,0,30,0.1", "DI1,10,1,1",
    "DI1,0,0.2,1", "DV1,0,x,0.1", "DV1,0,1,0.1,5", "IT5", "IT4", "IT1,1,1,1", "IT4,1,1,11", "RS 2", "RI 1,2,0.1",
    "EC 1", "EM 0,0", ":PMU:INIT 2", ":PMU:LOAD 1, 0.5", ":PMU:MEASURE:RANGE 1, 2, 0.02", ":PMU:SOURCE:RANGE 1, 20",
    ":PMU:PULSE:TRAIN 1, 0, 11", ":PMU:PULSE:TIMES 1, 1e-6, 9.95e-7, 2e-8, 2e-8", ":PMU:SARB:SEQ:TIME 1, 1, 1e-6",
    ":PMU:MEASURE:PIV 1, 0, 0", ":PMU:EXECUTE", ":PMU:OUTPUT:STATE 3, 1", ":PMU:SWEEP:DC 1, 0, 5, 0",
    ":PMU:INIT 1e999", ":PMU:SWEEP:DC 1, 0, 5, 1e-320", ":PMU:SWEEP:DC 1, 1e999, 1e999, 1", "DV1,0,1e999,0.1",
])
def test_refused_commands_change_nothing(command: str) -> None:
    found = KxciAnalyser()
    found.send("US")
    assert found.ask(command).endswith(")")
    assert not any(found.instrument.output_states().values())
    assert found.ask(":ERROR:LAST:GET") != ""


def test_malformed_messages() -> None:
    found = KxciAnalyser()
    for message in ("'", ";;;", "CH1,'", ":PMU:", "\x00", "é", "DV" * 5000, ":" * 3000, "DO ''", "DO 'A", "RD 'V1'"):
        found.ask(message)
    assert found.ask("*IDN?").startswith("KEITHLEY")
    assert not any(found.instrument.output_states().values())
