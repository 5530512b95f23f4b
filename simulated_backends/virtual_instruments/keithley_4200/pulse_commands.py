"""4225-PMU: commands for all tests (KXCI Remote Control Programming Rev. D, section 7)."""

import re

from tsbench.simulated_backends.kxci.errors import VALUE, KxciError
from tsbench.simulated_backends.kxci.syntax import KxciParameter, PlainWord, WholeNumber, kxci
from tsbench.simulated_backends.virtual_instruments.keithley_4200 import pulse_sheet as sheet
from tsbench.simulated_backends.virtual_instruments.keithley_4200.mainframe import Frame4200
from tsbench.simulated_backends.virtual_instruments.keithley_4200.pulse_run import Point, PulseCardRun
from tsbench.simulated_backends.virtual_instruments.keithley_4200.pulse_setup import PulseCardSetup

CHANNEL, NUMBER, SWITCH = WholeNumber(1, 8), KxciParameter(), WholeNumber(0, 1)
_WAVE = {"V": 0, "I": 1, "T": 2, "S": 3}
_SPOT = {f"{quantity}{place}": (place == "L", column) for place in "HL" for quantity, column in _WAVE.items()}


class PulseCardCommands:
    """Settings, execution and data of the pulse card.

    Parameters
    ----------
    frame : Frame4200
    run : PulseCardRun
    """

    def __init__(self, frame: Frame4200, run: PulseCardRun) -> None:
        self._frame = frame
        self._run = run

    def setup(self, channel: int) -> PulseCardSetup:
        """Return the settings of a channel; KxciError if there is none."""
        if channel not in self._run.setups:
            raise KxciError(VALUE)
        return self._run.setups[channel]

    # ------------------------------------------------------------------------------------------ execution

    @kxci(":PMU:INIT", SWITCH)
    def _initialise(self, segments: int) -> None:
        self._all_off()
        self._run.initialise(bool(segments))

    def _all_off(self) -> None:
        for channel in self._run.channels.values():
            if channel.is_on:
                channel.switch(False)

    @kxci(":PMU:EXECUTE")
    def _execute(self) -> None:
        self._frame.run(self._run.test(self._run.courses()))

    @kxci(":PMU:TEST:STATUS?", waits=False)
    def _status(self) -> str:
        busy = self._frame.busy
        if busy:
            self._frame.instrument.operations.not_yet()
        return str(int(busy))

    @kxci(":PMU:ABORT", waits=False)
    def _abort(self) -> None:
        self._frame.stop()
        self._all_off()

    @kxci(":PMU:OUTPUT:STATE", CHANNEL, SWITCH, waits=False)
    def _output(self, channel: int, on: int) -> None:
        """On: with the next test. Off: at once."""
        self.setup(channel).enabled = bool(on)
        if not on and self._run.channels[channel].is_on:
            self._run.channels[channel].switch(False)

    @kxci(":PMU:DATA:COUNT?", CHANNEL)
    def _how_many(self, channel: int) -> str:
        self.setup(channel)
        return str(len(self._run.data[channel]))

    @kxci(":PMU:DATA:GET", CHANNEL, WholeNumber(0, optional=True), WholeNumber(1, sheet.POINTS_AT_ONCE, optional=True),
          PlainWord(optional=True, many=True))
    def _data(self, channel: int, first: int = 0, count: int = sheet.POINTS_AT_ONCE, *wanted: str) -> str:
        self.setup(channel)
        return ";".join(_written(row, wanted) for row in self._run.data[channel][first: first + count])

    # ----------------------------------------------------------------------------------- channel settings

    @kxci(":PMU:RPM:CONFIGURE", PlainWord(), WholeNumber(0, 3))
    def _path(self, name: str, mode: int) -> None:
        found = re.fullmatch(r"PMU1-([12])", name)
        if found is None:
            raise KxciError(VALUE)
        if mode in (1, 3):
            raise KxciError(VALUE, "There is no 4210-CVU.")

    @kxci(":PMU:SOURCE:RANGE", CHANNEL, NUMBER)
    def _source_range(self, channel: int, volts: float) -> None:
        if volts not in sheet.CURRENT_RANGES:
            raise KxciError(VALUE)
        self.setup(channel).volts = volts

    @kxci(":PMU:MEASURE:RANGE", CHANNEL, WholeNumber(0, 2), KxciParameter(optional=True))
    def _measure_range(self, channel: int, kind: int, full: float | None = None) -> None:
        setup = self.setup(channel)
        if kind:
            ranges = {row.full_scale for rows in sheet.CURRENT_RANGES.values() for row in rows}
            if full not in ranges:
                raise KxciError(VALUE)
            setup.current_range = float(full)
        setup.range_type = kind

    @kxci(":PMU:LOAD", CHANNEL, KxciParameter(1.0, 1e7))
    def _load(self, channel: int, ohms: float) -> None:
        self.setup(channel).load = ohms

    @kxci(":PMU:LLEC:CONFIGURE", CHANNEL, SWITCH)
    def _compensation(self, channel: int, on: int) -> None:
        self.setup(channel).llec = bool(on)

    @kxci(":PMU:CONNECTION:COMP", CHANNEL, SWITCH, SWITCH)
    def _cable(self, channel: int, short: int, delay: int) -> None:
        self.setup(channel)

    @kxci(":PMU:RETAIN:CONFIG", CHANNEL, SWITCH)
    def _retain(self, channel: int, on: int) -> None:
        self.setup(channel)

    # ---------------------------------------------------------------------------------- of the whole card

    @kxci(":PMU:MEASURE:MODE", WholeNumber(0, 4))
    def _mode(self, mode: int) -> None:
        self._run.mode = mode

    @kxci(":PMU:SAMPLE:RATE", KxciParameter(sheet.SLOWEST, sheet.FASTEST))
    def _rate(self, rate: float) -> None:
        self._run.rate = rate


def _written(row: tuple[Point, ...], wanted: tuple[str, ...]) -> str:
    """Return a row of data: of spot means first the top, then the base."""
    if not wanted:
        return ",".join(_text(value) for point in row for value in point)
    parts = []
    for name in wanted:
        if name in _WAVE and len(row) == 1:
            parts.append(_text(row[0][_WAVE[name]]))
        elif name in _SPOT and len(row) > int(_SPOT[name][0]):
            parts.append(_text(row[int(_SPOT[name][0])][_SPOT[name][1]]))
        else:
            raise KxciError(VALUE)
    return ",".join(parts)


def _text(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.6E}"
