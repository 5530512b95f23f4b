"""The pyvisa backend @tsbench: sessions, timeouts in bench time, service requests, locks, lost links."""

import gc
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pyvisa
from pyvisa import constants
from pyvisa.constants import EventMechanism, EventType, StatusCode

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.witness.log import read_sessions, read_witness
from tsbench.simulated_backends.world.faults import Fault
from tsbench.simulated_backends.world.world import World, world_of

pytestmark = pytest.mark.tsbench_outputs_stay_on  # these ask the models, not a measurement

METER = "USB0::0x05E6::0x2450::SIM00011::INSTR"
SCOPE = "USB0::0x2A8D::0x1764::SIM00013::INSTR"


@pytest.fixture
def library(resistor_bench: Path) -> str:
    return f"{resistor_bench.with_name('resistor.world.toml')}@tsbench"


@pytest.fixture
def manager(library: str) -> Iterator[pyvisa.ResourceManager]:
    manager = pyvisa.ResourceManager(library)
    yield manager
    manager.close()


def open_meter(manager: pyvisa.ResourceManager, **options: Any) -> Any:
    return manager.open_resource(METER, read_termination="\n", write_termination="\n", **options)


def failed(status: StatusCode) -> Any:
    return pytest.raises(pyvisa.VisaIOError, match=str(int(status)))


def test_resources_are_listed_and_answer_under_any_spelling(manager: pyvisa.ResourceManager) -> None:
    names = manager.list_resources()
    assert len(names) == 3
    assert manager.list_resources("?*0x2450?*") == ("USB0::0x05E6::0x2450::SIM00011::0::INSTR",)
    for spelling in (METER, METER.replace("x05E6", "x05e6"), "USB::0x05E6::0x2450::SIM00011::0::INSTR"):
        meter = manager.open_resource(spelling, read_termination="\n")
        assert "MODEL 2450" in meter.query("*IDN?")
        meter.close()
    with failed(StatusCode.error_resource_not_found):
        manager.open_resource("USB0::1::2::NONE::INSTR")


def test_simulated_serial_numbers_say_so(manager: pyvisa.ResourceManager) -> None:
    for name in manager.list_resources():
        assert manager.open_resource(name).query("*IDN?").split(",")[2].startswith("SIM")


def test_the_environment_redirects_programs_that_name_no_library(
    library: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYVISA_LIBRARY", library)
    manager = pyvisa.ResourceManager()
    assert len(manager.list_resources()) == 3
    manager.close()


def test_the_library_has_a_clock_and_a_positioner(manager: pyvisa.ResourceManager) -> None:
    library: Any = manager.visalib
    before = library.clock.now()
    library.clock.wait(3600.0)
    assert library.clock.now() == pytest.approx(before + 3600.0)
    assert library.positioner.devices() == ["R1"]
    assert library.positioner.connected() == "R1"
    with pytest.raises(ConfigurationError, match="Did you mean 'R1'"):
        library.positioner.connect("R2")


def test_a_read_that_is_never_answered_times_out_in_bench_time_only(manager: pyvisa.ResourceManager) -> None:
    meter = open_meter(manager, timeout=60_000)
    clock: Any = manager.visalib.clock
    start = clock.now()
    with failed(StatusCode.error_timeout):
        meter.read()
    assert clock.now() - start == pytest.approx(60.0, rel=1e-3)
    assert "-420" in meter.query(":SYST:ERR?")
    meter.timeout = None
    with failed(StatusCode.error_timeout):
        meter.read()


def test_an_answer_that_comes_too_late_is_there_for_the_next_read(manager: pyvisa.ResourceManager) -> None:
    meter = open_meter(manager, timeout=50)
    meter.write(":SENS:CURR:NPLC 10;:READ?")
    with failed(StatusCode.error_timeout):
        meter.read()
    meter.timeout = 2000
    assert float(meter.read()) == pytest.approx(0.0, abs=1e-6)


def test_bytes_one_by_one_and_messages_in_pieces(manager: pyvisa.ResourceManager) -> None:
    meter = open_meter(manager)
    meter.write("*IDN?")
    assert meter.read_bytes(9, break_on_termchar=False) == b"KEITHLEY "
    assert b"".join(meter.read_bytes(1) for _ in range(5)) == b"INSTR"
    meter.clear()
    meter.send_end = False
    meter.write_raw(b"*ID")
    meter.send_end = True
    meter.write_raw(b"N?\n")
    assert meter.read().startswith("KEITHLEY")


def test_binary_values(manager: pyvisa.ResourceManager) -> None:
    meter = open_meter(manager)
    meter.write(":FORM REAL;:OUTP ON;:SENS:COUN 3")
    assert len(meter.query_binary_values(":READ?", datatype="d", data_points=1)) == 1
    values = meter.query_binary_values(":TRAC:DATA? 1,3,'defbuffer1',SOUR,READ", datatype="d", data_points=6)
    assert len(values) == 6
    assert "No error" in meter.query(":SYST:ERR?")


def test_service_requests_by_queue_handler_and_serial_poll(manager: pyvisa.ResourceManager) -> None:
    meter = open_meter(manager)
    meter.write("*CLS;*ESE 1;*SRE 32")
    seen: list[int] = []

    def handler(session: Any, event: Any, context: Any, handle: Any) -> None:
        seen.append(int(manager.visalib.get_attribute(context, constants.EventAttribute.event_type)[0]))

    wrapped = meter.install_handler(EventType.service_request, handler)
    meter.enable_event(EventType.service_request, EventMechanism.queue)
    meter.write(":TRIG:LOAD 'SimpleLoop',3,0,'defbuffer1';:INIT;*OPC")
    response = meter.wait_on_event(EventType.service_request, 5000)
    assert response.event.event_type == EventType.service_request
    del response  # closes its own context, not the session
    gc.collect()
    assert meter.read_stb() == 0x60
    assert meter.read_stb() == 0x20
    with failed(StatusCode.error_timeout):
        meter.wait_on_event(EventType.service_request, 100)
    meter.disable_event(EventType.service_request, EventMechanism.queue)
    meter.enable_event(EventType.service_request, EventMechanism.handler)
    meter.query("*ESR?")
    meter.write("*OPC")
    assert seen == [int(EventType.service_request)]
    meter.uninstall_handler(EventType.service_request, handler, wrapped)


def test_polling_the_status_byte_ends(manager: pyvisa.ResourceManager) -> None:
    meter = open_meter(manager)
    meter.write("*CLS;*ESE 1;*SRE 32;:SENS:CURR:NPLC 10;:TRIG:LOAD 'SimpleLoop',20,0,'defbuffer1';:INIT;*OPC")
    polls = 0
    while not meter.read_stb() & 0x40:
        polls += 1
    assert polls < 200
    assert meter.query(":TRAC:ACT?") == "20"


def test_two_threads_talk_to_two_instruments(manager: pyvisa.ResourceManager) -> None:
    import threading

    meter = open_meter(manager)
    generator: Any = manager.open_resource("USB0::0x2A8D::0x5A01::SIM00012::INSTR", read_termination="\n")
    wrong: list[str] = []

    def ask(resource: Any, model: str) -> None:
        wrong.extend(reply for reply in (resource.query("*IDN?") for _ in range(200)) if model not in reply)

    threads = [threading.Thread(target=ask, args=pair) for pair in ((meter, "2450"), (generator, "33622A"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_request_that_stands_already_is_an_event_when_events_are_enabled(
    manager: pyvisa.ResourceManager,
) -> None:
    meter = open_meter(manager)
    meter.write("*CLS;*ESE 1;*SRE 32;*OPC")
    meter.enable_event(EventType.service_request, EventMechanism.queue)
    assert not meter.wait_on_event(EventType.service_request, 10, capture_timeout=True).timed_out
    meter.discard_events(EventType.service_request, EventMechanism.queue)
    assert meter.wait_on_event(EventType.service_request, 10, capture_timeout=True).timed_out


def test_locks_keep_other_sessions_out(manager: pyvisa.ResourceManager) -> None:
    first, second = open_meter(manager), open_meter(manager)
    with first.lock_context():
        with failed(StatusCode.error_resource_locked):
            second.query("*IDN?")
        assert first.query("*IDN?")
    assert second.query("*IDN?")
    key = first.lock()
    second.lock(requested_key=key)
    assert second.query("*IDN?")
    second.unlock()
    first.unlock()
    with failed(StatusCode.error_session_not_locked):
        first.unlock()


def test_attributes_that_do_not_exist_or_cannot_be_set(manager: pyvisa.ResourceManager) -> None:
    meter = open_meter(manager)
    assert meter.resource_class == "INSTR"
    assert meter.interface_type == constants.InterfaceType.usb
    with failed(StatusCode.error_nonsupported_attribute):
        meter.get_visa_attribute(constants.ResourceAttribute.usb_protocol)
    with failed(StatusCode.error_attribute_read_only):
        meter.set_visa_attribute(constants.ResourceAttribute.resource_name, "x")


def test_a_closed_manager_is_a_bench_switched_off_and_opening_again_is_a_new_one(
    library: str,
    resistor_bench: Path,
) -> None:
    manager = pyvisa.ResourceManager(library)
    meter = open_meter(manager)
    meter.write(":SOUR:VOLT 1;:OUTP ON")
    assert meter.query(":OUTP?") == "1"
    manager.close()
    manager = pyvisa.ResourceManager(library)
    meter = open_meter(manager)
    assert meter.query(":OUTP?;:SOUR:VOLT?") == "0;0.000000E+00"
    assert world_of(manager.visalib).bench.clock.now < 0.01
    manager.close()
    first, second = read_sessions(resistor_bench.with_name("resistor.witness.jsonl"))
    assert first.ended
    assert first.outputs()["source_meter"] is True  # nobody switched it off, and the witness says so
    assert second.outputs()["source_meter"] is False


def test_no_world_file_and_a_wrong_one_say_so() -> None:
    with pytest.raises(ConfigurationError, match=r"world\.toml@tsbench"):
        pyvisa.ResourceManager("@tsbench")
    with pytest.raises(ConfigurationError, match="this world file does not exist"):
        pyvisa.ResourceManager("/nowhere/world.toml@tsbench")


# ------------------------------------------------------------------------------------------------- faults


def sweep_once(manager: pyvisa.ResourceManager) -> None:
    meter = open_meter(manager)
    meter.clear()
    meter.write(":SOUR:VOLT 1;:OUTP ON")
    meter.query(":READ?")
    meter.query("*STB?")
    meter.write(":OUTP OFF")
    meter.query(":OUTP?")


def test_messages_are_counted_and_a_connection_can_be_lost_at_each(library: str) -> None:
    manager = pyvisa.ResourceManager(library)
    sweep_once(manager)
    count = world_of(manager.visalib).faults.messages("source_meter")
    assert count == world_of(manager.visalib).faults.messages()
    assert count == 9
    manager.close()
    for index in range(count):
        for after in (False, True):
            manager = pyvisa.ResourceManager(library)
            world: World = world_of(manager.visalib)
            world.faults.add(Fault(message=index, instrument="source_meter", after=after))
            with failed(StatusCode.error_connection_lost):
                sweep_once(manager)
            assert len(world.faults.happened) == 1
            meter = open_meter(manager)  # it can be opened again, and is where it was
            meter.clear()
            meter.write(":OUTP OFF")
            assert meter.query(":OUTP?") == "0"
            manager.close()
            assert read_witness(world.witness_path() or "").outputs()["source_meter"] is False


def test_a_lost_session_stays_lost(manager: pyvisa.ResourceManager) -> None:
    first, second = open_meter(manager), open_meter(manager)
    scope: Any = manager.open_resource("USB0::0x2A8D::0x1764::SIM00013::INSTR")
    world = world_of(manager.visalib)
    world.faults.add(Fault(message=world.faults.total))
    for meter in (first, second, first):
        with failed(StatusCode.error_connection_lost):
            meter.query("*IDN?")
    assert "3054T" in scope.query("*IDN?")
    world.faults.add(Fault(message=world.faults.total, everything=True))
    for session in (scope, scope):
        with failed(StatusCode.error_connection_lost):
            session.query("*IDN?")


@pytest.mark.thorough
def test_a_child_process_is_told_of_faults_by_its_environment(library: str, tmp_path: Path) -> None:
    program = (
        "import pyvisa, sys\n"
        f"m = pyvisa.ResourceManager({library!r})\n"
        f"r = m.open_resource({METER!r})\n"
        "r.write('*CLS')\n"
        "try:\n    r.write(':OUTP ON')\nexcept pyvisa.VisaIOError as e:\n    print(e.error_code.name)\n"
    )
    witness = tmp_path / "child.jsonl"
    environment = {
        **os.environ,
        "TSBENCH_FAULTS": json.dumps({"message": 1, "after": True}),
        "TSBENCH_WITNESS": str(witness),
    }
    reply = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert reply.stdout.strip() == "error_connection_lost"
    assert read_witness(witness).outputs()["source_meter"] is True  # the instrument did get the message
    environment["TSBENCH_FAULTS"] = "[{]"
    reply = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False
    )
    assert "TSBENCH_FAULTS is not valid JSON" in reply.stderr


def test_a_long_reply_is_the_same_in_parts_of_any_size_however_often_it_is_read(manager: Any) -> None:
    scope, meter = manager.open_resource(SCOPE), open_meter(manager)
    for message in (":TIM:RANG 1e-3", ":WAV:FORM WORD;POIN MAX;POIN:MODE RAW", ":DIG CHAN1"):
        scope.write(message)
    scope.query("*OPC?")
    scope.write(":WAV:DATA?")
    whole = scope._read_raw(1 << 24)
    assert len(whole) > 200_000
    clock = scope.visalib.clock
    for size in (5000, 20480, 20480, 20480, 4096, 100_000):
        before = clock.now()
        scope.write(":WAV:DATA?")
        assert scope._read_raw(size) == whole
        if size > 4096:
            assert clock.now() - before > len(whole) / 20e6, "a transfer takes time, whatever its parts"
    scope.write(":WAV:DATA?")
    first = scope.read_bytes(30_000)
    assert meter.query("*IDN?").startswith("KEITHLEY"), "another instrument may be asked meanwhile"
    assert first + scope.read_bytes(len(whole) - 30_000) == whole
    scope.write(":WAV:DATA?")
    scope.read_bytes(61_440)
    scope.clear()
    assert scope.query("*IDN?").startswith("KEYSIGHT"), "nothing is left of a reply after a device clear"
