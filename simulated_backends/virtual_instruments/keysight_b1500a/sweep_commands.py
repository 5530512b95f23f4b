"""B1500A: measurement mode and staircase sweeps (MM, WV, WI, WSV, WSI, WNX, WM, WT, WNU?).

Bounds: B1500A/B1505A Programming Guide edition 11, chapter 4.
"""

from collections.abc import Sequence

from tsbench.simulated_backends.flex.errors import FlexError
from tsbench.simulated_backends.flex.parameters import ChannelNumber, FlexParameter, Whole, flex
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.mainframe import Mainframe
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.source_checks import SourceChecks
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.sweep_setup import (
    StairTiming,
    SweepSetup,
)

MODES = (1, 2, 3, 4, 5, 10, 16)  #: measurement modes that are modelled
OF_OTHER_MODULES = (9, 13, 14, 15, 17, 18, 19, 20, 22, 23, 26, 27, 28)  #: modes of the manual that are not
ONE_CHANNEL = (3, 4, 5)  #: modes in which one channel measures
MOST_STEPS, MOST_SAMPLES = 1001, 100001
LEVEL, LEFT_OUT = FlexParameter(), FlexParameter(optional=True)
HOLD = FlexParameter(0, 655.35)
CHANNELS = ChannelNumber(optional=True, many=True)


class SweepCommands:
    """Measurement mode and staircase sweeps.

    Parameters
    ----------
    frame : Mainframe
    setup : SweepSetup
    """

    def __init__(self, frame: Mainframe, setup: SweepSetup) -> None:
        self._frame = frame
        self.setup = setup
        self._checks = SourceChecks(frame)

    @flex("MM", Whole(1, 28), ChannelNumber(optional=True, many=True))
    def _mode(self, mode: int, *channels: int) -> None:
        if mode in OF_OTHER_MODULES:
            raise FlexError(152)   # of a capacitance meter, whose twin fails its self-test, or not modelled
        if mode not in MODES:
            raise FlexError(120)
        if not channels or len(channels) > (1 if mode in ONE_CHANNEL else 10) or len(set(channels)) != len(channels):
            raise FlexError(122)
        self.setup.channels = [self._frame.slots.source(channel) for channel in channels]
        self.setup.mode = mode

    # ------------------------------------------------------------------------------------------- stairs

    def _primary(self, function: str, arguments: Sequence[float]) -> None:
        channel, mode, code, start, stop, steps, *rest = arguments
        compliance, power = (*rest, None, None)[:2]
        found = self._checks.stair(int(channel), function, int(code), (start, stop), compliance, power, int(mode))
        setup = self.setup
        setup.primary, setup.stair_mode, setup.steps = found, int(mode), int(steps)
        setup.pulsed = setup.synchronous = None
        setup.others = {}

    @flex("WV", ChannelNumber(), Whole(1, 4), Whole(), LEVEL, LEVEL, Whole(1, MOST_STEPS), LEFT_OUT, LEFT_OUT)
    def _sweep_voltage(self, *arguments: float) -> None:
        self._primary("VOLT", arguments)

    @flex("WI", ChannelNumber(), Whole(1, 4), Whole(), LEVEL, LEVEL, Whole(1, MOST_STEPS), LEFT_OUT, LEFT_OUT)
    def _sweep_current(self, *arguments: float) -> None:
        self._primary("CURR", arguments)

    def _synchronous(self, function: str, arguments: Sequence[float]) -> None:
        primary = self.setup.primary or self.setup.pulsed
        if primary is None or primary.function != function:
            raise FlexError(220)
        channel, code, start, stop, *rest = arguments
        compliance, power = (*rest, None, None)[:2]
        found = self._checks.stair(
            int(channel), function, int(code), (start, stop), compliance, power, self.setup.stair_mode)
        if found.channel is primary.channel:
            raise FlexError(121)
        self.setup.synchronous = found

    @flex("WSV", ChannelNumber(), Whole(), LEVEL, LEVEL, LEFT_OUT, LEFT_OUT)
    def _synchronous_voltage(self, *arguments: float) -> None:
        self._synchronous("VOLT", arguments)

    @flex("WSI", ChannelNumber(), Whole(), LEVEL, LEVEL, LEFT_OUT, LEFT_OUT)
    def _synchronous_current(self, *arguments: float) -> None:
        self._synchronous("CURR", arguments)

    @flex("WNX", Whole(2, 10), ChannelNumber(), Whole(1, 2), Whole(), LEVEL, LEVEL, LEFT_OUT, LEFT_OUT)
    def _another(
        self, number: int, channel: int, kind: int, code: int, start: float, stop: float,
        compliance: float | None = None, power: float | None = None,
    ) -> None:
        if self.setup.primary is None:
            raise FlexError(220)
        function = "VOLT" if kind == 1 else "CURR"
        self.setup.others[number] = self._checks.stair(
            channel, function, code, (start, stop), compliance, power, self.setup.stair_mode)

    @flex("WNCC")
    def _forget_stairs(self) -> None:
        self.setup.primary = None
        self.setup.others = {}

    @flex("WM", Whole(1, 2), Whole(1, 2, optional=True))
    def _stop_conditions(self, abort: int, post: int = 1) -> None:
        self.setup.abort, self.setup.ends_at = abort == 2, post

    @flex("WT", HOLD, FlexParameter(0, 65.535), FlexParameter(0, 1, optional=True),
          FlexParameter(0, 65.535, optional=True), FlexParameter(0, 65.535, optional=True))
    def _stair_times(self, hold: float, delay: float, *rest: float) -> None:
        if len(rest) > 1 and rest[1] > delay:
            raise FlexError(120)   # the step trigger comes within the delay
        self.setup.timing = StairTiming(hold, delay, *rest)

    @flex("WNU?")
    def _number_of_steps(self) -> str:
        source = self.setup.primary or self.setup.pulsed
        return str(len(self.setup.levels(source)) if source is not None else 0)
