"""The bench on the simulated VISA library: opening, refusing, guarding, and ending safe whatever happens."""

import contextlib
import functools
import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tsbench.errors import CommunicationError, ConfigurationError, LimitError, WrongInstrument
from tsbench.instruments import (
    Clock,
    MeasureSettings,
    Oscilloscope,
    Positioner,
    PulseGenerator,
    SourceMeter,
    SourceSettings,
    Vertical,
)
from tsbench.simulated_backends.witness.log import outputs_left_on
from tsbench.station.bench.bench import Bench
from tsbench.station.bench.bench_file import BenchFile
from tsbench.station.bench.bench_report import check, instruments_of
from tsbench.station.bench.discovery import discover
from tsbench.station.bench.guards import limits_beside


def witnessed(folder: Path) -> dict[str, bool]:
    """Return the last state of each output that the witness wrote down."""
    states: dict[str, bool] = {}
    for file in folder.glob("*.jsonl"):
        for line in file.read_text("utf-8").splitlines():
            record = json.loads(line)
            if record.get("kind") == "output":
                states[f"{record['instrument']}.{record['channel']}"] = bool(record["on"])
    return states


def switch_on(bench: Bench) -> None:
    """Switch all three outputs on at small levels."""
    meter = bench.source_meter()
    meter.configure_source(SourceSettings("voltage", compliance_current=1e-4))
    meter.configure_measure(MeasureSettings("current"))
    meter.set_level(0.2)
    meter.set_output(True)
    for role in ("pulser", "bias"):
        generator = bench.pulse_generator(role)
        generator.configure_load(math.inf)
        generator.configure_level(0.3)
        generator.set_output(True)


def edit(bench: Path, old: str, new: str) -> None:
    text = bench.read_text("utf-8")
    assert old in text
    bench.write_text(text.replace(old, new, 1), "utf-8")


def test_a_bench_that_is_opened_without_a_device_leaves_the_connected_one(nbo2_bench: Path) -> None:
    with Bench.open(nbo2_bench) as bench:
        assert bench.device.identifier == "" and bench.positioner.connected() == "D1"


def test_a_station_has_instruments_clock_and_device(nbo2_bench: Path) -> None:
    with Bench.open(nbo2_bench, "D1") as bench:
        assert isinstance(bench.clock, Clock)
        assert isinstance(bench.positioner, Positioner)
        assert bench.positioner.connected() == "D1"
        assert isinstance(bench.source_meter(), SourceMeter)
        assert isinstance(bench.pulse_generator("bias"), PulseGenerator)
        assert isinstance(bench.oscilloscope(), Oscilloscope)
        assert bench.scope_channel("scope.2").scope is bench.oscilloscope()
        for channel, impedance in ((1, "50"), (4, "50"), (1, "1M")):   # nothing is said of channel 4
            act = functools.partial(bench.oscilloscope().configure_channel, channel, Vertical(1.0, impedance=impedance))
            if (channel, impedance) == (1, "50"):
                with pytest.raises(LimitError, match=r"input of 50 Ohm is not part of the netlist.*impedance 1M"):
                    act()
            else:
                act()
        assert bench.has("drive")
        assert not bench.has("prober")
        assert bench.simulated
        assert bench.device.material == "NbO2"
        assert bench.fixture.path_resistance == pytest.approx(
            {"drive": 52.0, "pulser": 102.0, "bias": 5100.0}
        )
        assert bench.fixture.source_resistance == pytest.approx({"drive": 0.0, "pulser": 50.0, "bias": 50.0})
        assert bench.fixture.parallel_capacitance == pytest.approx(80e-12, rel=1e-6)
        before = bench.clock.now()
        bench.clock.wait(3600.0)
        assert bench.clock.now() - before >= 3600.0  # an hour of simulated time costs none


def test_description_is_plain_data(nbo2_bench: Path) -> None:
    with Bench.open(nbo2_bench, "D1") as bench:
        switch_on(bench)
        found = bench.describe()
    assert list(found) == ["source_meter", "generator", "scope"]
    meter = found["source_meter"]
    assert meter["serial"].startswith("SIM")
    assert meter["roles"] == ["drive"]
    assert meter["settings"]["source_compliance_current"] == pytest.approx(1e-4)
    assert meter["accuracy"]["measure_current:0.001"]["gain"] == pytest.approx(0.2e-3)

    def plain(value: Any) -> bool:
        if isinstance(value, dict):
            return all(isinstance(key, str) and plain(item) for key, item in value.items())
        if isinstance(value, list):
            return all(plain(item) for item in value)
        return value is None or isinstance(value, str | int | float | bool)

    assert plain(found)


def test_instruments_and_check(driver_bench: Path) -> None:
    rows = instruments_of(driver_bench)
    assert [row["name"] for row in rows] == ["source_meter", "generator", "scope"]
    assert set(rows[0]) == {"name", "role", "driver", "model", "resource", "visa_library", "simulated"}
    assert check(driver_bench)["outputs"] == {
        "source_meter": False,
        "generator.1": False,
        "generator.2": False,
    }


def test_discovery(driver_bench: Path) -> None:
    found = list(discover(f"{driver_bench.with_name('driver.world.toml')}@tsbench"))
    assert sorted(str(item.driver) for item in found) == [
        "keithley_2450",
        "keysight_33600",
        "keysight_dsox3000t",
    ]


def test_missing_instrument_says_what_is_there(driver_bench: Path) -> None:
    edit(driver_bench, "SIM00012", "SIM99999")
    with pytest.raises(ConfigurationError) as caught:
        Bench.open(driver_bench)
    text = str(caught.value)
    assert "the VISA library does not find instrument 'generator' at USB0::0x2A8D::0x5A01::SIM99999::INSTR" in text
    assert "SIM00012" in text
    assert "\n" not in text


def test_an_instrument_that_is_there_but_cannot_be_opened_says_why(
    driver_bench: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "tsbench.instruments.links.transport.Transport.open",
        lambda self: (_ for _ in ()).throw(CommunicationError("meter (X): no rights on the port")))
    expected = r"instrument '\w+' at \S+ is there, but the VISA library cannot open it \(no rights on the port\)$"
    with pytest.raises(ConfigurationError, match=expected):
        Bench.open(driver_bench)


def test_wrong_instrument(driver_bench: Path) -> None:
    edit(driver_bench, 'driver = "keithley_2450"', 'driver = "keysight_dsox3000t"')
    expected = r'KEITHLEY INSTRUMENTS MODEL 2450.*Set driver = "keithley_2450"'
    with pytest.raises(WrongInstrument, match=expected) as caught:
        Bench.open(driver_bench)
    assert caught.value.exit_code == 2


def test_device_not_on_the_bench(nbo2_bench: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"device 'D7' is not on the bench. Did you mean 'D1'\?"):
        Bench.open(nbo2_bench, "D7")


def test_unknown_library_and_missing_world(driver_bench: Path) -> None:
    edit(driver_bench, "driver.world.toml@tsbench", "elsewhere.toml@tsbench")
    with pytest.raises(ConfigurationError, match=r"names the file '.*elsewhere.toml', which does not exist"):
        Bench.open(driver_bench)
    edit(driver_bench, "elsewhere.toml@tsbench", "@nonsense")
    with pytest.raises(ConfigurationError, match="cannot open @nonsense"):
        Bench.open(driver_bench)


def test_unknown_option(driver_bench: Path) -> None:
    edit(driver_bench, 'driver = "keysight_33600"', 'driver = "keysight_33600"\noptions = { colour = "red" }')
    with pytest.raises(ConfigurationError, match="colour"):
        Bench.open(driver_bench)


def test_a_role_of_another_kind(driver_bench: Path) -> None:
    with Bench.open(driver_bench) as bench:
        with pytest.raises(ConfigurationError, match=r"role 'pulser' must be a source meter, but 'generator.1' is a "
                                                     r"pulse generator"):
            bench.source_meter("pulser")
        with pytest.raises(
            ConfigurationError, match=r"no instrument has the role 'bais'. Did you mean 'bias'"
        ):
            bench.pulse_generator("bais")
        with pytest.raises(ConfigurationError, match=r"'generator\.1' is not the channel of an oscilloscope"):
            bench.scope_channel("generator.1")


def test_limits_of_the_device_are_refused_before_a_message(nbo2_bench: Path) -> None:
    with Bench.open(nbo2_bench, "D1") as bench:
        before = bench.clock.now()
        expected = "compliance 25 mA exceeds the device limit max_current 20 mA of D1"
        with pytest.raises(LimitError, match=expected):
            bench.source_meter().configure_source(SourceSettings("voltage", compliance_current=25e-3))
        with pytest.raises(LimitError, match="max_voltage of D1 is 4 V"):
            bench.pulse_generator("bias").configure_level(2.5)  # 5 V of EMF as long as 50 Ohm are declared
        assert bench.clock.now() == before


@pytest.mark.sabotage("output")
@pytest.mark.parametrize("how", [RuntimeError, KeyboardInterrupt, SystemExit, None])
def test_every_way_out_is_safe(driver_bench: Path, how: type[BaseException] | None) -> None:
    def leave() -> None:
        with Bench.open(driver_bench) as bench:
            switch_on(bench)
            assert all(witnessed(driver_bench.parent).values())
            if how is not None:
                raise how("in the middle")

    if how is None:
        leave()
    else:
        with pytest.raises(how):
            leave()
    states = witnessed(driver_bench.parent)
    assert len(states) == 3
    assert not any(states.values())


@pytest.mark.sabotage("output")
def test_make_safe_in_the_middle_of_a_sweep_and_a_burst(driver_bench: Path) -> None:
    with Bench.open(driver_bench) as bench:
        switch_on(bench)
        bench.source_meter().start_sweep(np.linspace(0, 0.5, 400), 1e-3)
        bench.clock.wait(0.1)
        states = bench.make_safe()
        assert {state.output for state in states} == {"source_meter", "generator.1", "generator.2"}
        assert not any(state.enabled for state in states)
        assert bench.problems == []
        assert not any(witnessed(driver_bench.parent).values())


def lose(bench: Bench, message: int, **how: Any) -> None:
    from tsbench.simulated_backends.world.faults import Fault

    plan = bench.instruments.managers[bench.file.library()].visalib.world.faults
    plan.add(Fault(message=plan.messages(how.get("instrument")) + message, **how))


@pytest.mark.thin(2)
@pytest.mark.sabotage("output")
@pytest.mark.parametrize("everything", [False, True])
@pytest.mark.parametrize("message", range(0, 60, 6))
def test_a_lost_connection_is_opened_again_and_made_safe(
    driver_bench: Path, message: int, everything: bool
) -> None:
    with Bench.open(driver_bench) as bench:
        switch_on(bench)
        lose(bench, message, everything=everything, after=message % 4 == 0)
        with pytest.raises(CommunicationError, match="connection"):
            for _ in range(100):
                bench.source_meter().measure()
                bench.pulse_generator().configure_level(0.2)
        states = bench.reopen_and_make_safe()
        assert not any(state.enabled for state in states)
        assert bench.problems == []
        assert not any(witnessed(driver_bench.parent).values())


@pytest.mark.sabotage("output")
@pytest.mark.parametrize("message", range(14))
def test_a_connection_lost_while_making_safe(driver_bench: Path, message: int) -> None:
    with Bench.open(driver_bench) as bench:
        switch_on(bench)
        lose(bench, message)
        states = bench.make_safe()
        assert not any(state.enabled for state in states)
        assert not any(witnessed(driver_bench.parent).values())


@pytest.mark.sabotage("output")
def test_a_connection_lost_while_opening_or_switching_on_leaves_nothing_on(driver_bench: Path) -> None:
    world = driver_bench.with_name("driver.world.toml")
    plain = world.read_text("utf-8")
    switched = 0
    for message in range(0, 150, 7):
        world.write_text(f"{plain}\n[[faults]]\nmessage = {message}\n", "utf-8")
        with contextlib.suppress(CommunicationError, ConfigurationError), Bench.open(driver_bench) as bench:
            switch_on(bench)
        states = witnessed(driver_bench.parent)
        switched += bool(states)
        assert not any(states.values())
    assert switched > 5  # outputs had been on in several of them


def test_what_cannot_be_read_back_counts_as_on(driver_bench: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench.open(driver_bench)
    driver = bench.instruments.connections["generator"].driver

    def deaf(*arguments: Any) -> None:
        raise CommunicationError("generator: no reply")

    monkeypatch.setattr(driver, "safe_state", deaf)
    states = {state.output: state.enabled for state in bench.make_safe()}
    assert states == {"source_meter": False, "generator.1": True, "generator.2": True}
    assert bench.problems == ["generator: no reply"]
    with pytest.raises(CommunicationError, match="generator: no reply"), bench:
        pass


def test_messages_without_a_reply_and_the_status_byte(driver_bench: Path) -> None:
    with Bench.open(driver_bench) as bench:
        transport = bench.instruments.connections["generator"].transport
        before = bench.clock.now()
        with pytest.raises(
            CommunicationError, match=r"generator \(USB0::.*\): the instrument did not reply to '\*CLS' in 3 s. The "
                                      r"state of the outputs"
        ):
            transport.query("*CLS")
        assert bench.clock.now() - before >= 3.0
        transport.write("*IDN?")
        assert transport.serial_poll() & 0x10  # message available
        transport.clear()
        assert transport.query("*OPC?").lstrip("+") == "1"


def test_making_safe_goes_on_where_a_clear_fails(driver_bench: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Bench.open(driver_bench) as bench:
        switch_on(bench)

        def refuse(*arguments: Any) -> None:
            raise CommunicationError("no device clear on this bus")

        monkeypatch.setattr(bench.instruments.connections["generator"].driver, "clear", refuse)
        assert not any(state.enabled for state in bench.make_safe())
        assert not any(witnessed(driver_bench.parent).values())


def test_a_closed_bench_says_so(driver_bench: Path) -> None:
    with Bench.open(driver_bench) as bench:
        meter = bench.source_meter()
    with pytest.raises(CommunicationError, match="the connection is closed"):
        meter.set_output(False)


@pytest.mark.parametrize("role", ["drive", "pulser"])
def test_outputs_are_switched_off_one_by_one_where_a_driver_fails_to(
    role: str, driver_bench: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Bench.open(driver_bench) as bench:
        connection = bench.instruments.connections[{"drive": "source_meter", "pulser": "generator"}[role]]

        connection.driver.terminal("").set_output(True)
        assert any(state.enabled for state in connection.driver.output_states())

        def broken() -> None:
            raise ZeroDivisionError("a defect of the driver")

        monkeypatch.setattr(connection.driver, "safe_state", broken)
        states = bench.make_safe()
        assert not any(state.enabled for state in states) and bench.problems == []
        (said,) = bench.take_notes()
        assert (
            "the driver method safe_state failed (ZeroDivisionError: a defect of the driver (test_bench.py, line "
            f"{broken.__code__.co_firstlineno + 1})). tsbench switches the outputs off one by one") in said
    assert outputs_left_on(driver_bench.parent / "witness.jsonl") == []


@pytest.mark.parametrize(("connected", "most"), [("D1", 10.0), ("B", 0.5), (None, 0.5), ("unknown", 0.5)])
def test_without_a_device_the_limits_of_the_connected_one_hold(
    nbo2_bench: Path, connected: str | None, most: float
) -> None:
    """Where it is not known which one is connected, the strictest limits of all devices hold."""
    text = nbo2_bench.read_text("utf-8")
    head = re.sub(r"\n\[device\.limits\](\n(?!\[).*)*", "\n", text[: text.index("[devices.")])
    nbo2_bench.write_text(
        f'{head}[device.limits]\nmax_voltage = "10 V"\n[devices.D1]\n[devices.B]\n[devices.B.limits]\n'
        'max_voltage = "0.5 V"\n', "utf-8")
    assert limits_beside(BenchFile.load(nbo2_bench), connected).max_voltage == most
    with Bench.open(nbo2_bench) as bench:   # D1 is connected
        assert bench.device.identifier == "" and bench.device.limits.max_voltage == 10.0
        meter = bench.source_meter()
        meter.configure_source(SourceSettings("voltage", compliance_current=1e-6))
        meter.set_level(0.6)
