"""The virtual Lake Shore controllers: alarms, relays, extreme readings, zones, status registers and the front panel."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulated_backends.virtual_instruments.test_virtual_lakeshore import opened, say
from tsbench.simulated_backends.world.world import World, close_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    found = opened(tmp_path)
    yield found
    close_world(found)


def warmed(world: World, percent: float, seconds: float) -> float:
    """Heat with part of 100 W, into 2 K/W, for a time [s]; return the reading [K]."""
    say(world, f"OUTMODE 1,3,0,0;MOUT 1,{percent};RANGE 1,3")
    world.clock.wait(seconds)
    return float(say(world, "KRDG? A"))


@pytest.mark.parametrize(("message", "reply"), [
    ("ALARM? B", "0,+1000.00,+0.00000,+1.00000,0,1,1"),
    ("ALARM B,1,270,-5,2.5,1,0,1;ALARM? B", "1,+270.000,-5.00000,+2.50000,1,0,1"),
    ("ALARM B,1,270,0,1,1,0,1;ALARM B,0,,,,,,;ALARM? B", "0,+270.000,+0.00000,+1.00000,1,0,1"),
    ("ALARM A,0;ALARM? A", "0,+1000.00,+0.00000,+1.00000,0,1,1"),
    ("ALARMST? A", "0,0"), ("RELAY? 2", "0,A,0"), ("RELAY 1,2,B,0;RELAY? 1", "2,B,0"),
    ("RELAY 1,2,B,1;RELAY 1,1,,;RELAY? 1;RELAYST? 1;RELAYST? 2", "1,B,1;1;0"),
    ("MDAT? A;MDAT? B", "+296.000,+296.000;+0.000,+0.000"), ("OPSTE?", "000"), ("OPSTE 17;OPSTE?", "017"),
    ("LOCK?", "0,123"), ("LOCK 1,7;LOCK?", "1,007"), ("LEDS?", "1"), ("LEDS 0;LEDS?", "0"),
    ("BRIGT 28;BRIGT?", "28"), ("DISPLAY 4,0,1;DISPLAY?", "4,0,1"), ("DISPFLD 8,4,6;DISPFLD? 8", "4,6"),
    ("MODE 2;MODE?", "2"), ("ZONE? 2,10", "+0.000,+0050.0,+0020.0,+0000.0,+0.00,0,0,+0.100"),
    # the example of the manual of the 336
    ("ZONE 1,1,25.0,10,20,0,0,2,2,10;ZONE? 1,1", "+25.000,+0010.0,+0020.0,+0000.0,+0.00,2,2,+10.000"),
])
def test_settings_read_back(world: World, message: str, reply: str) -> None:
    assert say(world, message) == reply


@pytest.mark.parametrize(("message", "bit"), [
    ("ALARM E,1", 0x10), ("ALARM A,2", 0x10), ("ALARM A,1,hot", 0x20), ("ALARM A,1,9,1,-1", 0x10), ("RELAY 3,1", 0x10),
    ("RELAY 0,1", 0x10), ("RELAY 0,2,B,0", 0x10), ("RELAY -1,1", 0x10), ("RELAY? 0", 0x10), ("RELAYST? 0", 0x10),
    ("RELAY 1,3", 0x10), ("RELAY 1,2,A,3", 0x10), ("OPSTE 256", 0x10), ("MNMXRDG? A", 0x20), ("LOCK 1,1000", 0x10),
    ("LOCK 1,0123", 0x10), ("BRIGT 33", 0x10), ("DISPLAY 7,0,1", 0x10), ("DISPLAY 1", 0x20), ("DISPFLD 9,1,1", 0x10),
    ("DISPFLD 1,5,1", 0x10), ("LEDS 2", 0x10), ("ZONE 3,1,25,10,20,0,0,2,2,10", 0x10), ("ZONE? 1,11", 0x10),
    ("ZONE 1,1,25", 0x20), ("ZONE 1,1,25,10,20,0,0,4,2,10", 0x10), ("MODE 3", 0x10),
])
def test_what_is_wrong_changes_nothing(world: World, message: str, bit: int) -> None:
    asked = "ALARM? A;RELAY? 1;RELAY? 2;OPSTE?;LOCK?;BRIGT?;DISPLAY?;DISPFLD? 1;LEDS?;ZONE? 1,1;MODE?"
    before = say(world, asked)
    say(world, "*CLS")
    assert say(world, message) == "" and int(say(world, "*ESR?")) == bit
    assert say(world, asked) == before


def test_the_335_has_another_display(tmp_path: Path) -> None:
    world = opened(tmp_path, "335")
    assert say(world, "DISPLAY 7;DISPLAY?;DISPFLD 4,6,1;DISPFLD? 4;BRIGT 3;BRIGT?") == "7;6,1;3"
    say(world, "*CLS;DISPLAY 4,0,1;BRIGT 4;DISPFLD 5,1,1")
    assert say(world, "*ESR?;DISPLAY?;BRIGT?") == "48;7;3"
    close_world(world)


def test_extremes_follow_the_readings_and_are_reset(world: World) -> None:
    """The chuck goes up by 20 K and comes back; the extremes count readings that no program asked for."""
    top = warmed(world, 10, 600)
    say(world, "RANGE 1,0")
    world.clock.wait(900)
    lowest, highest = map(float, say(world, "MDAT? A").split(","))
    assert top == pytest.approx(316, abs=0.01) and highest == pytest.approx(top, abs=2e-3) and lowest == 296.0
    # in the preferred unit of the input: degrees Celsius, and volts of a diode, which fall as it warms
    say(world, "INTYPE A,1,0,0,0,2")
    assert list(map(float, say(world, "MDAT? A").split(","))) == pytest.approx([22.85, 42.85], abs=0.01)
    say(world, "INTYPE A,1,0,0,0,3")
    low, high = map(float, say(world, "MDAT? A").split(","))
    assert high == pytest.approx(float(say(world, "SRDG? A")), abs=1e-3)
    assert high - low == pytest.approx(20 * 2.3e-3, abs=2e-3)   # 2.3 mV/K at 300 K
    say(world, "INTYPE A,1,0,0,0,1;MNMXRST")
    assert say(world, "MDAT? A") == "+296.000,+296.000"


def test_an_alarm_trips_by_the_temperature_and_ends_below_its_dead_band(world: World) -> None:
    say(world, "ALARM A,1,310,290,5,0,0,1;RELAY 1,2,A,1;RELAY 2,2,A,0;*CLS")
    assert say(world, "ALARMST? A;RELAYST? 1;RELAYST? 2") == "0,0;0;0" and int(say(world, "OPST?")) & 1 == 0
    say(world, "OPSTR?")
    warmed(world, 10, 600)
    assert say(world, "ALARMST? A;RELAYST? 1;RELAYST? 2") == "1,0;1;0" and int(say(world, "OPST?")) & 1
    warmed(world, 5.5, 600)   # 307 K: within the dead band
    assert say(world, "ALARMST? A") == "1,0"
    warmed(world, 4, 600)   # 304 K
    assert say(world, "ALARMST? A;RELAYST? 1") == "0,0;0"
    assert int(say(world, "OPSTR?")) & 1 and not int(say(world, "OPSTR?")) & 1


def test_a_latched_alarm_waits_for_its_reset(world: World) -> None:
    """The alarm began and ended between two questions."""
    say(world, "ALARM A,1,310,0,0,1,0,1;RELAY 1,2,A,2")
    warmed(world, 10, 600)
    say(world, "ALMRST")
    assert say(world, "ALARMST? A") == "1,0"   # still too warm
    say(world, "RANGE 1,0")
    world.clock.wait(900)
    assert say(world, "KRDG? A") == "+296.000" and say(world, "ALARMST? A;RELAYST? 1") == "1,0;1"
    assert say(world, "ALMRST;ALARMST? A;RELAYST? 1") == "0,0;0"


def test_a_low_alarm_and_an_alarm_in_celsius(world: World) -> None:
    say(world, "ALARM A,1,1000,300,1,0,0,1;RELAY 1,2,A,0")
    assert say(world, "ALARMST? A;RELAYST? 1") == "0,1;1"
    warmed(world, 5, 600)   # 306 K
    assert say(world, "ALARMST? A;RELAYST? 1") == "0,0;0"
    say(world, "INTYPE A,1,0,0,0,2;ALARM A,1,40,-100")   # 32.85 degrees Celsius
    assert say(world, "ALARMST? A") == "0,0"
    warmed(world, 10, 600)
    assert say(world, "ALARMST? A") == "1,0"


def test_a_relay_for_both_alarms_closes_for_each(world: World) -> None:
    say(world, "ALARM A,1,310,300,1,0,0,1;RELAY 1,2,A,2")
    assert say(world, "ALARMST? A;RELAYST? 1") == "0,1;1"   # 296 K
    warmed(world, 5, 600)   # 306 K
    assert say(world, "ALARMST? A;RELAYST? 1") == "0,0;0"
    warmed(world, 10, 600)
    assert say(world, "ALARMST? A;RELAYST? 1") == "1,0;1"


def test_a_low_alarm_ends_above_its_dead_band(world: World) -> None:
    say(world, "ALARM A,1,1000,300,5,0,0,1")
    warmed(world, 3.5, 600)   # 303 K: within the dead band
    assert say(world, "ALARMST? A") == "0,1"
    warmed(world, 5, 600)   # 306 K
    assert say(world, "ALARMST? A") == "0,0"


def test_an_alarm_requests_service(world: World) -> None:
    say(world, "*CLS;ALARM A,1,310,0,1,0,0,1;OPSTR?;OPSTE 1;*SRE 128")
    assert int(say(world, "*STB?")) & 0xC0 == 0
    warmed(world, 10, 600)
    assert int(say(world, "*STB?")) & 0xC0 == 0xC0
    say(world, "OPSTR?")
    assert int(say(world, "*STB?")) & 0xC0 == 0


def test_a_ramp_that_is_done_is_an_event(world: World) -> None:
    say(world, "RAMP 1,1,30;SETP 1,306;RANGE 1,3;OPSTR?")
    world.clock.wait(5)
    assert int(say(world, "OPST?")) & 0x0C == 0
    world.clock.wait(60)
    assert int(say(world, "OPST?")) & 0x0C == 0x08 and int(say(world, "OPSTR?")) & 0x1C == 0x18


def test_the_ramp_of_the_other_loop_has_a_bit_of_its_own(world: World) -> None:
    say(world, "RAMP 2,1,30;SETP 2,306;RANGE 2,3;OPSTR?")
    world.clock.wait(5)
    assert int(say(world, "OPST?")) & 0x0C == 0
    world.clock.wait(700)
    assert int(say(world, "OPST?")) & 0x0C == 0x04 and int(say(world, "OPSTR?")) & 0x0C == 0x04


@pytest.mark.parametrize("mode", [4, 5])
def test_monitor_and_warm_up_are_modes_of_outputs_without_a_heater(world: World, mode: int) -> None:
    """A heater output refuses them, and goes on to regulate."""
    say(world, f"*CLS;OUTMODE 1,{mode},1,0;SETP 1,330;RANGE 1,3")
    world.clock.wait(300)
    assert int(say(world, "*ESR?")) == 0x10 and say(world, "OUTMODE? 1") == "1,1,0"
    assert float(say(world, "KRDG? A")) == pytest.approx(330, abs=0.05)
    assert say(world, f"OUTMODE 3,{mode},1,0;OUTMODE? 3;*ESR?") == f"{mode},1,0;0"


def test_a_zone_brings_its_input_and_its_manual_output(world: World) -> None:
    """With P = 1 alone, u = (316 K - T) + 12, and T = 296 K + 2 K u (100 W on 2 K/W): u = 32 / 3 %.

    The loop has input B before, which reads nothing.
    """
    say(world, "ZONE 1,1,400,1,0,0,12,3,1,0;OUTMODE 1,2,2,0;MOUT 1,0;SETP 1,316;RANGE 1,3")
    world.clock.wait(600)
    assert say(world, "OUTMODE? 1;MOUT? 1") == "2,1,0;+12.00"
    assert float(say(world, "KRDG? A")) == pytest.approx(296 + 2 * 32 / 3, abs=0.02)


def test_a_question_for_the_status_of_a_reading_is_no_reading(tmp_path: Path) -> None:
    """The extremes stay those of one temperature, because no noise is drawn."""
    world = opened(tmp_path, change=("imperfections = false", ""))
    say(world, "MNMXRST")
    assert {say(world, "RDGST? A") for _ in range(20)} == {"000"}
    lowest, highest = map(float, say(world, "MDAT? A").split(","))
    assert lowest == highest
    close_world(world)


def test_zones_choose_gains_and_range_as_the_set_point_ramps_through_them(world: World) -> None:
    """Up to 310 K with 10 W, which can warm by 20 K at most; above it with 100 W."""
    say(world, "ZONE 1,1,310,30,15,0,0,2,1,60;ZONE 1,2,400,60,12,1,0,3,1,20")
    say(world, "OUTMODE 1,2,1,0;RAMP 1,1,60;SETP 1,300;RANGE 1,1")
    world.clock.wait(200)
    assert say(world, "PID? 1;RANGE? 1;RAMP? 1") == "+0030.0,+0015.0,+0000.0;2;1,+60.000"
    assert float(say(world, "KRDG? A")) == pytest.approx(300, abs=0.05)
    assert float(say(world, "HTR? 1")) == pytest.approx(20, abs=1)   # 2 W of 10 W hold 4 K over 2 K/W
    say(world, "SETP 1,330")
    world.clock.wait(30)   # 10 s to 310 K at 60 K/min, then at 20 K/min
    assert say(world, "PID? 1;RANGE? 1;RAMP? 1") == "+0060.0,+0012.0,+0001.0;3;1,+20.000"
    assert float(say(world, "SETP? 1")) == pytest.approx(316.7, abs=0.3)
    world.clock.wait(400)
    assert float(say(world, "KRDG? A")) == pytest.approx(330, abs=0.05)
    assert float(say(world, "HTR? 1")) == pytest.approx(17, abs=0.5)
    say(world, "ZONE 1,3,500,60,12,1,0,0,1,20;RAMP 1,0,0;SETP 1,450")
    assert say(world, "HTR? 1") == "+000.0"   # the heater of this zone is off
    say(world, "RANGE 1,0;SETP 1,300")
    world.clock.wait(900)
    assert say(world, "RANGE? 1;KRDG? A") == "0;+296.000"   # a heater that is off stays off
    assert say(world, "*RST;ZONE? 1,1") == "+310.000,+0030.0,+0015.0,+0000.0,+0.00,2,1,+60.000"
