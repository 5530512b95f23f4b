"""The clocks of a bench, the person who connects devices, and parts of the bench that need no instrument."""

import io
import os
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.fixtures.fake_runs import FakeClock
from tsbench.errors import CommunicationError, ConfigurationError, InstrumentError
from tsbench.instruments import MeasureSettings, OutputState, SourceSettings
from tsbench.instruments.links.patience import Patience
from tsbench.records import Identity
from tsbench.station.bench import operator, ownership
from tsbench.station.bench.bench import Bench
from tsbench.station.bench.bench_file import BenchFile
from tsbench.station.bench.bench_tables import InstrumentTable
from tsbench.station.bench.connection import Connection
from tsbench.station.bench.operator import OperatorPrompt, WallClock
from tsbench.station.bench.ownership import FOLDER, Owner, Ownership, this_process
from tsbench.station.bench.steady_clock import SteadyClock


def test_a_clock_that_is_set_back_goes_on_and_says_so_once() -> None:
    clock, told = FakeClock(), list[str]()
    steady = SteadyClock(clock, told.append)
    steady.wait(3.0)
    assert (clock.time, steady.now(), told) == (3.0, 3.0, [])
    clock.time = 1.0
    assert steady.now() == 3.0 and len(told) == 1 and "set back by 2 s" in told[0]
    steady.wait(0.5)
    assert steady.now() == 3.5 and len(told) == 1
    clock.time -= 0.5e-6   # rounding
    assert steady.now() == 3.5 and len(told) == 1
    clock.time += 1.0
    assert steady.now() == pytest.approx(4.5, abs=1e-5)


def test_the_wall_clock_waits_in_steps_that_show_progress() -> None:
    clock, slept = WallClock(), list[float]()
    time = [10.0]
    beats = list[float]()
    clock.liveness = SimpleNamespace(beat=lambda: beats.append(time[0]), waiting=lambda _: None)

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        time[0] += seconds

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operator, "time", SimpleNamespace(monotonic=lambda: time[0], sleep=sleep))
        assert clock.now() == 10.0
        clock.wait(0.25)
        assert clock.now() == pytest.approx(10.25)
        clock.wait(-1.0)
    assert sum(slept) == pytest.approx(0.25) and len(beats) == len(slept) >= 2


def test_the_question_at_the_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    prompt = OperatorPrompt(["D1", "D2"])
    monkeypatch.setattr("sys.stdin", Terminal("\n"))
    prompt.connect("D2")
    assert prompt.connected() == "D2" and "Connect device D2" in capsys.readouterr().err
    with pytest.raises(Exception, match="was not connected"):   # the terminal is closed
        prompt.connect("D1")
    assert prompt.connected() == "D2"


BENCH = """
[instruments.meter]
resource = "TCPIP0::192.0.2.7::5025::SOCKET"
driver = "keithley_2450"
[roles]
drive = "meter"
[watchdog]
deadline = 5.0
[devices.D1]
material = "NbO2"
[devices.D2]
material = "Ag:SiO2"
temperature = 310.0
"""


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A bench that is not open."""
    monkeypatch.setenv(FOLDER, str(tmp_path / "locks"))
    path = tmp_path / "b.bench.toml"
    path.write_text(BENCH, "utf-8")
    file = BenchFile.load(path)
    return Bench(file, file.device("D1"))


def test_planning_for_another_device_looks_through_the_same_instruments(bench: Bench) -> None:
    view = bench.planning_for("D2")
    assert (view.device.identifier, view.device.material) == ("D2", "Ag:SiO2")
    assert view.clock is bench.clock and view.positioner is bench.positioner and view.fixture is bench.fixture
    assert view.instruments.connections is bench.instruments.connections
    with pytest.raises(Exception, match="D3"):
        bench.planning_for("D3")


def test_the_facts_of_a_run_name_bench_file_and_place_of_the_device(bench: Bench) -> None:
    facts = bench.facts()
    assert facts["bench_file"]["text"] == BENCH and len(facts["bench_file"]["sha256"]) == 64
    assert "temperature" not in facts and "simulation" not in facts
    assert bench.planning_for("D2").facts()["temperature"] == 310.0
    bench.instruments.managers["@sim"] = SimpleNamespace(visalib=SimpleNamespace(facts={"seed": 3}))
    bench.instruments.managers["@py"] = SimpleNamespace(visalib=SimpleNamespace())
    assert bench.facts()["simulation"] == {"@sim": {"seed": 3}}


def test_the_watchdog_gets_the_table_and_the_lock_of_what_this_process_owns(bench: Bench) -> None:
    order = bench.watchdog_order()
    assert (order["deadline"], order["instruments"]) == (5.0, {})
    owned = Ownership({"meter": "TCPIP0::192.0.2.7::5025::SOCKET"}, this_process(bench.path))
    bench.instruments.ownership = owned
    try:
        order = bench.watchdog_order()
        assert order["instruments"]["meter"]["table"]["driver"] == "keithley_2450"
        assert order["instruments"]["meter"]["lock"] == owned.keys["meter"]
        bench.announce("RUN1", bench.path)
        assert (owned.owner.run, owned.owner.address) == ("RUN1", str(bench.path))
        bench.announce()
        assert (owned.owner.run, owned.owner.address) == ("", "")
    finally:
        owned.release()
    bench.instruments.managers["@sim"] = SimpleNamespace(visalib=SimpleNamespace(ends_with_process=True))
    assert not bench.outlives_process
    bench.instruments.managers["@py"] = SimpleNamespace(visalib=SimpleNamespace())
    assert bench.outlives_process


class Wire:
    """A connection's transport and driver in one: what is done with them."""

    label, output_names = "meter", ("meter",)

    def __init__(self, *answers: bool | Exception) -> None:
        self.answers = list(answers)
        self.calls = list[str]()
        self.patience = Patience(3.0, lambda: None)

    def lost_power(self) -> bool:
        self.calls.append("lost_power")
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def reopen(self) -> None:
        self.calls.append("reopen")

    def clear(self) -> None:
        self.calls.append("clear")


REAL, SIMULATED = Identity("KEITHLEY INSTRUMENTS", "MODEL 2450", "1", "1.7"), Identity(
    "TSBENCH", "MODEL 2450", "SIM1", "1.7")


def connection(wire: Any, identified: bool = True) -> Connection:
    table = InstrumentTable(resource="TCPIP0::192.0.2.7::5025::SOCKET", driver="keithley_2450")
    made = Connection("meter", table, "@py", wire)
    made.identified_driver = wire if identified else None
    return made


def test_a_power_cycle_is_asked_for_over_a_new_connection_where_the_old_one_is_dead() -> None:
    assert connection(wire := Wire(), identified=False).lost_power() is False and wire.calls == []
    assert connection(Wire(True)).lost_power() is True
    made = connection(wire := Wire(CommunicationError(
        "meter (TCPIP0::192.0.2.7::5025::SOCKET): the connection failed at '*ESR?' (connection lost). The state of the "
        "outputs is unknown until they are read back. Check cable and power"), True))
    assert made.lost_power() is True
    assert wire.calls == ["lost_power", "reopen", "clear", "lost_power"]
    assert "connection failed at '*ESR?' (connection lost). tsbench opened a new connection to check" in made.notes[0]
    assert "unknown" not in made.notes[0] and "Check cable" not in made.notes[0]


@pytest.mark.parametrize(("identities", "simulated"), [
    ((), False), ((SIMULATED,), True), ((SIMULATED, SIMULATED), True), ((REAL,), False), ((SIMULATED, REAL), False),
    ((REAL, SIMULATED), False), ((None,), False), ((SIMULATED, None), False),
])
def test_a_bench_is_simulated_where_every_instrument_identifies_itself_so(
        bench: Bench, identities: tuple[Identity | None, ...], simulated: bool) -> None:
    for number, identity in enumerate(identities):
        wire = SimpleNamespace(identity=identity)
        bench.instruments.connections[f"meter_{number}"] = connection(wire, identified=identity is not None)
    assert bench.instruments.simulated is simulated


def test_making_safe_switches_off_and_then_reads_back(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    states = [OutputState("meter", False)]
    monkeypatch.setattr(Connection, "switch_off", lambda self: calls.append("off"))
    monkeypatch.setattr(Connection, "read_back", lambda self: calls.append("back") or states)
    assert connection(Wire()).make_safe() is states and calls == ["off", "back"]


def test_the_folder_for_the_locks_of_all_is_one_that_all_may_write_to() -> None:
    folder = ownership._machine_folder()
    assert folder.is_dir() and (os.name == "nt" or folder.stat().st_mode & 0o002)


def test_an_owner_is_named_with_what_it_does() -> None:
    mine = this_process("b.bench.toml", switching_off=True)
    assert (mine.process, mine.bench, mine.switching_off) == (os.getpid(), "b.bench.toml", True)
    assert 0 < len(mine.command) <= 120 and mine.since[:2] == "20"
    assert ownership._lives(os.getpid()) and ownership._lives(1) and not ownership._lives(2**22 + 1)
    path = Path("x.lock")
    busy = ownership._in_use("meter", replace(mine, address="somewhere"), path, "Nothing was sent")
    assert "'tsbench gui' can show and stop its run" in str(busy) and busy.owner["lock"] == "x.lock"
    assert busy.owner["process"] == os.getpid()
    assert "tsbench gui" not in str(ownership._in_use("meter", mine, path, "Nothing was sent"))
    assert "another process" in str(ownership._in_use("meter", None, path, "Nothing was sent"))
    assert ownership._owner("{}") is None and ownership._owner("no record") is None
    assert ownership._owner(ownership._text(mine)) == mine
    assert ownership._owner(ownership._text(Owner(2**22 + 1, "", "", "", ""))) is None


_TWO_DEVICES = """
[instruments.{name}]
{what}
resource = "GPIB0::18::INSTR"
[fixture]
netlist = '''
R_s s dut 100
XDUT dut 0 device
'''
[fixture.terminals]
smu = "s"
[devices.D1]
{model}
[devices.D2]
{model}
"""


def test_the_operator_of_a_simulated_bench_connects_nothing_while_an_output_is_on(tmp_path: Path) -> None:
    """A script passed its rehearsal that OperatorPrompt stops in the lab, and the next device got the level."""
    resistor = 'model = "resistor"\nparameters = { r = "1k" }'
    (tmp_path / "two.world.toml").write_text(
        _TWO_DEVICES.format(name="smu", what='model = "keithley_2450"', model=resistor), "utf-8")
    (tmp_path / "two.bench.toml").write_text(
        'visa_library = "two.world.toml@tsbench"\n[roles]\ndrive = "smu"\n'
        + _TWO_DEVICES.format(name="smu", what='driver = "keithley_2450"', model=""), "utf-8")
    with Bench.open(tmp_path / "two.bench.toml", "D1") as bench:
        meter = bench.source_meter("drive")
        meter.configure_source(SourceSettings("voltage", compliance_current=5e-3))
        meter.configure_measure(MeasureSettings("current"))
        meter.set_output(True)
        bench.positioner.connect("D1")   # nothing moves
        said = r"the connection to the device must not change while an output is on. Switch smu off first"
        for device, again in (("D2", False), ("D1", True)):
            with pytest.raises(InstrumentError, match=said):
                bench.positioner.connect(device, again)
        meter.start_sweep(np.linspace(0.0, 1.0, 200), 1e-3)
        with pytest.raises(InstrumentError, match=said):
            bench.positioner.connect("D2")
        assert bench.positioner.connected() == "D1" and list(bench.positioner.devices()) == ["D1", "D2"]
        with pytest.raises(ConfigurationError, match=r"'D3' is not on this bench. Did you mean"):
            bench.positioner.connect("D3")
        meter.abort()
        meter.set_output(False)
        bench.positioner.connect("D2")
        bench.positioner.connect("D2", again=True)
        assert bench.positioner.connected() == "D2"
