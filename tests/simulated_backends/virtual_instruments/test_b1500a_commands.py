"""The virtual B1500A against command strings and replies of its Programming Guide."""

import pytest

from tests.fixtures.parameter_analyser import Analyser
from tsbench.errors import ConfigurationError

FOUR = {"1": "a", "2": "b"}
TWO_RESISTORS = "R1 a 0 10k\nR2 b 0 1k\n"


def test_identity_and_modules() -> None:
    analyser = Analyser(options={"slots": {"1": "B1517A", "3": "B1510A", "5": "B1520A", "6": "B1530A", "10": "B1525A"}})
    assert analyser.ask("*IDN?") == "Agilent Technologies,B1500A,SIM1,A.06.02.2023.0401"
    assert analyser.ask("UNT?") == "B1517A,0;0,0;B1510A,0;0,0;B1520A,0;B1530A,0;0,0;0,0;0,0;B1525A,0"
    assert int(analyser.ask("*TST?")) == 1 << 4   # the one that measures nothing


@pytest.mark.parametrize("slots", [
    {"0": "B1517A"}, {"11": "B1517A"}, {"1": "B1500"}, {"1": "B1510A"}, {"1": "B1517A", "2": "B1510A"}, "B1517A"])
def test_impossible_modules(slots: object) -> None:
    with pytest.raises(ConfigurationError, match="slot"):
        Analyser(options={"slots": slots})


def test_a_terminal_needs_a_module() -> None:
    with pytest.raises(ConfigurationError, match="'7'"):
        Analyser(nodes={"7": "a"})


@pytest.mark.parametrize(("commands", "code"), [
    ("*CLS", 100), ("XYZ 1", 100), (":SOUR:VOLT 1", 100), ("DV 1,0,1V", 102), ("DV 1,0", 103), ("CN 0", 121),
    ("DV 1,0,1", 200), ("TI 1", 200), ("TI 9", 153), ("CN 9", 153), ("CN 1,1", 122), ("MM 2", 122), ("MM 3,1,2", 122),
    ("MM 7,1", 120), ("MM 18,5", 152), ("CN 1;DV 1,0,101", 120), ("CN 1;DV 1,15,1", 124), ("CN 1;DV 1,0,1,0.11", 123),
    ("CN 1;DV 1,0,30,0.06", 123), ("CN 1;DV 1,0,50,0.021", 123), ("CN 1;DV 1,0,1,0", 123), ("CN 3;DI 3,9,1E-12", 124),
    ("CN 1;DI 1,0,0.1,21", 123), ("CN 1;TI 1,20", 124), ("RZ 1", 205), ("XE", 214), ("CN 1;MM 2,1;XE", 220),
    ("CN 1;MM 3,1;XE", 223), ("CN 1;MM 4,1;XE", 222), ("WV 1,2,0,0,1,5", 130), ("WV 1,1,0,0,1,1002", 120),
    ("WSV 2,0,0,1", 220), ("PT 0,0.0001", 120), ("PT 0,0.1,0.1", 120), ("MT 0,0.00005,10", 120),
    ("MT 0,0.1,100002", 120),
    ("TGP -1,2,1,1", 620), ("END", 161), ("SPPER 1E-6", 153), ("FMT 3", 120), ("AIT 1,3,1", 120), ("AAD 1,3", 120),
    ("WT 0,0.1,0,0.2", 120), ("SSR 1,2", 120), ("*TST? 9", 153), ("AB 1;CN 1", None), ("CN 1;CL 1;ERR?", None)])
def test_errors(commands: str, code: int | None) -> None:
    analyser = Analyser()
    analyser.send(commands)
    analyser.exchange.clear_data()
    assert analyser.errors() == ([] if code is None else [code])


def test_errx_tells_code_and_text() -> None:
    analyser = Analyser()
    analyser.send("XYZ", "CN 7")
    assert analyser.ask("ERRX?") == '+100,"Undefined GPIB command."'
    assert analyser.ask("ERRX?") == '+153,"No module for this command.; SLOT7"'
    assert analyser.ask("ERRX?") == '+0,"No Error."'
    assert analyser.ask("ERRX? 1") == "+0"
    assert analyser.ask("EMG? 200") == "Channel output switch must be ON."


def test_cn_starts_at_zero_and_dz_remembers() -> None:
    analyser = Analyser()
    analyser.send("CN 1")
    assert analyser.ask("*LRN? 1") == "DV1,12,0.0000E+00,1.0000E-04,0,0"
    analyser.send("DV 1,0,2,1E-3", "DZ 1")
    assert analyser.ask("*LRN? 1") == "DV1,12,0.0000E+00,1.0000E-04,0,0"
    assert analyser.value("TV 1") == pytest.approx(0.0, abs=1e-6)
    analyser.send("RZ 1")
    assert analyser.ask("*LRN? 1") == "DV1,0,2.0000E+00,1.0000E-03,0,0"
    assert analyser.value("TV 1") == pytest.approx(2.0, abs=1e-4)
    analyser.send("RZ 1")
    assert analyser.errors() == [205]
    assert analyser.ask("*LRN? 0") == "CN1"
    analyser.send("CL")
    assert analyser.ask("*LRN? 0") == "CL"


def test_the_compliance_stays_where_a_command_names_none() -> None:
    analyser = Analyser()
    analyser.send("CN 1", "DV 1,0,1,2E-3", "DV 1,0,2")
    assert analyser.ask("*LRN? 1") == "DV1,0,2.0000E+00,2.0000E-03,0,0"


def test_learn() -> None:
    analyser = Analyser(netlist=TWO_RESISTORS, nodes=FOUR, options={"slots": {"1": "B1517A", "2": "B1511B"}})
    analyser.send("CN", "FL 1,2", "SSR 2,1", "CMM 2,4", "RI 1,-17", "AAD 1,1", "AIT 1,2,4", "AV -3", "TSC 1",
                  "WM 2,2", "WT 0.5,0.01", "WV 1,3,0,0,1,11,1E-3", "WSV 2,0,0,0.5", "MM 2,1,2", "MT 0,0.01,50", "PAD 1")
    assert analyser.errors() == []
    for kind, text in {
        0: "CN1,2", 30: "FL0,1;FL1,2", 31: "TM1;AV-3,0;CM0;FMT1,0;MM2,1,2", 32: "RI1,-17;RV1,0;RI2,0;RV2,0",
        33: "WM2,2;WT0.50,0.0100,0.0000,0.0000,0.0000;WV1,3,0,0.0000E+00,1.0000E+00,11,1.0000E-03;"
            "WSV2,0,0.0000E+00,5.0000E-01,1.0000E-04",
        46: "CMM1,0;CMM2,4", 53: "SSR1,0;SSR2,1", 54: "RM1,1;RM2,1", 55: "AAD1,1;AAD2,0",
        56: "AIT0,2,3;AIT1,2,4;AIT2,0,1;AZ0", 60: "TSC1", 110: "PAD1",
    }.items():
        assert analyser.ask(f"*LRN? {kind}") == text
    assert analyser.ask("WNU?") == "22"
    analyser.send("*RST")
    assert analyser.ask("*LRN? 31") == "TM1;AV1,0;CM0;FMT1,0"
    assert analyser.ask("*LRN? 55") == "AAD1,0;AAD2,0"


def test_channel_mapping() -> None:
    analyser = Analyser(netlist=TWO_RESISTORS, nodes=FOUR)
    analyser.send("ACH 2,7", "CN 7", "DV 7,0,1,1E-2")
    assert analyser.errors() == []
    assert analyser.value("TI 7") == pytest.approx(1e-3, rel=1e-3)
    analyser.send("ACH", "TI 7")
    assert analyser.errors() == [153]


def test_status_byte_and_service_request() -> None:
    analyser = Analyser()
    assert analyser.exchange.serial_poll() == 0x10
    analyser.send("*SRE 32", "XYZ")
    assert analyser.exchange.serial_poll() == 0x10 | 0x20 | 0x40
    assert analyser.exchange.serial_poll() == 0x10
    analyser.send("XYZ")
    assert analyser.exchange.serial_poll() & 0x60 == 0x60
    assert analyser.errors() == [100, 100]
    assert analyser.ask("*STB?") == "16"
    analyser.send("*SRE 1", "CN 1", "TI 1")
    assert analyser.exchange.serial_poll() == 0x10 | 0x01 | 0x40
    analyser.read()
    assert analyser.exchange.serial_poll() == 0x10
    analyser.send("MM 2,1", "WV 1,1,0,0,1,50", "WT 0,0.1", "*SRE 16")
    analyser.begin("XE")
    assert analyser.exchange.serial_poll() & 0x10 == 0
    analyser.finish()
    assert analyser.exchange.serial_poll() == 0x10 | 0x01 | 0x40


def test_interlock() -> None:
    closed, open_ = Analyser(), Analyser(options={"interlock": False})
    for analyser in (closed, open_):
        analyser.send("CN 1", "DV 1,0,42,1E-2", "*SRE 8")
        assert analyser.errors() == []
        analyser.send("DV 1,0,43,1E-2")
    assert closed.errors() == []
    assert open_.errors() == [202]
    assert open_.exchange.serial_poll() == 0x10 | 0x08 | 0x40
    assert open_.exchange.serial_poll() == 0x10
    assert [one.ask("DIAG? 7") for one in (closed, open_)] == ["0", "1"]
    assert [one.ask("DIAG? 6") for one in (closed, open_)] == ["1", "0"]
    open_.send("DI 1,0,1E-6,43", "WV 1,1,0,0,50,3")
    assert open_.errors() == [202, 202]


def test_operation_status() -> None:
    analyser = Analyser()
    analyser.send("CN 1", "DV 1,0,2,1E-4")
    analyser.bench.clock.wait(0.01)
    assert analyser.ask("LOP?") == "LOP11," + ",".join(["00"] * 9)
    analyser.send("DV 1,0,-2,1E-4")
    analyser.bench.clock.wait(0.01)
    assert analyser.ask("LOP?")[:5] == "LOP12"
    analyser.send("DI 1,0,1E-5,2")
    analyser.bench.clock.wait(0.01)
    assert analyser.ask("LOP?")[:5] == "LOP20"


def test_programs() -> None:
    analyser = Analyser()
    analyser.send("ST 1;CN 1;DV 1,0,1,1E-3;END", "ST 2", "TI 1", "END")
    assert analyser.ask("*LRN? 0") == "CL"
    assert analyser.ask("DO 1,2").startswith("NAI")
    assert analyser.ask("LST?") == "2,1,2"
    assert analyser.ask("LST? 2") == "ST2\r\nTI 1\r\nEND"
    analyser.send("SCR", "DO 1")
    assert analyser.errors() == []
    assert analyser.ask("LST?") == "0"


def test_a_device_clear_ends_the_storing_of_a_program() -> None:
    analyser = Analyser()
    analyser.send("ST 2", "TI 1")
    analyser.exchange.device_clear()
    assert analyser.ask("*IDN?").startswith("Agilent Technologies,B1500A")
    assert analyser.ask("LST? 2") == "ST2\r\nTI 1\r\nEND"


def test_group_trigger_starts_a_measurement_in_mode_1_only() -> None:
    analyser = Analyser()
    analyser.send("CN 1", "DV 1,0,1,1E-3", "MM 1,1")
    analyser.exchange.group_trigger()
    analyser.finish()
    assert analyser.read().startswith("NAI")
    analyser.send("TM 3")
    analyser.exchange.group_trigger()
    analyser.finish()
    assert analyser.errors() == [211]


def test_triggers_out_and_in() -> None:
    analyser = Analyser(wires={"spa.trigger_in": "spa.trigger_out"})
    analyser.send("OSX -2,2")
    analyser.begin("WSX -1")   # one that has come since the last wait is enough
    analyser.finish()
    start = analyser.bench.clock.now
    analyser.begin("PAX -1,2")   # this waits for the next, which never comes
    assert analyser.exchange.serial_poll() & 0x02
    analyser.finish()
    assert analyser.bench.clock.now - start == pytest.approx(2.0, abs=0.01)
    assert analyser.errors() == []


def test_power_cycle() -> None:
    analyser = Analyser()
    analyser.send("CN 1", "DV 1,0,1", "ST 1;CN 1;END", "XYZ")
    analyser.instrument.power_cycle()
    analyser.bench.clock.wait(0.01)
    assert analyser.errors() == []
    assert analyser.ask("*LRN? 0") == "CL"
    assert analyser.ask("LST?") == "0"
    assert not any(analyser.instrument.output_states().values())


def test_a_capacitance_meter_takes_settings_and_measures_nothing() -> None:
    analyser = Analyser(options={"slots": {"1": "B1517A", "3": "B1520A"}})
    analyser.send("IMP 101", "ACT 2,1", "FC 3,1E5", "ACV 3,0.05", "DCV 3,1", "ADJ 3,1", "LMN 1", "WMDCV 2,1",
                  "WTDCV 0.5,0.1", "WDCV 3,1,-1,1,11")
    assert analyser.errors() == []
    assert analyser.ask("*LRN? 70") == "IMP101"
    assert analyser.ask("*LRN? 72") == "ACT2,1"
    assert analyser.ask("*LRN? 100") == (
        "WMDCV2,1;WTDCV0.50,0.1000,0.0000,0.0000,0.0000;WDCV3,1,-1.0000,1.0000,11")
    for command, code in (("IMP 7", 120), ("ACT 2,101", 120), ("FC 3,100", 120), ("DCV 1,1", 151), ("DCV 5,1", 153),
                          ("WDCV 3,2,-1,1,11", 130), ("TC 3,0", 152), ("TI 3", 152), ("CN 3", 152)):
        analyser.send(command)
        assert analyser.errors() == [code], command
    without = Analyser()
    without.send("IMP 101")
    assert without.errors() == [153]
