"""B1500A: identity, reset, errors, status byte, self-test and calibration.

``*CLS`` is no command of a B1500A: it is error 100. A module that measures nothing (B1520A) fails its
self-test.
"""

from collections.abc import Generator
from typing import Any, Protocol

from tsbench.simulated_backends.flex.errors import ERROR_TEXTS, FlexError
from tsbench.simulated_backends.flex.execution import FlexCommanded
from tsbench.simulated_backends.flex.parameters import Whole, flex
from tsbench.simulated_backends.flex.program_memory import MOST_PROGRAMS
from tsbench.simulated_backends.scpi.executing import Wait
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.mainframe import Mainframe

SELF_TEST_TIME, CALIBRATION_TIME = 3.0, 10.0  #: [s] of one module; not compared with a manual
Steps = Generator[Wait, None, None]
Answer = Generator[Wait, None, str]
PROGRAM = Whole(1, MOST_PROGRAMS)


class ResettableInstrument(FlexCommanded, Protocol):
    """What the commands of the mainframe ask of the instrument."""

    identification: str

    def reset(self) -> Any:
        """Do ``*RST``."""


class MainframeCommands:
    """Commands of the mainframe as a whole.

    Parameters
    ----------
    instrument : ResettableInstrument
    frame : Mainframe
    """

    def __init__(self, instrument: ResettableInstrument, frame: Mainframe) -> None:
        self._instrument = instrument
        self._frame = frame

    @flex("*IDN?")
    def _identify(self) -> str:
        return self._instrument.identification

    @flex("*RST")
    def _reset(self) -> Steps:
        yield from self._instrument.reset()

    @flex("*OPC?")
    def _complete(self) -> str:
        return "1"   # commands are executed one after the other

    @flex("UNT?", Whole(0, 1, optional=True))
    def _units(self, mode: int = 0) -> str:
        return self._frame.slots.unit_text()

    # ------------------------------------------------------------------------------- errors and status

    @flex("ERR?", Whole(0, 1, optional=True))
    def _errors(self, mode: int = 0) -> str:
        errors = self._frame.status.flex_errors
        text = ",".join(map(str, errors.take_codes())) if mode == 0 else str(errors.take_first_code())
        self._frame.status.errors_read()
        return text

    @flex("ERRX?", Whole(0, 1, optional=True))
    def _next_error(self, mode: int = 0) -> str:
        code, text = self._frame.status.flex_errors.take_next()
        self._frame.status.errors_read()
        return f"{code:+d}" if mode else f'{code:+d},"{text}"'

    @flex("EMG?", Whole(0, 999))
    def _error_text(self, code: int) -> str:
        return ERROR_TEXTS.get(code, "")

    @flex("*SRE", Whole(0, 255))
    def _set_enable(self, mask: int) -> None:
        self._frame.status.service_enable = mask & ~0x40
        self._frame.status.update()

    @flex("*SRE?")
    def _enable(self) -> str:
        return str(self._frame.status.service_enable)

    @flex("*STB?")
    def _status_byte(self) -> str:
        status = self._frame.status
        status.busy = False   # this query does not count as an operation
        return str(status.status_byte())

    # ---------------------------------------------------------------------------- self-test, calibration

    def _tested(self, slot: int) -> list[int]:
        """Return the slots that a test is about: 0 all, 11 the mainframe; FlexError 153 for an empty one."""
        models = self._frame.slots.models
        if 1 <= slot <= 10 and slot not in models:
            raise FlexError(153, f"SLOT{slot}")
        return sorted(models) if slot == 0 else [slot] if slot <= 10 else []

    def _open_all(self) -> Steps:
        for channel in self._frame.slots.sources.values():
            yield from channel.switch_off()

    @flex("*TST?", Whole(0, 11, optional=True))
    def _self_test(self, slot: int = 0) -> Answer:
        slots = self._tested(slot)
        yield from self._open_all()
        yield SELF_TEST_TIME * max(len(slots), 1)
        failed = [one for one in slots if self._frame.slots.models[one] == "B1520A"]
        return str(sum(1 << (one - 1) for one in failed))

    @flex("*CAL?", Whole(0, 11, optional=True))
    def _calibrate(self, slot: int = 0) -> Answer:
        slots = self._tested(slot)
        self._require_low_voltage()
        yield from self._open_all()
        yield CALIBRATION_TIME * max(len(slots), 1)
        return "0"

    @flex("CA", Whole(1, 10, optional=True))
    def _calibrate_without_reply(self, slot: int = 0) -> Steps:
        yield from self._calibrate(slot)

    def _require_low_voltage(self) -> None:
        for channel in self._frame.slots.sources.values():
            force = channel.force_now
            volts = force.level if force.function == "VOLT" else force.compliance
            if channel.is_on and abs(volts) > self._frame.interlock_voltage:
                raise FlexError(202)

    @flex("CM", Whole(0, 1))
    def _auto_calibration(self, on: int) -> None:
        self._frame.auto_calibration = bool(on)

    @flex("RCV", Whole(0, 11, optional=True))
    def _recover(self, slot: int = 0) -> None:
        self._tested(slot)

    @flex("DIAG?", Whole(1, 7))
    def _diagnose(self, item: int) -> Answer:
        """1 trigger, 3 lamp of high voltage, 4 digital lines, 6 interlock open, 7 interlock closed: 0 passed."""
        if item not in (1, 3, 4, 6, 7):
            raise FlexError(120)
        yield 1.0
        return str(int(item in (6, 7) and self._frame.interlock_closed != (item == 7)))
