"""4225-PMU: commands of standard pulses (KXCI Remote Control Programming Rev. D, section 7)."""

from tsbench.simulated_backends.kxci.errors import COMMAND, VALUE, KxciError
from tsbench.simulated_backends.kxci.syntax import KxciParameter, WholeNumber, kxci
from tsbench.simulated_backends.virtual_instruments.keithley_4200.definitions import staircase
from tsbench.simulated_backends.virtual_instruments.keithley_4200.pulse_run import PulseCardRun
from tsbench.simulated_backends.virtual_instruments.keithley_4200.pulse_setup import (
    AMPLITUDE,
    BASE,
    DC,
    PulseCardSetup,
    Varied,
    require_pulse_times,
)

CHANNEL, NUMBER, SWITCH = WholeNumber(1, 8), KxciParameter(), WholeNumber(0, 1)
PART = KxciParameter(0.0, 1.0)


class StandardPulseCommands:
    """Times, levels, sweeps and steps of pulses.

    Parameters
    ----------
    run : PulseCardRun
    """

    def __init__(self, run: PulseCardRun) -> None:
        self._run = run

    def _pulses(self, channel: int) -> PulseCardSetup:
        if self._run.segments:
            raise KxciError(COMMAND, "Initialise the standard pulses first.")
        if channel not in self._run.setups:
            raise KxciError(VALUE)
        return self._run.setups[channel]

    @kxci(":PMU:PULSE:BURST:COUNT", WholeNumber(1, 10_000))
    def _burst(self, count: int) -> None:
        self._run.count = count

    @kxci(":PMU:PULSE:TIMES", CHANNEL, NUMBER, NUMBER, NUMBER, NUMBER, KxciParameter(0.0, optional=True))
    def _times(
        self, channel: int, period: float, width: float, rise: float, fall: float, delay: float = 0.0,
    ) -> None:
        setup = self._pulses(channel)
        trial = PulseCardSetup(volts=setup.volts, period=period, width=width, rise=rise, fall=fall, delay=delay)
        require_pulse_times(trial)
        setup.period, setup.width, setup.rise, setup.fall, setup.delay = period, width, rise, fall, delay

    @kxci(":PMU:PULSE:TRAIN", CHANNEL, NUMBER, NUMBER)
    def _train(self, channel: int, base: float, amplitude: float) -> None:
        setup = self._pulses(channel)
        _require_levels(setup, base, amplitude)
        setup.base, setup.amplitude, setup.sweep, setup.step = base, amplitude, None, None

    @kxci(":PMU:MEASURE:PIV", CHANNEL, SWITCH, SWITCH)
    def _spot_means(self, channel: int, high: int, low: int) -> None:
        if not (high or low):
            raise KxciError(VALUE)
        setup = self._pulses(channel)
        setup.high, setup.low = bool(high), bool(low)

    @kxci(":PMU:TIMES:PIV", CHANNEL, PART, PART)
    def _spot_window(self, channel: int, start: float, stop: float) -> None:
        if start >= stop:
            raise KxciError(VALUE)
        self._pulses(channel).spot_window = start, stop

    @kxci(":PMU:TIMES:WAVEFORM", CHANNEL, PART, PART)
    def _wave_window(self, channel: int, before: float, behind: float) -> None:
        self._pulses(channel).wave_window = before, behind

    @kxci(":PMU:SWEEP:PULSE:AMPLITUDE", CHANNEL, NUMBER, NUMBER, NUMBER, NUMBER, WholeNumber(0, 1, optional=True))
    def _sweep_amplitude(self, channel: int, *rest: float) -> None:
        self._vary(channel, "sweep", AMPLITUDE, *rest)

    @kxci(":PMU:SWEEP:PULSE:BASE", CHANNEL, NUMBER, NUMBER, NUMBER, NUMBER, WholeNumber(0, 1, optional=True))
    def _sweep_base(self, channel: int, *rest: float) -> None:
        self._vary(channel, "sweep", BASE, *rest)

    @kxci(":PMU:SWEEP:DC", CHANNEL, NUMBER, NUMBER, NUMBER, WholeNumber(0, 1, optional=True))
    def _sweep_level(self, channel: int, start: float, stop: float, step: float, dual: int = 0) -> None:
        self._vary(channel, "sweep", DC, start, stop, step, 0.0, dual)

    @kxci(":PMU:STEP:PULSE:AMPLITUDE", CHANNEL, NUMBER, NUMBER, NUMBER, NUMBER)
    def _step_amplitude(self, channel: int, *rest: float) -> None:
        self._vary(channel, "step", AMPLITUDE, *rest)

    @kxci(":PMU:STEP:PULSE:BASE", CHANNEL, NUMBER, NUMBER, NUMBER, NUMBER)
    def _step_base(self, channel: int, *rest: float) -> None:
        self._vary(channel, "step", BASE, *rest)

    @kxci(":PMU:STEP:DC", CHANNEL, NUMBER, NUMBER, NUMBER)
    def _step_level(self, channel: int, start: float, stop: float, step: float) -> None:
        self._vary(channel, "step", DC, start, stop, step, 0.0)

    def _vary(
        self, channel: int, place: str, what: str, start: float, stop: float, step: float, other: float,
        dual: float = 0,
    ) -> None:
        setup = self._pulses(channel)
        values = staircase(start, stop, step)
        _require_levels(setup, other, *values)
        setattr(setup, place, Varied(what, (*values, *values[-2::-1]) if dual else values, other))


def _require_levels(setup: PulseCardSetup, *levels: float) -> None:
    if max(map(abs, levels)) > setup.volts or max(levels) - min(levels) > setup.volts * 2:
        raise KxciError(VALUE)
