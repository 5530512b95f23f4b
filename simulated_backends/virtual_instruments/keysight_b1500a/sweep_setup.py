"""What the commands for sweeps, pulses and sampling have set on a B1500A, as plain state."""

from dataclasses import dataclass, field

import numpy as np

from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.source_module import SourceChannel

LINEAR, LOG, LINEAR_BOTH, LOG_BOTH = 1, 2, 3, 4


def staircase(mode: int, start: float, stop: float, count: int) -> tuple[float, ...]:
    """Return the levels of a sweep; modes 3 and 4 go back to the start as well."""
    levels = np.linspace(start, stop, count) if mode in (LINEAR, LINEAR_BOTH) else np.geomspace(start, stop, count)
    up = tuple(float(level) for level in levels)
    return up + up[::-1] if mode in (LINEAR_BOTH, LOG_BOTH) else up


@dataclass(frozen=True)
class StairSource:
    """A channel that sweeps: WV, WI, WSV, WSI, WNX, PWV, PWI."""

    channel: SourceChannel
    function: str
    code: int
    start: float
    stop: float
    compliance: float
    power: float | None = None  #: [W] Pcomp
    base: float = 0.0  #: between the pulses of PWV and PWI

    def limit_at(self, level: float) -> float:
        """Return the compliance at a level: less where the power compliance asks for that."""
        if self.power is None or level == 0.0:
            return self.compliance
        return min(self.compliance, self.power / abs(level))


@dataclass(frozen=True)
class PulseSource:
    """A channel that gives single pulses (PV, PI), or base and bias of a sampling (MV, MI)."""

    channel: SourceChannel
    function: str
    code: int
    base: float
    top: float
    compliance: float


@dataclass
class StairTiming:
    """WT [s]."""

    hold: float = 0.0
    delay: float = 0.0
    step_delay: float = 0.0
    step_trigger_delay: float = 0.0
    measure_trigger_delay: float = 0.0


@dataclass
class SinglePulseTimes:
    """PT [s]."""

    hold: float = 0.0
    width: float = 1e-3
    period: float = 0.0  #: 0: as short as possible
    delay: float = 0.0


@dataclass
class SamplingTimes:
    """MT."""

    bias_hold: float = 0.0  #: [s]
    interval: float = 2e-3  #: [s]
    number: int = 1000
    base_hold: float = 0.0  #: [s]


@dataclass
class SweepSetup:
    """Settings of all measurement modes."""

    mode: int | None = None  #: MM
    channels: list[SourceChannel] = field(default_factory=list)  #: that MM measures
    primary: StairSource | None = None
    pulsed: StairSource | None = None  #: PWV, PWI
    synchronous: StairSource | None = None
    others: dict[int, StairSource] = field(default_factory=dict)  #: WNX, by number
    stair_mode: int = LINEAR
    steps: int = 1
    timing: StairTiming = field(default_factory=StairTiming)
    abort: bool = False  #: WM
    ends_at: int = 1  #: WM: 1 start, 2 stop
    pulse: PulseSource | None = None
    pulse_times: SinglePulseTimes = field(default_factory=SinglePulseTimes)
    samplers: dict[int, PulseSource] = field(default_factory=dict)  #: MV, MI, by slot
    sampling: SamplingTimes = field(default_factory=SamplingTimes)
    sampling_mode: int = 1  #: ML: 1 linear, 2 to 6 logarithmic with 10, 25, 50, 100, 250 per decade
    sampling_abort: bool = False  #: MSC
    sampling_ends_at: int = 2  #: MSC: 1 base, 2 bias

    def levels(self, source: StairSource) -> tuple[float, ...]:
        """Return the levels of a source in the sweep."""
        return staircase(self.stair_mode, source.start, source.stop, self.steps)
