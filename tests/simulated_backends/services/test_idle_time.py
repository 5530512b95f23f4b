"""Idle time: what a program waits between two messages passes on the bench, if the world file says so."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pyvisa

from tsbench.simulated_backends.services import idle_time
from tsbench.simulated_backends.services.clock import BenchClock
from tsbench.simulated_backends.services.idle_time import IdleTime

WORLD = """
imperfections = false
IDLE
[instruments.source]
model = "keithley_2450"
resource = "USB0::0x05E6::0x2450::SIM1::INSTR"
[instruments.meter]
model = "keithley_2450"
resource = "USB0::0x05E6::0x2450::SIM2::INSTR"
[fixture]
netlist = "R1 in out 1meg\\nC1 out 0 1u"
[fixture.terminals]
source = "in"
meter = "out"
"""


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """The time on the wall [s], which stands still until a test moves it."""
    now = [100.0]
    monkeypatch.setattr(idle_time.IdleTime.__init__, "__defaults__", (lambda: now[0],))
    yield now


def test_only_what_has_not_passed_on_the_bench_is_added() -> None:
    now, clock = [5.0], BenchClock()
    idle = IdleTime(clock, lambda: now[0])
    now[0] += 2.0
    idle.pass_by()
    assert clock.now == pytest.approx(2.0)
    clock.advance_to(5.0)   # a message has taken 3 s on the bench, and 1 s on the wall
    now[0] += 1.0
    idle.pass_by()
    assert clock.now == pytest.approx(5.0)
    now[0] += 0.5
    idle.pass_by()
    assert clock.now == pytest.approx(5.5)


@pytest.mark.tsbench_outputs_stay_on
@pytest.mark.parametrize("key", ["idle_time = true", ""])
def test_a_capacitor_charges_while_a_program_sleeps(tmp_path: Path, wall: list[float], key: str) -> None:
    """1 MOhm and 1 uF: after a second of sleep, 63 % of the voltage."""
    world = tmp_path / "rc.world.toml"
    world.write_text(WORLD.replace("IDLE", key), "utf-8")
    manager = pyvisa.ResourceManager(f"{world}@tsbench")
    try:
        source, meter = (open_meter(manager, number) for number in (1, 2))
        meter.write(":SOUR:FUNC CURR;:SENS:FUNC 'VOLT';:SOUR:CURR:VLIM 2;:SENS:VOLT:NPLC 0.01;:OUTP ON")
        source.write(":SOUR:VOLT 1;:OUTP ON")
        first = float(meter.query(":READ?"))
        wall[0] += 1.0
        second = float(meter.query(":READ?"))
        if key:
            # exp(-1), but for the 60 ms that the first reading takes on the bench, which are a part of the second
            assert 0.36 < (1.0 - second) / (1.0 - first) < 0.40
        else:
            assert second - first < 0.05
    finally:
        manager.close()


def open_meter(manager: pyvisa.ResourceManager, number: int) -> Any:
    return manager.open_resource(f"USB0::0x05E6::0x2450::SIM{number}::INSTR", read_termination="\n")


def test_the_time_on_the_wall_is_that_of_the_computer() -> None:
    assert IdleTime.__init__.__defaults__ == (time.monotonic,)
