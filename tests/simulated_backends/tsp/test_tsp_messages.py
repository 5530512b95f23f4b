"""Messages of TSP to a virtual 2602B: scripts that are kept, output, errors, status, triggers, abort."""

import random
import struct
from pathlib import Path

import pytest

from tests.fixtures.tsp_meter import TspMeter
from tsbench.simulated_backends.scpi.executing import Talk

pytestmark = pytest.mark.tsbench_outputs_stay_on
#: of messages that are put together by chance
WORDS = """
smua smub .source .measure .trigger .levelv .output = 1 0 -1 1e38 nil true 'x' {1,2} ( ) [ ] , .nvbuffer1 .readings .i
print printbuffer end if then local return .. *IDN? *trg reset() delay(0.01) status .operation .condition makebuffer
setmetatable getmetatable rawset pcall error coroutine.wrap string.find loadstring --[[ ]] # % \\ ... next( _G
.initiate()
.abort() .overlappedi script.new trigger.timer[1] .stimulus unpack 0/0 math.sin
"""


@pytest.fixture(scope="module")
def meter(tmp_path_factory: pytest.TempPathFactory) -> TspMeter:
    return TspMeter(tmp_path_factory.mktemp("tsp"))


@pytest.fixture(autouse=True)
def _fresh(meter: TspMeter) -> None:
    meter.meter.exchange.device_clear()
    meter.write("reset() status.reset() smua.nvbuffer1.clear() smua.nvbuffer2.clear() errorqueue.clear()")


def test_identity_beside_scripts(meter: TspMeter) -> None:
    assert meter.ask("*IDN?") == "Keithley Instruments Inc., Model 2602B, SIM1, 3.4.0"
    assert meter.print("localnode.model, localnode.serialno, localnode.linefreq") == "2602B\tSIM1\t5.00000e+01"
    assert meter.ask("*OPC?") == "1" and meter.ask("*tst?") == "0"
    assert meter.errors() == []
    meter.write("*LRN?")
    assert meter.errors() == ["-285 TSP Syntax error at line 1: unexpected symbol near `*'"]


def test_the_node_its_link_and_its_calendar(meter: TspMeter) -> None:
    assert meter.print("tsplink.reset(), tsplink.node, node[1].localnode.model") == "1.00000e+00\t1.00000e+00\t2602B"
    meter.write("before = os.clock() delay(0.01)")
    assert meter.print("os.date('%Y-%m-%d'), os.clock() - before >= 0.01, node[2]") == "2026-01-01\ttrue\tnil"


def test_an_empty_error_queue_and_an_entry(meter: TspMeter) -> None:
    assert meter.print("errorqueue.next()") == "0.00000e+00\tQueue Is Empty\t0.00000e+00\t1.00000e+00"
    meter.write("smua.source.limiti = 0.000000")   # manual p. 7-224: error code 1102, "Parameter too small"
    assert meter.number("errorqueue.count") == 1
    assert meter.print("errorqueue.next()").split("\t") == [
        "1.10200e+03", "Parameter Too Small", "2.00000e+01", "1.00000e+00"]


def test_each_print_is_a_message_of_its_own(meter: TspMeter) -> None:
    """2600BS-901-01 Rev. F, p. 9-170: "The print() command creates one response message"."""
    three = "print(1) printnumber(2, 3) print('x')"
    assert meter.messages(three) == [b"1.00000e+00\n", b"2.00000e+00, 3.00000e+00\n", b"x\n"]
    exchange, status = meter.meter.exchange, meter.meter.status
    meter.write(three)
    assert exchange.talk(4) == (b"1.00", Talk.COUNT) and exchange.talk(100) == (b"000e+00\n", Talk.END)
    assert status.message_available, "the second message waits"
    meter.write("*IDN?")   # its reply is behind what was not read
    assert exchange.talk(100, ord("\n")) == (b"2.00000e+00, 3.00000e+00\n", Talk.END)
    assert exchange.talk(100) == (b"x\n", Talk.END) and exchange.talk(9) == (b"Keithley ", Talk.COUNT)
    exchange.talk(100)
    assert not status.message_available and exchange.talk(100) == (b"", Talk.EMPTY)
    meter.write(three)
    exchange.device_clear()
    assert not exchange.output_ready and meter.print("4") == "4.00000e+00"


def test_loaded_scripts(meter: TspMeter) -> None:
    printed = meter.ask("loadandrunscript\r\nfor i = 1, 2 do\r\nprint(i)\r\nend\r\nendscript")
    assert printed == "1.00000e+00\n2.00000e+00"
    meter.write("loadscript double\nfunction twice(x) return 2 * x end\nprint('loaded')\nendscript")
    assert meter.ask("double()") == "loaded" == meter.ask("double.run()")
    assert meter.number("twice(4)") == 8
    assert meter.print("double.source") == "function twice(x) return 2 * x end\nprint('loaded')"
    meter.write("loadscript broken\nx = 1\n\nx = = 2\nendscript")
    assert meter.errors() == ["-285 TSP Syntax error at line 3: unexpected symbol near `='"]
    assert meter.ask("s = script.new('print(7)', 'seven') seven.run()") == "7.00000e+00"


def test_formats_of_numbers(meter: TspMeter) -> None:
    assert meter.ask("printnumber(1, 1/3)") == "1.00000e+00, 3.33333e-01"
    assert meter.ask("format.asciiprecision = 3 printnumber(1/3)") == "3.33e-01"
    meter.write("format.data = format.REAL32")
    assert meter.raw("printnumber(1, 2)") == b"#0" + struct.pack("<2f", 1, 2) + b"\n"
    meter.write("format.data = format.REAL64 format.byteorder = format.NETWORK")
    assert meter.raw("printnumber(1, 2)") == b"#0" + struct.pack(">2d", 1, 2) + b"\n"
    meter.write("format.data = 9 format.byteorder = 5 format.asciiprecision = 17")
    assert [one.split()[0] for one in meter.errors()] == ["1406", "1404", "1405"]


def test_replies_are_kept_until_they_are_read(meter: TspMeter) -> None:
    meter.write("print(1)")
    meter.write("print(2)")
    assert meter.ask("print(3)") == "1.00000e+00\n2.00000e+00\n3.00000e+00"
    assert meter.errors() == []


def test_abort_and_device_clear_stop_a_script(meter: TspMeter) -> None:
    exchange = meter.meter.exchange
    for stop in (lambda: exchange.recv(b"abort\n", True), exchange.device_clear):
        exchange.recv(b"while true do x = 1 end\n", True)
        meter.clock.wait(0.1)
        assert exchange.will_answer
        stop()
        assert not exchange.will_answer
        assert meter.errors() == ["-286 TSP Runtime error at line 1: script aborted"]
        assert meter.number("x") == 1


def test_abort_ends_messages_that_wait_and_a_sweep(meter: TspMeter) -> None:
    exchange = meter.meter.exchange
    exchange.recv(b"smua.measure.count = 1000 smua.measure.overlappedi(smua.nvbuffer1)\ndelay(100)\nprint(1)\n", True)
    meter.clock.wait(0.05)
    exchange.recv(b"abort\n", True)
    assert not exchange.will_answer and not meter.meter.operations.pending
    assert meter.ask("print(2)") == "2.00000e+00"


def test_waits_take_their_time(meter: TspMeter) -> None:
    assert meter.ask("timer.reset() delay(0.25) print(timer.measure.t())") == "2.50000e-01"
    before = meter.clock.now
    meter.write("beeper.beep(0.3, 2400)")
    assert meter.clock.now - before == pytest.approx(0.3)


def test_service_request_at_the_current_limit(meter: TspMeter) -> None:
    meter.write(
        "status.measurement.instrument.smua.enable = status.measurement.instrument.smua.ILMT "
        "status.measurement.instrument.enable = status.measurement.instrument.SMUA "
        "status.measurement.enable = status.measurement.INST status.request_enable = status.MSB")
    assert not meter.meter.status.requesting
    meter.write("smua.source.limiti = 1e-6 smua.source.levelv = 1 smua.source.output = 1 smua.measure.i()")
    assert meter.meter.status.requesting
    assert meter.meter.exchange.serial_poll() & 0x41 == 0x41
    assert meter.number("status.measurement.instrument.smua.condition") == 2
    assert meter.number("status.measurement.instrument.smua.event") == 2
    assert meter.number("status.measurement.instrument.smua.event") == 0


def test_timer_blender_and_trigger_command(meter: TspMeter) -> None:
    meter.write("trigger.timer[1].delay = 0.1 trigger.timer[1].count = 3 trigger.timer[1].stimulus = trigger.EVENT_ID")
    meter.write("trigger.blender[1].orenable = true trigger.blender[1].stimulus[1] = trigger.timer[1].EVENT_ID")
    assert meter.print("trigger.blender[1].wait(0.2)") == "false"
    meter.write("*trg")
    assert meter.print("trigger.wait(0)") == "true"
    assert meter.print("trigger.blender[1].wait(0.2)") == "true"
    meter.write("delay(1)")
    assert meter.print("trigger.blender[1].overrun") == "true"
    meter.write("trigger.timer[1].delay = -1 trigger.blender[1].stimulus[9] = 1 digio.trigger[1].mode = 99")
    assert [one.split()[0] for one in meter.errors()] == ["1102", "1101", "1800"]


def test_digital_lines_join_instruments(meter: TspMeter) -> None:
    edge = meter.world.bench.line("smu.digio1")
    meter.write("digio.trigger[1].pulsewidth = 1e-3 digio.trigger[1].assert()")
    assert edge.next_edge(meter.clock.now - 1.0) == pytest.approx(meter.clock.now, abs=1e-3)
    assert meter.ask("digio.writebit(3, 0) print(digio.readbit(3), digio.readbit(4))") == "0.00000e+00\t1.00000e+00"


def test_data_queue_bits_and_user_texts(meter: TspMeter) -> None:
    meter.write("dataqueue.add({1, 2}) dataqueue.add('x')")
    assert meter.print("dataqueue.count, dataqueue.next()[2], dataqueue.next()") == "2.00000e+00\t2.00000e+00\tx"
    assert meter.print("bit.bitand(12, 10), bit.test(4, 3), bit.getfield(12, 3, 2)") == "8.00000e+00\ttrue\t3.00000e+00"
    assert meter.ask("userstring.add('lab', 'B12') print(userstring.get('lab'), userstring.get('no'))") == "B12\tnil"


def test_prompts_and_shown_errors(meter: TspMeter) -> None:
    assert meter.ask("localnode.prompts = 1") == "TSP>"
    assert meter.ask("print(1)") == "1.00000e+00\nTSP>"
    assert meter.ask("x.y = 1") == "TSP?"
    assert meter.ask("errorqueue.clear() localnode.showerrors = 1") == "TSP>"
    assert meter.ask("delay(-1)") == "1.10200e+03\tParameter Too Small\nTSP>"
    assert meter.ask("loadscript a") == ">>>>"
    meter.write("endscript")
    meter.write("localnode.prompts = 0 localnode.showerrors = 0")


def test_memory_is_bounded_and_the_instrument_goes_on(meter: TspMeter) -> None:
    meter.write("hoard = {} for i = 1, 1000 do hoard[i] = string.rep('x', 100000) .. i end")
    assert meter.errors() == ["-225 Out of Memory or TSP Memory allocation error"]
    assert meter.ask("smua.source.output = 0 print(smua.source.output)") == "0.00000e+00"
    for _ in range(12):
        meter.write("kept = smua.makebuffer(100000)")
    assert meter.errors() == [], "buffers that no script holds are freed"
    meter.write("hoard = {} for i = 1, 12 do hoard[i] = smua.makebuffer(100000) end")
    assert "-225" in meter.errors()[0]
    meter.write("hoard, kept = nil, nil")


def test_no_message_breaks_the_instrument(meter: TspMeter) -> None:
    chance, words = random.Random(7), WORDS.split()
    before = meter.meter.output_states()
    for _ in range(400):
        if chance.random() < 0.2:
            message = bytes(chance.randrange(256) for _ in range(40)).decode("latin-1")
        else:
            message = " ".join(chance.choice(words) for _ in range(chance.randrange(1, 12)))
        meter.write(message)
    meter.meter.exchange.device_clear()
    assert meter.meter.output_states() == before
    meter.write("reset()")


def test_what_a_script_overwrites_does_not_break_the_instrument(tmp_path: Path) -> None:
    meter = TspMeter(tmp_path)
    meter.write("_G = 1 string = nil table = nil pcall = nil error = nil tostring = nil type = nil math = nil")
    meter.write("b = smua.makebuffer(10) smua.measure.i(b)")
    meter.write("loadscript other\nprint(b.n)\nendscript")
    assert meter.ask("other()") == "1.00000e+00"
    meter.write("smua.source.levelv = 1 / 0 smua.measure.count = 1 / 0 smua.source.levelv = 0 / 0")
    assert [one.split()[0] for one in meter.errors()] == ["1101", "1101", "-104"]
    assert meter.print("b[1 / 0], b.getreading('x')").startswith("nil")


def test_what_a_script_gave_up_is_freed(meter: TspMeter) -> None:
    interpreter = meter.meter.language.interpreter
    for _ in range(300):
        meter.write("b = smua.makebuffer(10) smua.measure.i(b)")
        meter.write("loadandrunscript\nx = 1\nendscript")
    assert meter.errors() == [] and len(interpreter._functions) < 6000
    meter.write("clear = smua.makebuffer(10).clear for i = 1, 110 do b = smua.makebuffer(10) end clear()")
    assert meter.errors() == ["4903 Reading buffer expired"]


def test_an_option_that_there_is_not_is_refused(tmp_path: Path) -> None:
    from tsbench.errors import ConfigurationError

    with pytest.raises(ConfigurationError, match=r"no option 'speed'\. Known: interlock, line_frequency"):
        TspMeter(tmp_path, options="options = { speed = 3 }")
