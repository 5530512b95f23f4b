"""What each setting of the models is after a reset, and its bounds, as the programming guides print them.

A line of a table has a header; what its query answers after ``*RST``; and for numbers the answers to MIN, MAX and DEF
("-": the instrument refuses that word).
"""

from collections.abc import Callable
from typing import Any

import pytest

from tsbench.netlist import parse_value
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.instrument import Placement
from tsbench.simulated_backends.virtual_instruments.registry import instrument_class

GENERATOR = """
    FUNC                  SIN
    FREQ                  1k      1u      120M
    FREQ:MODE             CW
    VOLT                  0.1     1m      10
    VOLT:OFFS             0       -4.95   4.95
    VOLT:UNIT             VPP
    VOLT:RANG:AUTO        ON
    VOLT:LIM:HIGH         5       -       -       -
    VOLT:LIM:LOW          -5      -       -       -
    VOLT:LIM:STAT         0
    OUTP                  0
    OUTP:LOAD             50
    OUTP:POL              NORM
    PHAS                  0       -360    360     0
    FUNC:SQU:DCYC         50      0.01    99.99   50
    FUNC:RAMP:SYMM        100     0       100     100
    FUNC:NOIS:BAND        100k    1m      120M    -
    FUNC:PULS:HOLD        WIDT
    FUNC:PULS:WIDT        100u    5n      1M      100u
    FUNC:PULS:TRAN:LEAD   10n     2.9n    1u      10n
    FUNC:PULS:TRAN:TRA    10n     2.9n    1u      10n
    FUNC:ARB:SRAT         40k     1u      1G      -
    FUNC:ARB:FILT         STEP
    FUNC:ARB:ADV          SRAT
    BURS:STAT             0
    BURS:MODE             TRIG
    BURS:NCYC             1       1       100M    1
    BURS:INT:PER          10m     1u      8000    10m
    BURS:PHAS             0       -360    360     0
    BURS:GATE:POL         NORM
    TRIG:SOUR             IMM
    TRIG:SLOP             POS
    TRIG:DEL              0       0       1000    0
    TRIG:COUN             +1      1       1M      1
    TRIG:TIM              1       1u      8000    1
    OUTP:TRIG             0
    OUTP:TRIG:SLOP        POS
    OUTP:TRIG:SOUR        CH1
    OUTP:SYNC             1
    OUTP:SYNC:SOUR        CH1
    OUTP:SYNC:MODE        NORM
    OUTP:SYNC:POL         NORM
    FORM:BORD             NORM
    FREQ:STAR             100     1u      120M    100
    FREQ:STOP             1k      1u      120M    1k
    FREQ:CENT             550
    FREQ:SPAN             900
    SWE:STAT              0
    SWE:TIME              1       1m      250k    1
    SWE:HTIM              0       0       3600    0
    SWE:RTIM              0       0       3600    0
    SWE:SPAC              LIN
    MARK:CYCL             2       2       100M    2
    MARK:FREQ             500     1u      120M    500
    LIST:DWEL             1       1u      1M      1
    LIST:FREQ:POIN        +3
    AM:STAT               0
    AM                    100     0       120     100
    AM:DSSC               0
    AM:SOUR               INT
    AM:INT:FUNC           SIN
    AM:INT:FREQ           100     1u      120M    100
    FM                    100     1u      120M    100
    FM:INT:FREQ           10      1u      120M    10
    PM:DEV                180     0       360     180
    PWM:DEV               10u     0       1M      10u
    PWM:DEV:DCYC          1
    FSK:FREQ              100     1u      120M    100
    FSK:INT:RATE          10      125u    1M      10
    BPSK:PHAS             180     0       360     180
    BPSK:INT:RATE         10      125u    1M      10
    SUM:AMPL              0.1     0       100     0.1
    SUM:INT:FREQ          100     1u      120M    100
    FUNC:PRBS:DATA        PN7
    FUNC:PRBS:BRAT        1k      1m      200M    1k
    FREQ:COUP             0
    FREQ:COUP:MODE        RAT
    FREQ:COUP:RAT         1       1m      1000    1
    VOLT:COUP             0
    COMB:FEED             NONE
    TRAC                  OFF
    INIT:CONT             1
    ROSC:SOUR             INT
    UNIT:ANGL             DEG
    DISP                  1
    DISP:TEXT             ""
"""
SCOPE = """
    CHAN1:COUP            DC
    CHAN1:IMP             ONEM
    CHAN1:BWL             0
    CHAN1:DISP            1
    CHAN2:DISP            0
    CHAN4:DISP            0
    CHAN1:INV             0
    CHAN3:LAB             "3"
    CHAN1:UNIT            VOLT
    CHAN1:VERN            0
    CHAN1:PROB            1       1m      10k     -
    CHAN1:PROB:SKEW       0       -100n   100n    -
    CHAN1:RANG            40      -       -       -
    CHAN1:SCAL            5
    CHAN1:OFFS            0       -       -       -
    CHAN1:PROT            NORM
    TIM:MODE              MAIN
    TIM:RANG              1m      -       -       -
    TIM:POS               0       -500    500     -
    TIM:REF               CENT
    TRIG:MODE             EDGE
    TRIG:SWE              AUTO
    TRIG:HOLD             40n     40n     10      -
    TRIG:NREJ             0
    TRIG:SOUR             CHAN1
    TRIG:SLOP             POS
    TRIG:COUP             DC
    TRIG:REJ              OFF
    TRIG:LEV              0
    EXT:PROB              1       1m      10k     -
    EXT:RANG              8       -       -       -
    EXT:UNIT              VOLT
    ACQ:TYPE              NORM
    ACQ:MODE              RTIM
    ACQ:COUN              8       2       65536   8
    ACQ:COMP              100     100     100     -
    ACQ:SEGM:COUN         2       2       1000    2
    ACQ:SEGM:IND          1       1       1000    1
    WAV:SOUR              CHAN1
    WAV:FORM              BYTE
    WAV:BYT               MSBF
    WAV:UNS               1
    WAV:POIN:MODE         NORM
    WAV:VIEW              MAIN
    WAV:SEGM:ALL          0
    WAV:POIN              62500
    WAV:TYPE              NORM
    WAV:COUN              1
    WAV:SEGM:COUN         0
    ACQ:POIN              2M
    ACQ:SRAT              2G
"""
METER = """
    SOUR:FUNC             VOLT
    SOUR:VOLT             0       -210    210     0
    SOUR:CURR             0       -1.05   1.05    0
    SOUR:VOLT:RANG        20m     -210    210     20m
    SOUR:CURR:RANG        10n     -1.05   1.05    10n
    SOUR:VOLT:RANG:AUTO   1
    SOUR:VOLT:ILIM        105u    1n      1.05    105u
    SOUR:CURR:VLIM        21      20m     210     21
    SOUR:VOLT:ILIM:TRIP   0
    SOUR:CURR:VLIM:TRIP   0
    SOUR:VOLT:DEL         0       0       10k     0
    SOUR:CURR:DEL:AUTO    1
    SOUR:VOLT:DEL:USER3   0       0       10k     0
    SOUR:VOLT:READ:BACK   1
    SOUR:VOLT:HIGH:CAP    0
    SOUR:VOLT:PROT        NONE
    SOUR:VOLT:PROT:TRIP   0
    OUTP                  0
    OUTP:VOLT:SMOD        NORM
    OUTP:INT:TRIP         1
    SENS:FUNC             "CURR:DC"
    SENS:VOLT:RANG        20m     -210    210     -
    SENS:CURR:RANG        100u    -1.05   1.05    -
    SENS:RES:RANG         200M    -210M   210M    -
    SENS:CURR:RANG:AUTO   1
    SENS:CURR:RANG:AUTO:LLIM  0   0       -       -
    SENS:CURR:NPLC        1       10m     10      1
    SENS:CURR:AZER        1
    SENS:CURR:RSEN        0
    SENS:CURR:DEL:USER1   0       0       10k     0
    SENS:CURR:UNIT        AMP
    SENS:VOLT:UNIT        VOLT
    SENS:RES:UNIT         OHM
    SENS:CURR:AVER        0
    SENS:CURR:AVER:TCON   REP
    SENS:CURR:AVER:COUN   10      1       100     10
    SENS:RES:OCOM         0
    SENS:COUN             1       1       300k    1
    FORM                  ASC
    FORM:BORD             SWAP
    FORM:ASC:PREC         0       0       16      0
    TRAC:FILL:MODE        CONT
    TRAC:POIN             100k
    TRAC:ACT              0
    TRAC:ACT:STAR         0
    TRAC:STAT:AVER        0
    TRIG:STAT             EMPTY;EMPTY;0
    ROUT:TERM             FRON
    SYST:ACC              FULL
    SYST:LFR              50
    DISP:SCR              "HOME"
    DISP:LIGH:STAT        "ON75"
    *LANG                 SCPI
"""


def placed(model: str) -> Callable[[str], str]:
    """Put an instrument on a bench without a circuit; return what asks it a question."""
    bench = BenchServices(1, imperfections=False)
    instrument: Any = instrument_class(model)(bench, Placement("it", "SIM1", {}))

    def ask(question: str) -> str:
        bench.clock.wait(1e-3)
        instrument.exchange.recv(question.encode(), True)
        return str(instrument.exchange.talk(1000)[0].decode().strip()) if instrument.exchange.output_ready else "-"

    return ask


def as_number(text: str) -> Any:
    try:
        return pytest.approx(parse_value(text.replace("M", "meg")), rel=1e-6)
    except ValueError:
        return None


@pytest.mark.parametrize(("model", "table"), [
    ("keysight_33622a", GENERATOR), ("keysight_dsox3054t", SCOPE), ("keithley_2450", METER)])
def test_settings_after_a_reset_and_their_bounds(model: str, table: str) -> None:
    ask = placed(model)
    for line in table.strip().splitlines():
        header, *printed = line.split()
        for word, expected in zip(("", " MIN", " MAX", " DEF"), printed, strict=False):
            found = ask(f":{header}?{word}".replace(":*", "*"))
            number = as_number(expected)
            same = found == expected if number is None or found == "-" else float(found) == number
            assert same, f"{header}?{word}: {found}"
