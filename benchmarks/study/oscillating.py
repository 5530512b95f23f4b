"""The steps of a study on the oscillator: the map over bias and load, and the four functions of a neuron."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.study.materials import Material, Oscillator
from benchmarks.study.measuring import Bench, Measured, perform
from benchmarks.study.noise_free import Pulses, Seen, bisected, one_response, share_fired
from benchmarks.study.rows import Row, row_of
from tsbench.protocols import protocol_named
from tsbench.protocols.pulses.parameters import EDGE_SHARE
from tsbench.records import FloatArray
from tsbench.simulated_backends.witness.log import SwitchingOn, WitnessLog

FUNCTIONS = ("all_or_nothing", "threshold_driven", "refractory", "strength_modulated_frequency")  #: of a neuron
_NUMBERS = ("firing_threshold", "spike_amplitude_exponent", "spike_amplitude", "spike_latency", "firing_rate",
            "refractory_period")
_MORE = 1.01  #: times an amplitude: what an error of the generator does
#: docs/definitions.md, all-or-nothing: the size is the same if its power of the stimulus is nearer to 0 than to 1 (a
#: resistor), and a response is in between if it is more than half of the smallest spike
_SAME_SIZE, _IN_BETWEEN = 0.5, 0.5
_SEEN = 0.98  #: share of a step that the extraction looks at


def oscillation_map(material: Material, folder: Path) -> Iterator[Row]:
    """Yield frequency and energy per spike at each bias and load."""
    one = perform(material, "oscillation_map", {**material.map, "load": list(material.loads)}, folder,
                  Bench(oscillator=material.oscillator, boxed=True))
    for result in one.results:
        if result.quantity not in ("frequency", "spike_energy"):
            continue
        record = next(w for w in one.run.waveforms if all(
            w.conditions.get(key) == result.conditions.get(key) for key in ("bias", "load_resistance")))
        begin, length = record.time + record.t0, record.dt * record.codes.shape[1]
        span = one.witness.acquired(record.time, record.t0, length) or (begin, begin + length)
        truth = one.witness.frequency(*span) if result.quantity == "frequency" else _true_energy(one.witness, *span)
        yield row_of("oscillation", result, truth, ("bias", "load_resistance"))


def _true_energy(witness: WitnessLog, begin: float, end: float) -> float | None:
    """Return the mean energy [J] that the device took from one switching on to the next."""
    on = witness.switching_on(begin, end)
    if len(on) < 2:
        return None
    taken = [event.energy for event in (*on[1:], *witness.switching_off(begin, end))]
    return float(sum(taken) / (len(on) - 1))


def neurons(material: Material, folder: Path) -> Iterator[Row]:
    """Yield, for each circuit, the verdicts on the four functions of a neuron and the numbers that they rest on."""
    for oscillator, parameters in material.neurons:
        one = perform(material, "neuron", parameters, folder, Bench(oscillator=oscillator))
        given = {name: entry["value"] for name, entry in one.run.header.parameters.items()}
        true = _Truth.of(material, oscillator, given)
        seen = _events(one, true)
        base = float(given["base"])
        where: dict[str, float | str] = {"circuit": oscillator.name, "base": base}
        for result in one.results:
            if result.quantity in FUNCTIONS:
                yield row_of("neuron", result, true.verdicts()[result.quantity], (), where)
            elif result.quantity in _NUMBERS:
                amplitude = result.conditions.get("amplitude")
                truth = (seen[result.quantity].get(amplitude) if result.quantity in seen else
                         true.number(result.quantity))
                yield row_of("neuron", result, truth, ("amplitude",), where)


@dataclass(frozen=True)
class HalfWay:
    """When the voltage is half way to the first spike: ``time`` [s] after the edge, ``rest`` [s] before the spike.

    The generator's amplitude has an error. A higher one changes the time by ``slope`` times what it changes the rest.
    """

    time: float
    rest: float
    slope: float

    @classmethod
    def of(cls, seen: Sequence[Seen], more: Sequence[Seen]) -> "HalfWay":
        """Return it by the responses to an amplitude, and to a slightly higher one."""
        (time, rest), (later, shorter) = (
            (_mean([s.half for s in shots if s.half is not None]),
             _mean([s.spikes[0] - s.half for s in shots if s.half is not None])) for shots in (seen, more))
        return cls(time, rest, (later - time) / (shorter - rest) if len(seen) == 1 and shorter != rest else 0.0)

    def before(self, event: SwitchingOn) -> float:
        """Return the time [s] from the edge to half way, of an event with the real amplitude."""
        assert event.time_half is not None
        return self.time + self.slope * (event.time - event.time_half - self.rest)


@dataclass(frozen=True)
class _Truth:
    """What the circuit does without noise: the mean response to each amplitude, and the pairs."""

    sizes: Mapping[float, float]  #: [A] of first spikes, by amplitude
    quiet: Mapping[float, float]  #: [A] highest current without a spike
    halves: Mapping[float, "HalfWay"]  #: when the voltage is half way to the first spike
    earlier: Mapping[float, float]  #: [s] from the steepest rise of the current to half way up (below zero: before it)
    at_rest: float  #: [A]
    sensed: Mapping[float, float]  #: share of the highest device current of a spike that the sense resistor carries
    rates: Mapping[float, float]  #: [Hz]
    threshold: float | None  #: [V]
    period: float | None  #: [s]

    @classmethod
    def of(cls, material: Material, oscillator: Oscillator, given: Mapping[str, object]) -> "_Truth":
        settings = protocol_named("neuron").model_validate(dict(given))
        base, edge, width = settings.base, settings.rise_time, settings.width
        shots = range(1, 1 + (10 if material.true_pairs > 1 else 1))

        def responses(height: float, closely: bool = False) -> list[Seen]:
            return [one_response(material, oscillator, Pulses(base, height, edge, width), path, settings.rest, closely)
                    for path in shots]

        def fires(height: float) -> bool:
            return sum(seen.spikes.size > 0 for seen in responses(height)) > 0.5 * len(shots)

        def recovers(gap: float) -> bool:
            pulses = Pulses(base, settings.pair_height, edge, settings.pair_width, gap, 2)
            fired, again = share_fired(material, oscillator, pulses, settings.rest)
            return again > 0.5 * fired > 0.0

        every = {height: responses(height, closely=True) for height in sorted(set(settings.amplitude))}
        firing = {height: seen for height, seen in every.items()
                  if sum(s.spikes.size > 0 for s in seen) > len(seen) / 2}
        rates = {height: [rate for one in seen if (rate := _rate(one.spikes, width)) is not None]
                 for height, seen in firing.items()}
        lowest = min(firing, default=0.0)
        below = max((height for height in every if height < lowest), default=0.0)
        return cls(
            {height: _mean([s.highest for s in seen if s.spikes.size]) for height, seen in firing.items()},
            {height: _mean([s.highest for s in seen]) for height, seen in every.items() if height not in firing},
            {} if settings.trigger == "external" else   # the edge is known then
            {height: HalfWay.of(seen, responses(_MORE * height)) for height, seen in firing.items()},
            {height: _mean([s.half_up - s.spikes[0] for s in seen if s.half_up is not None])
             for height, seen in firing.items()},
            every[min(every)][0].at_rest,
            {height: _mean([s.sensed for s in seen if s.spikes.size]) for height, seen in firing.items()},
            {height: _mean(found) for height, found in rates.items() if found},
            bisected(fires, below, lowest) if below else None,
            bisected(recovers, min(settings.gap_list()), max(settings.gap_list())))

    @property
    def exponent(self) -> float | None:
        """Power of the stimulus by which the first spike grows."""
        if len(self.sizes) < 3:
            return None
        x, y = (np.log([*values]) for values in (self.sizes, self.sizes.values()))
        return float(np.polyfit(x, y, 1)[0])

    def verdicts(self) -> dict[str, float | None]:
        """Return 1 for each function that the circuit has, 0 for one that it has not, None where it is not known."""
        share = max(self.quiet.values(), default=math.inf) / min(self.sizes.values(), default=math.nan)
        exponent = self.exponent
        whole = None if exponent is None else float(abs(exponent) < _SAME_SIZE and share < _IN_BETWEEN)
        rates = [self.rates[height] for height in sorted(self.rates)]
        return {"all_or_nothing": whole, "threshold_driven": float(bool(self.quiet) and bool(self.sizes)),
                "refractory": float(self.period is not None),
                "strength_modulated_frequency": float(max(rates) > rates[0]) if len(rates) > 2 else None}

    def number(self, quantity: str) -> float | None:
        """Return the truth of a number that is not one of the events of a run."""
        return {"firing_threshold": self.threshold, "spike_amplitude_exponent": self.exponent,
                "refractory_period": self.period}[quantity]


def _events(one: Measured, true: _Truth) -> dict[str, dict[float, float]]:
    """Return the means over the steps of a run, by amplitude: the very events of the run, by the witness.

    The generator's edge is not among them. The time from it until the voltage is half way to the first spike is that of
    the circuit without noise, with the amplitude that the time from there to the spike shows.
    """
    found: dict[str, dict[float, list[float]]] = {"spike_amplitude": {}, "spike_latency": {}, "firing_rate": {}}
    times, gaps, widths = (one.run.column(name) for name in ("time", "gap", "width"))
    resting = true.at_rest
    amplitudes = one.run.column("amplitude").tolist()
    for amplitude, start, end, gap, width in zip(amplitudes, times, [*times[1:], np.inf], gaps, widths, strict=True):
        on, off = one.witness.switching_on(start, end), one.witness.switching_off(start, end)
        edge = _edge(one, true, amplitude, start, on)
        if gap or edge is None or amplitude not in true.earlier:
            continue
        spikes = np.array([event.time for event in on]) - edge
        spikes = spikes[spikes > 0]
        if not spikes.size:
            continue
        found["spike_latency"].setdefault(amplitude, []).append(float(spikes[0]) + true.earlier[amplitude])
        if off:
            found["spike_amplitude"].setdefault(amplitude, []).append(
                true.sensed[amplitude] * (off[0].max_current - resting))
        if (rate := _rate(spikes, width)) is not None:
            found["firing_rate"].setdefault(amplitude, []).append(rate)
    return {name: {amplitude: _mean(values) for amplitude, values in mine.items()} for name, mine in found.items()}


def _edge(
    one: Measured, true: _Truth, amplitude: float, start: float, on: Sequence[SwitchingOn]
) -> float | None:
    """Return when the edge of a step passed half of its height [s]: by the sync output, or by its first spike."""
    if not on:
        return None
    given = one.run.header.parameters
    if given["trigger"]["value"] == "external":
        seen = one.witness.acquired(start, 0.0, 0.0)
        return None if seen is None else seen[0] + 0.5 * float(given["rise_time"]["value"]) / EDGE_SHARE
    half = on[0].time_half
    return None if half is None or amplitude not in true.halves else half - true.halves[amplitude].before(on[0])


def _rate(times: FloatArray, width: float) -> float | None:
    """Return the rate [Hz] from the second spike on, as the extraction defines it; None below four spikes."""
    spikes = times[times < _SEEN * width]
    return None if spikes.size < 4 else float((spikes.size - 2) / (spikes[-1] - spikes[1]))


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else math.nan

