"""From the records of an acquisition to ADC codes, each computed when it is read."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tsbench.simulated_backends.services.node_noise import NodeNoise
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition import AcquisitionPlan, TriggeredRecord
from tsbench.simulated_backends.virtual_instruments.oscilloscope.conversion import Scale, codes_of, levels_of
from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import ScopeDataSheet
from tsbench.simulated_backends.virtual_instruments.oscilloscope.front_end import (
    HOLE,
    MIDDLE,
    ChannelErrors,
    InputChannel,
    displayed,
)
from tsbench.simulated_backends.virtual_instruments.oscilloscope.history import InputHistory, Samples
from tsbench.simulated_backends.virtual_instruments.oscilloscope.noise import InputNoise, input_noise
from tsbench.simulated_backends.virtual_instruments.oscilloscope.response import filtered, gaussian_sigma
from tsbench.simulated_backends.virtual_instruments.oscilloscope.seen_signal import (
    SeenSignal,
    constant_signal,
    given_signal,
    seen_signal,
)


@dataclass(frozen=True)
class Digitiser:
    """Turns records into codes; ``seed`` makes the noise of a record the same however it is read.

    ``node_noise``: what a node has by itself, that of an amplifier before the scope.
    """

    model: ScopeDataSheet
    errors: Mapping[int, ChannelErrors]
    seed: tuple[int, ...]
    noisy: bool = True
    node_noise: Mapping[str, NodeNoise] = field(default_factory=dict)

    def codes(
        self, plan: AcquisitionPlan, record: TriggeredRecord, number: int, stride: int = 1,
    ) -> npt.NDArray[np.uint16]:
        """Return the 16-bit codes of one record on one channel, every ``stride``-th sample."""
        channel = plan.channels[number]
        signal, noises, scale = self._seen(plan, record, channel, stride)
        codes = codes_of(signal, noises, stride, scale.levels(channel.offset, channel.step, MIDDLE), plan.sub_codes)
        first = record.history.start - record.trigger   # a forced trigger may come before the memory is full
        missing = math.ceil((first - plan.first_sample) / plan.sampling.interval - 1e-6)
        if missing > 0:
            codes[: math.ceil(missing / stride)] = HOLE
        return codes

    def read(
        self, plan: AcquisitionPlan, records: list[TriggeredRecord], number: int, stride: int = 1,
    ) -> npt.NDArray[np.uint16]:
        """Return the codes of several records on one channel: one after the other, or their average."""
        if plan.averaged:
            return self._averaged(plan, records, number, stride)
        found = [self.codes(plan, record, number, stride) for record in records]
        return found[0] if len(found) == 1 else np.concatenate(found)

    def _averaged(
        self, plan: AcquisitionPlan, records: list[TriggeredRecord], number: int, stride: int,
    ) -> npt.NDArray[np.uint16]:
        """Return the mean of several records; a sample clipped in one of them stays clipped."""
        codes = np.stack([self.codes(plan, record, number, stride) for record in records])
        mean: npt.NDArray[np.uint16] = np.asarray(np.round(np.mean(codes, axis=0)), dtype=np.uint16)
        mean[np.any(codes == 0x0001, axis=0)] = 0x0001
        mean[np.any(codes == 0xFFFF, axis=0)] = 0xFFFF
        return mean

    def levels(
        self, plan: AcquisitionPlan, record: TriggeredRecord, channel: InputChannel, parts: int, lowest: int,
        highest: int, width: int,
    ) -> npt.NDArray[np.int32]:
        """Return one record in whole ``parts`` of an ADC step from mid-screen, each counted as ``width``.

        What is beyond ``lowest`` and ``highest`` (in parts) has their values.
        """
        signal, noises, scale = self._seen(plan, record, channel, 1)
        return levels_of(signal, noises, 1, scale.levels(channel.offset, channel.step / parts), lowest, highest, width)

    def _seen(
        self, plan: AcquisitionPlan, record: TriggeredRecord, channel: InputChannel, stride: int,
    ) -> tuple[SeenSignal, list[InputNoise], Scale]:
        """Return the filtered node voltage at every ``stride``-th sample, its noises, and what is displayed of all."""
        points, interval = plan.sampling.points, plan.sampling.interval
        stretch = 1 + plan.timebase_error
        errors = self.errors[channel.number]
        samples = Samples(record.trigger + plan.first_sample * stretch - errors.delay, interval * stretch * stride,
                          len(range(0, points, stride)))
        sigma = gaussian_sigma(channel.bandwidth)
        average = plan.sampling.interval * self.model.max_sample_rate if plan.high_resolution else 1.0
        if channel.node is None or channel.grounded:
            signal = constant_signal(0.0, samples.count)
        elif plan.peak_detect and average == 1.0:
            signal = given_signal(self._peaks(record.history, channel.node, samples.times(), sigma, interval))
        else:
            width = math.hypot(sigma, interval / math.sqrt(12)) if average > 1 else sigma
            signal = seen_signal(record.history, channel.node, samples, width)
        rms = self.model.noise(channel.scale / channel.probe) * errors.noise / math.sqrt(max(average, 1.0))
        seed = (*self.seed, record.number, channel.number)
        noises = [input_noise(
            seed, rms if self.noisy else 0.0, interval, channel.bandwidth, self.model.bandwidth)]
        source = None if channel.grounded else self.node_noise.get(channel.node or "")
        if source is not None and self.noisy:
            band = min(source.bandwidth, channel.bandwidth)
            # a mean over the sample interval passes 1/(2 interval), a single pole pi/2 of its bandwidth
            passed = max(1.0, math.pi * band * interval) if average > 1 else 1.0
            noises.append(input_noise(
                (*seed, 1), source.rms / channel.divider / math.sqrt(passed), interval, band, source.bandwidth))
        return signal, noises, displayed(channel, errors, signal.mean() if channel.ac_coupled else 0.0)

    @staticmethod
    def _peaks(
        history: InputHistory, node: str, times: npt.NDArray[np.float64], sigma: float, interval: float,
    ) -> npt.NDArray[np.float64]:
        """Return the extremes within each two sample intervals, lowest first."""
        parts = [filtered(history, node, times + interval * part, sigma) for part in (-0.5, -0.25, 0.0, 0.25)]
        low, high = np.min(parts, axis=0), np.max(parts, axis=0)
        return np.asarray(np.where(np.arange(len(times)) % 2 == 0, low, high), dtype=np.float64)
