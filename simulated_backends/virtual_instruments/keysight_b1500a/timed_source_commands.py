"""B1500A: set-up of pulses and sampling (PV, PI, PT, PWV, PWI, MV, MI, MCC, MSC, ML, MT).

Bounds: B1500A/B1505A Programming Guide edition 11, chapter 4; p. 4-142 (MT).
"""

from collections.abc import Sequence

from tsbench.simulated_backends.flex.errors import FlexError
from tsbench.simulated_backends.flex.parameters import ChannelNumber, FlexParameter, Whole, flex
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.mainframe import Mainframe
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.source_checks import SourceChecks
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.source_module import SourceChannel
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.sweep_commands import (
    CHANNELS,
    HOLD,
    LEFT_OUT,
    LEVEL,
    MOST_STEPS,
)
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.sweep_setup import (
    PulseSource,
    SamplingTimes,
    SinglePulseTimes,
    SweepSetup,
)

MOST_SAMPLES = 100001


class TimedSourceCommands:
    """Pulses and sampling.

    Parameters
    ----------
    frame : Mainframe
    setup : SweepSetup
    """

    def __init__(self, frame: Mainframe, setup: SweepSetup) -> None:
        self._frame = frame
        self.setup = setup
        self._checks = SourceChecks(frame)

    # ------------------------------------------------------------------------------------------- pulses

    @flex("PV", ChannelNumber(), Whole(), LEVEL, LEVEL, LEFT_OUT)
    def _pulse_voltage(self, channel: int, code: int, base: float, top: float, limit: float | None = None) -> None:
        self.setup.pulse = self._checks.pulse(channel, "VOLT", code, base, top, limit)

    @flex("PI", ChannelNumber(), Whole(), LEVEL, LEVEL, LEFT_OUT)
    def _pulse_current(self, channel: int, code: int, base: float, top: float, limit: float | None = None) -> None:
        if base * top < 0:
            raise FlexError(130)
        self.setup.pulse = self._checks.pulse(channel, "CURR", code, base, top, limit)

    @flex("PT", HOLD, FlexParameter(0.5e-3, 2.0), FlexParameter(5e-3, 5.0, optional=True, also=(0.0, -1.0)),
          FlexParameter(0, 2.0, optional=True))
    def _pulse_times(self, hold: float, width: float, period: float = 0.0, delay: float = 0.0) -> None:
        least = width + (2e-3 if width <= 0.1 else 10e-3)
        if delay > width or (period > 0 and period < least):
            raise FlexError(120)
        self.setup.pulse_times = SinglePulseTimes(hold, width, max(period, 0.0), delay)

    def _pulsed_stair(self, function: str, arguments: Sequence[float]) -> None:
        channel, mode, code, base, start, stop, steps, *rest = arguments
        compliance, power = (*rest, None, None)[:2]
        found = self._checks.stair(int(channel), function, int(code), (start, stop, base), compliance, power, int(mode))
        setup = self.setup
        setup.pulsed, setup.stair_mode, setup.steps = found, int(mode), int(steps)
        setup.primary = setup.synchronous = None

    @flex("PWV", ChannelNumber(), Whole(1, 4), Whole(), LEVEL, LEVEL, LEVEL, Whole(1, MOST_STEPS), LEFT_OUT, LEFT_OUT)
    def _pulsed_voltages(self, *arguments: float) -> None:
        self._pulsed_stair("VOLT", arguments)

    @flex("PWI", ChannelNumber(), Whole(1, 4), Whole(), LEVEL, LEVEL, LEVEL, Whole(1, MOST_STEPS), LEFT_OUT, LEFT_OUT)
    def _pulsed_currents(self, *arguments: float) -> None:
        self._pulsed_stair("CURR", arguments)

    # ----------------------------------------------------------------------------------------- sampling

    @flex("MV", ChannelNumber(), Whole(), LEVEL, LEVEL, LEFT_OUT)
    def _sample_voltage(self, channel: int, code: int, base: float, bias: float, limit: float | None = None) -> None:
        self._add_sampler(self._checks.pulse(channel, "VOLT", code, base, bias, limit))

    @flex("MI", ChannelNumber(), Whole(), LEVEL, LEVEL, LEFT_OUT)
    def _sample_current(self, channel: int, code: int, base: float, bias: float, limit: float | None = None) -> None:
        self._add_sampler(self._checks.pulse(channel, "CURR", code, base, bias, limit))

    def _add_sampler(self, source: PulseSource) -> None:
        self.setup.samplers[source.channel.slot] = source

    @flex("MCC", CHANNELS)
    def _forget_samplers(self, *channels: int) -> None:
        chosen: list[SourceChannel] = self._frame.slots.chosen(channels)
        for channel in chosen:
            self.setup.samplers.pop(channel.slot, None)

    @flex("MSC", Whole(1, 2), Whole(1, 2, optional=True))
    def _sampling_stop(self, abort: int, post: int = 2) -> None:
        self.setup.sampling_abort, self.setup.sampling_ends_at = abort == 2, post

    @flex("ML", Whole(1, 6))
    def _sampling_mode(self, mode: int) -> None:
        self.setup.sampling_mode = mode

    @flex("MT", FlexParameter(-0.09, 655.35), FlexParameter(1e-4, 65.535), Whole(1, MOST_SAMPLES),
          FlexParameter(0, 655.35, optional=True))
    def _sampling_times(self, hold: float, interval: float, number: int, base_hold: float = 0.0) -> None:
        channels = max(len(self.setup.channels), 1)
        fast = interval < 2e-3
        if hold < 0 and (not fast or hold > -1e-4):
            raise FlexError(120)
        if fast and self.setup.mode == 10 and interval < 1e-4 + 2e-5 * (channels - 1) - 1e-12:
            raise FlexError(120)
        if number > MOST_SAMPLES // channels:
            raise FlexError(120)
        self.setup.sampling = SamplingTimes(hold, interval, number, base_hold)
