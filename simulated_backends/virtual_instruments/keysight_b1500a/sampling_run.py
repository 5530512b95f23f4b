"""B1500A: a sampling measurement (MM 10): sources go from base to bias, readings follow at equal or growing intervals.

Source: B1500A/B1505A Programming Guide edition 11, p. 4-141 to 4-143. A channel that is still busy at the time of a
sample leaves that sample out; below 2 ms the measurement also ends when its time is over.
"""

from collections.abc import Generator

import numpy as np

from tsbench.simulated_backends.flex.data_format import Datum
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.mainframe import Mainframe
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.reading_commands import Readings
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.source_module import Force
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.sweep_setup import PulseSource, SweepSetup

PER_DECADE = {2: 10, 3: 25, 4: 50, 5: 100, 6: 250}
FAST_INTERVAL = 2e-3  #: [s] below this, the measurement ends in time


class SamplingRun:
    """Runs sampling measurements.

    Parameters
    ----------
    frame : Mainframe
    setup : SweepSetup
    readings : Readings
    """

    def __init__(self, frame: Mainframe, setup: SweepSetup, readings: Readings) -> None:
        self._frame = frame
        self._setup = setup
        self._readings = readings

    def _drive(self, top: bool) -> None:
        for source in self._setup.samplers.values():
            self._force(source, source.top if top else source.base)

    @staticmethod
    def _force(source: PulseSource, level: float) -> None:
        row = source.channel.output_range(source.function, source.code, source.base, source.top)
        codes = source.channel.codes(source.function)
        code = next(code for code, full in codes.items() if full == row.full_scale)
        source.channel.force(Force(source.function, code, level, source.compliance))

    def times(self) -> list[float]:
        """Return when samples are taken [s] after the first."""
        sampling, mode = self._setup.sampling, self._setup.sampling_mode
        if mode == 1:
            return [index * sampling.interval for index in range(sampling.number)]
        grown = sampling.interval * np.power(10.0, np.arange(sampling.number) / PER_DECADE[mode])
        steps = np.unique(np.round(grown / sampling.interval))   # all times are multiples of the interval
        return [float(step - 1) * sampling.interval for step in steps[: sampling.number]]

    def run(self) -> Generator[float, None, None]:
        """Run one measurement."""
        setup, data, sampling = self._setup, self._frame.data, self._setup.sampling
        self._drive(False)
        yield sampling.base_hold
        early = -sampling.bias_hold if sampling.bias_hold < 0 else None
        if early is None:
            self._drive(True)
            yield sampling.bias_hold
        origin = data.now()
        times = self.times()
        index, taken = 0, 0
        while index < len(times):
            wait = origin + times[index] - data.now()
            if early is not None and times[index] >= early - 1e-12:
                yield max(origin + early - data.now(), 0.0)
                self._drive(True)
                early = None
                continue
            if wait > 0:
                yield wait
            found = yield from self._readings.of_channels(setup.channels)
            spent = data.now() - origin
            following = next((later for later in range(index + 1, len(times)) if times[later] >= spent - 1e-12), None)
            fast = setup.sampling_mode == 1 and sampling.interval < FAST_INTERVAL
            if following is None and not fast:
                following = index + 1 if index + 1 < len(times) else None
            taken += 1
            stopped = setup.sampling_abort and any(datum.status in "CT" for datum in found)
            last = following is None or stopped
            marks = [Datum(index + 1, 0, "X", 1.0)] if data.format.mode else []
            data.put(marks + found, last)
            if last:
                break
            index = following if following is not None else len(times)
        self._drive(setup.sampling_ends_at == 2)
