"""4200A-SCS, system mode: the test that ME1 starts, and its data (DO, RD).

A test holds the constants, steps VAR2 (from the last one on the fastest) and sweeps VAR1. Each defined unit is read
after the delay time: voltage and current out of the same apertures, one unit after the other. Then the units with
automatic standby (ST) are switched off.
"""

import itertools
from collections.abc import Generator

from tsbench.simulated_backends.kxci.errors import VALUE, KxciError
from tsbench.simulated_backends.kxci.syntax import Name, WholeNumber, kxci
from tsbench.simulated_backends.virtual_instruments.keithley_4200.definitions import (
    VAR1,
    VAR2,
    Channel,
    Definitions,
)
from tsbench.simulated_backends.virtual_instruments.keithley_4200.mainframe import Frame4200
from tsbench.simulated_backends.virtual_instruments.keithley_4200.source_unit import OTHER, letter_of, value_of

Steps = Generator[float, None, None]
MD = ("MD",)
COMMON_LIMIT = 0.1  #: [A] of a unit that is common


class TestCommands:
    """Starts and stops tests, and gives their data.

    Parameters
    ----------
    frame : Frame4200
    setup : Definitions
    """

    def __init__(self, frame: Frame4200, setup: Definitions) -> None:
        self._frame = frame
        self._setup = setup

    @kxci("ME", WholeNumber(1, 4), pages=MD, waits=False)
    def _control(self, what: int) -> Steps:
        frame = self._frame
        if what == 4:
            frame.stop()
            yield from self._to_standby()
            return
        if what == 2 or frame.busy:
            raise KxciError(VALUE)
        self._require_complete()
        if what == 1:
            frame.clear_data()
        for channel in self._setup.channels.values():
            for name in (channel.voltage_name, channel.current_name):
                for suffix in ("", "T"):
                    frame.data.setdefault(name + suffix, [])
        frame.run(self._test())

    def _require_complete(self) -> None:
        setup = self._setup
        swept = setup.of_role(VAR1)
        if not setup.channels or len({len(setup.channels[number].levels) for number in swept}) > 1:
            raise KxciError(VALUE)
        if any(not channel.levels for channel in setup.channels.values() if channel.function != "COMMON"):
            raise KxciError(VALUE)

    def _to_standby(self) -> Steps:
        for number in self._setup.channels:
            unit = self._frame.sources[number]
            if unit.is_on and unit.standby:
                yield from unit.switch_off()

    def _apply(self, number: int, level: float) -> None:
        channel, unit = self._setup.channels[number], self._frame.sources[number]
        if channel.function == "COMMON":
            unit.force("VOLT", 0, 0.0, COMMON_LIMIT)
        elif unit.is_on and unit.settings.source_function == channel.function:
            unit.change_level(level)
        else:
            unit.force(channel.function, 0, level, channel.limit)

    def _start(self) -> None:
        """Switch all defined units on at their first levels, in the ranges of their highest."""
        for number, channel in self._setup.channels.items():
            unit = self._frame.sources[number]
            levels = channel.levels or (0.0,)
            if channel.function != "COMMON":
                # one range for the whole test
                unit.settings.source_lowest[channel.function] = max(map(abs, levels))
                unit.force(channel.function, 0, levels[0], channel.limit)
            else:
                self._apply(number, 0.0)

    def _test(self) -> Steps:
        frame, setup = self._frame, self._setup
        began = frame.instrument.clock.now
        self._start()
        stepped, swept = setup.of_role(VAR2), setup.of_role(VAR1)
        count = len(setup.channels[swept[0]].levels) if swept else setup.readings
        for steps in itertools.product(*(setup.channels[number].levels for number in reversed(stepped))):
            for number, level in zip(reversed(stepped), steps, strict=True):
                self._apply(number, level)
            yield setup.hold_time if swept else setup.wait_time
            for index in range(count):
                for number in swept:
                    self._apply(number, setup.channels[number].levels[index])
                at = frame.instrument.clock.now
                yield setup.delay_time if swept else 0.0
                for number in setup.channels:
                    yield from self._read(number, began)
                if not swept:
                    yield max(at + setup.interval - frame.instrument.clock.now, 0.0)
        for number in setup.channels:
            frame.sources[number].settings.source_lowest = dict.fromkeys(("VOLT", "CURR", "RES"), 0.0)
        yield from self._to_standby()
        frame.status.data_ready = True

    def _read(self, number: int, began: float) -> Steps:
        frame, unit = self._frame, self._frame.sources[number]
        channel: Channel = self._setup.channels[number]
        source = unit.settings.source_function
        found = yield from unit.take((OTHER[source], source))
        others = frame.limited(unit)
        for quantity, name in (("VOLT", channel.voltage_name), ("CURR", channel.current_name)):
            reading = found[quantity]
            status = letter_of(found[OTHER[source]], others) if quantity == source else letter_of(reading, others)
            frame.data.setdefault(name, []).append((status, value_of(reading)))
            frame.data.setdefault(name + "T", []).append(("N", reading.time - began))

    # --------------------------------------------------------------------------------------------- data

    @kxci("DO", Name(), pages=MD)
    def _all_readings(self, name: str) -> str:
        if name not in self._frame.data:
            raise KxciError(VALUE)
        self._frame.status.data_ready = False
        return ",".join(f"{status}{self._frame.number(value)}" for status, value in self._frame.data[name])

    @kxci("RD", Name(), WholeNumber(1, 10_000), waits=False)
    def _one_reading(self, name: str, index: int) -> str:
        found = self._frame.data.get(name)
        if found is None:
            raise KxciError(VALUE)
        return self._frame.number(found[index - 1][1] if index <= len(found) else 0.0)
