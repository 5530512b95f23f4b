"""The status byte, its registers and the requests for service, bit by bit as IEEE 488.2 and SCPI-99 number them."""

import re

import pytest

from tsbench.simulated_backends.scpi.errors import ERROR_TEXTS, ScpiError, event_bit
from tsbench.simulated_backends.scpi.status import EventRegister, StatusModel


@pytest.mark.parametrize(("code", "bit"), [
    (-99, 3), (-100, 5), (-113, 5), (-199, 5), (-200, 4), (-222, 4), (-299, 4), (-300, 3), (-350, 3), (-399, 3),
    (-400, 2), (-420, 2), (-499, 2), (-500, 3), (5, 3), (2203, 3),
])
def test_the_class_of_an_error_is_a_bit_of_the_standard_events(code: int, bit: int) -> None:
    assert event_bit(code) == 1 << bit
    status = StatusModel(standard_event=0)
    status.post(ScpiError(code))
    assert status.standard_event == 1 << bit


def test_each_bit_of_the_status_byte() -> None:
    status = StatusModel()
    assert status.status_byte() == 0 and status.standard_event == 128   # power on, not enabled
    status.standard_enable = 128
    assert status.status_byte() == 32
    status.clear()
    assert status.standard_event == 0 and status.standard_enable == 128
    status.errors.append(object())  # type: ignore[arg-type]
    assert status.status_byte() == 4
    status.clear()
    status.message_available = True
    assert status.status_byte() == 16
    status.message_available = False
    for register, bit in ((status.questionable, 8), (status.operation, 128)):
        register.set_bit(16, True)
        assert status.status_byte() == 0   # not enabled
        register.enable = 16
        assert status.status_byte() == bit
        assert register.read_event() == 16 and register.read_event() == 0
    status.extra_bits = lambda: 0x43   # bit 6 is nobody's own
    assert status.status_byte() == 3
    status.service_enable = 1
    assert status.status_byte() == 64 + 3


def test_a_request_for_service_is_made_once_for_each_rise() -> None:
    calls: list[int] = []
    status = StatusModel(standard_event=0, requested=lambda: calls.append(1))
    status.service_enable, status.standard_enable = 32, 1
    status.set_event(4)
    assert not calls and not status.requesting
    status.set_event(1)
    status.set_event(1)
    assert calls == [1] and status.requesting
    assert status.serial_poll() == 64 + 32 and not status.requesting
    assert status.serial_poll() == 32 and status.status_byte() == 64 + 32   # RQS is gone, the summary stands
    status.clear()
    status.set_event(1)
    assert calls == [1, 1] and status.requesting
    status.clear()
    assert not status.requesting


def test_who_is_told_of_a_request_may_look_at_the_status() -> None:
    calls: list[int] = []
    status = StatusModel(standard_event=0, standard_enable=1, service_enable=32)

    def told() -> None:
        calls.append(status.status_byte())

    status.requested = told
    status.set_event(1)
    assert calls == [64 + 32] and status.requesting


def test_a_register_keeps_what_rose_and_where_it_is_asked_for_what_fell() -> None:
    register = EventRegister()
    register.set_condition(0b0110)
    register.set_condition(0b0011)
    assert register.read_event() == 0b0111 and register.condition == 0b0011
    register.positive, register.negative = 0b0100, 0b0001
    register.set_condition(0b1100)
    assert register.event == 0b0101
    register.set_bit(8, False)
    assert register.condition == 4 and not register.summary
    register.enable = 1
    assert register.summary


def test_what_a_preset_and_a_power_cycle_clear() -> None:
    status = StatusModel(service_enable=4, standard_enable=8)
    status.operation.enable, status.operation.positive, status.operation.negative = 1, 2, 3
    status.operation.set_condition(2)
    status.preset()
    assert status.operation == EventRegister(condition=2, event=2, enable=0, positive=0x7FFF, negative=0)
    assert (status.service_enable, status.standard_enable) == (4, 8)
    status.post(ScpiError(-113))
    status.power_on()
    assert (status.service_enable, status.standard_enable, status.standard_event) == (0, 0, 128)
    assert not status.errors and status.operation.event == 0


def test_a_full_queue_ends_with_its_own_error_and_keeps_the_oldest() -> None:
    time = [0.0]
    status = StatusModel(now=lambda: time[0])
    for number in range(19):
        time[0] = float(number)
        status.post(ScpiError(-222, f"{number}"))
    status.post(ScpiError(-113))
    assert [entry.code for entry in status.errors] == [-222] * 19 + [-113]   # 20 fit
    assert status.errors[3].text.endswith(";3") and status.errors[3].time == 3.0
    status.post(ScpiError(-113))
    assert [entry.code for entry in status.errors] == [-222] * 19 + [-350]
    status = StatusModel()
    status.post(ScpiError(77))
    status.post(ScpiError(77, text="of the model"))
    assert [entry.text for entry in status.errors] == ["Device-specific error", "of the model"]


def test_the_texts_of_errors_are_numbered_as_scpi_numbers_them() -> None:
    """Standard errors are negative, in the classes of 100 to 400."""
    assert all(-500 < code <= 0 and not -100 < code < 0 for code in ERROR_TEXTS)
    assert [ERROR_TEXTS[code] for code in (0, -109, -113, -222, -350, -410)] == [
        "No error", "Missing parameter", "Undefined header", "Parameter data out of range", "Queue overflow",
        "Query INTERRUPTED"]


#: number and text of the errors, as SCPI-99 prints them (volume 2, section 21.8)
PRINTED = """
100 Command error                   101 Invalid character               102 Syntax error
103 Invalid separator               104 Data type error                 105 GET not allowed
108 Parameter not allowed           109 Missing parameter               110 Command header error
111 Header separator error          112 Program mnemonic too long       113 Undefined header
114 Header suffix out of range      120 Numeric data error              121 Invalid character in number
123 Exponent too large              124 Too many digits                 128 Numeric data not allowed
130 Suffix error                    131 Invalid suffix                  138 Suffix not allowed
140 Character data error            141 Invalid character data          144 Character data too long
148 Character data not allowed      150 String data error               151 Invalid string data
158 String data not allowed         160 Block data error                161 Invalid block data
168 Block data not allowed          200 Execution error                 203 Command protected
210 Trigger error                   211 Trigger ignored                 212 Arm ignored
213 Init ignored                    214 Trigger deadlock                220 Parameter error
221 Settings conflict               222 Parameter data out of range     223 Too much data
224 Illegal parameter value         225 Out of memory                   230 Data corrupt or stale
240 Hardware error                  241 Hardware missing                256 File name not found
310 System error                    350 Queue overflow                  363 Input buffer overrun
400 Query error                     410 Query INTERRUPTED               420 Query UNTERMINATED
430 Query DEADLOCKED                440 Query UNTERMINATED after indefinite response
"""


def test_errors_have_the_numbers_and_texts_of_the_standard() -> None:
    printed = {-int(number): text.strip() for number, text in re.findall(r"(\d{3}) ((?:(?!\s{2,}|\n).)+)", PRINTED)}
    assert {**printed, 0: "No error"} == ERROR_TEXTS
