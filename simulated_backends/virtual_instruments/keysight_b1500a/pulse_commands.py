"""B1500A: pulse generator modules B1525A (SIM, SPRM, SPPER, SPM, SPT, SPV, SER, SPUPD, SRP, SPP, SPST?).

Bounds: B1500A/B1505A Programming Guide edition 11, chapter 4.
"""

from tsbench.simulated_backends.flex.errors import FlexError
from tsbench.simulated_backends.flex.parameters import ChannelNumber, FlexParameter, Whole, flex
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.mainframe import Mainframe
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.pulse_module import (
    COUNTED,
    FREE,
    LONGEST_PERIOD,
    SHORTEST_EDGE,
    SHORTEST_PERIOD,
    SHORTEST_WIDTH,
    TIMED,
    PulseRun,
)

CHANNELS = ChannelNumber(optional=True, many=True)
TIME, VOLTS = FlexParameter(0, LONGEST_PERIOD), FlexParameter(-40, 40)
EDGE = FlexParameter(SHORTEST_EDGE, 400e-3)


class PulseCommands:
    """Commands of the pulse generator modules.

    Parameters
    ----------
    frame : Mainframe
    train : PulseRun
    """

    def __init__(self, frame: Mainframe, train: PulseRun) -> None:
        self._frame = frame
        self._train = train

    def reset(self) -> None:
        """Take the settings after ``*RST``."""
        self._train.period, self._train.mode, self._train.condition = 1e-6, FREE, 1.0
        self._train.started = None
        for output in self._frame.slots.pulsers.values():
            output.reset()

    def _require_module(self) -> None:
        if not self._frame.slots.pulsers:
            raise FlexError(153)

    @flex("SIM", Whole(0, 1))
    def _operating_mode(self, mode: int) -> None:
        self._require_module()
        if mode != 0:
            raise FlexError(120)   # arbitrary waveforms are not modelled
        for output in self._frame.slots.pulsers.values():
            output.stop()

    @flex("SIM?")
    def _get_operating_mode(self) -> str:
        self._require_module()
        return "0"

    @flex("SPRM", Whole(0, 2), FlexParameter(optional=True))
    def _run_mode(self, mode: int, condition: float | None = None) -> None:
        self._require_module()
        if mode != FREE:
            value = 1.0 if condition is None else condition
            FlexParameter(*((1, 1_000_000) if mode == COUNTED else (1e-6, 31_556_926))).checked(value)
            if mode == COUNTED and value != int(value):
                raise FlexError(120)
            self._train.condition = value
        self._train.mode = mode

    @flex("SPRM?")
    def _get_run_mode(self) -> str:
        self._require_module()
        train = self._train
        return str(train.mode) if train.mode == FREE else f"{train.mode},{train.condition:g}"

    @flex("SPPER", FlexParameter(SHORTEST_PERIOD, LONGEST_PERIOD))
    def _period(self, period: float) -> None:
        self._require_module()
        self._train.period = period

    @flex("SPPER?")
    def _get_period(self) -> str:
        self._require_module()
        return f"{self._train.period:.6E}"

    @flex("SPM", ChannelNumber(), Whole(0, 3))
    def _output_mode(self, channel: int, mode: int) -> None:
        if mode == 3:
            raise FlexError(120)   # three levels are not modelled
        self._frame.slots.pulser(channel).settings.mode = mode

    @flex("SPM?", ChannelNumber())
    def _get_output_mode(self, channel: int) -> str:
        return str(self._frame.slots.pulser(channel).settings.mode)

    @flex("SPT", ChannelNumber(), Whole(1, 2), TIME, FlexParameter(SHORTEST_WIDTH, LONGEST_PERIOD), EDGE,
          FlexParameter(SHORTEST_EDGE, 400e-3, optional=True))
    def _timing(
        self, channel: int, source: int, delay: float, width: float, leading: float, trailing: float | None = None,
    ) -> None:
        timing = self._frame.slots.pulser(channel).settings.timings[source]
        timing.delay, timing.width, timing.leading = delay, width, leading
        timing.trailing = leading if trailing is None else trailing

    @flex("SPT?", ChannelNumber(), Whole(1, 2))
    def _get_timing(self, channel: int, source: int) -> str:
        timing = self._frame.slots.pulser(channel).settings.timings[source]
        return ",".join(f"{value:.6E}" for value in (timing.delay, timing.width, timing.leading, timing.trailing))

    @flex("SPV", ChannelNumber(), Whole(0, 2), VOLTS, FlexParameter(-40, 40, optional=True))
    def _levels(self, channel: int, source: int, base: float, peak: float = 0.0) -> None:
        output = self._frame.slots.pulser(channel)
        most = 40.0 * output.settings.load / (output.settings.load + 50.0)
        if max(abs(base), abs(peak)) > most * (1 + 1e-9):
            raise FlexError(120)
        timing = output.settings.timings[source]
        timing.base, timing.peak = base, peak

    @flex("SPV?", ChannelNumber(), Whole(0, 2))
    def _get_levels(self, channel: int, source: int) -> str:
        timing = self._frame.slots.pulser(channel).settings.timings[source]
        return f"{timing.base:.6E},{timing.peak:.6E}"

    @flex("SER", ChannelNumber(), FlexParameter(0.1, 1e6))
    def _load(self, channel: int, ohms: float) -> None:
        self._frame.slots.pulser(channel).settings.load = ohms

    @flex("SER?", ChannelNumber())
    def _get_load(self, channel: int) -> str:
        return f"{self._frame.slots.pulser(channel).settings.load:.6E}"

    @flex("SPUPD", CHANNELS)
    def _apply(self, *channels: int) -> None:
        self._require_module()
        for channel in channels or tuple(self._frame.slots.pulsers):
            self._frame.slots.pulser(channel).apply_base()

    @flex("SRP")
    def _start(self) -> None:
        self._require_module()
        for output in self._frame.slots.pulsers.values():
            output.start()
        self._train.started = self._frame.instrument.clock.now

    @flex("SPP")
    def _stop(self) -> None:
        self._require_module()
        self._train.started = None
        for output in self._frame.slots.pulsers.values():
            output.stop()

    @flex("SPST?")
    def _running(self) -> str:
        self._require_module()
        return str(int(self._train.running(self._frame.instrument.clock.now)))


assert TIMED == 2   # SPRM takes 0 to 2
