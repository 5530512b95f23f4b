"""Verdicts on the four functions of a neuron, each with the numbers that it rests on.

The functions are those of the review of Wang et al. (J. Electron. Sci. Technol. 2022, 100177): all-or-nothing spiking,
threshold-driven spiking, refractory period, strength-modulated frequency. The rules are ours: the review gives none in
numbers. A verdict is "yes" or "no" only where the interval of a number says so; else it is "not decided".

A step without a spike in which the device conducts from the edge on (:mod:`tsbench.analysis.pulse.at_once`), or in
which its current rises while its voltage does not fall, may have switched the device. It counts neither way.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from tsbench.analysis.neuron.firing_rate import rate_uncertainty
from tsbench.analysis.neuron.step_response import StepResponse
from tsbench.analysis.oscillation.frequency_curve import FrequencyCurve, linear_range
from tsbench.analysis.pulse.at_once import MAY_HAVE_SWITCHED
from tsbench.analysis.pulse.firing import probability_result
from tsbench.analysis.refractory.refractory import Recovery, with_left_out
from tsbench.analysis.statistics import NORMAL_95, combined, not_negative, proportion_interval, summarise
from tsbench.analysis.statistics.describe import FEWEST_OF_MEAN
from tsbench.analysis.threshold.switching_results import step_flags
from tsbench.analysis.trends.log_line import LogLine, log_line
from tsbench.records import Flag, Result

Decision = Literal["yes", "no", "not decided"]

#: spikes are all or nothing if they grow by less than this power of the stimulus (a resistor: 1), and if the largest
#: response without a spike is below this share of the smallest spike
GRADED = 0.5
#: the rate does not follow the stimulus if it rises by less than this power of it
STEADY = 0.1
#: a circuit fires, or does not, at an amplitude where the interval of the firing probability is on one side of this
HALF = 0.5
#: why such steps tell nothing and what to do, as a sentence that ends a text
_UNDECIDED = MAY_HAVE_SWITCHED + ". Behind a load resistance, the voltage of a device falls when it switches"
_FEWEST_FIRING = 3  #: amplitudes at which it fires, for a power of the stimulus


@dataclass(frozen=True)
class AmplitudeResponse:
    """All steps of one amplitude [V]."""

    amplitude: float
    shots: tuple[StepResponse, ...]
    unknown: int = 0  #: steps beside these whose records do not tell whether they made a spike

    @property
    def fired(self) -> int:
        """Number of steps that made a spike."""
        return sum(shot.fired for shot in self.shots)

    @property
    def undecided(self) -> int:
        """Number of steps of which it is not known whether they made a spike, unknown ones among them."""
        return self.unknown + sum(not shot.told for shot in self.shots)

    @property
    def steps(self) -> int:
        """Number of steps that were recorded."""
        return len(self.shots) + self.unknown

    @property
    def probability(self) -> tuple[float, float]:
        """Return the 95 % interval (Wilson) of the firing probability; it holds both outcomes of undecided steps."""
        if not self.steps:
            return 0.0, 1.0
        low, high = (proportion_interval(self.fired + more, self.steps) for more in (0, self.undecided))
        return low[0], high[1]

    @property
    def may_be_quiet(self) -> bool:
        """Whether the circuit hardly fires if none of the undecided steps made a spike."""
        return self.steps > 0 and proportion_interval(self.fired, self.steps)[1] < HALF

    def mean(
        self, values: Sequence[float], name: str, unit: str, gain: float = 0.0, code: float = 0.0, common: float = 0.0,
    ) -> Result:
        """Return the mean of positive values of some steps, with its t-interval, common errors and one ``code``.

        TOO_FEW below five steps. The interval does not go below 0.

        Parameters
        ----------
        values : one of each step that has it, in ``unit``
        name, unit : of the result
        gain : relative standard uncertainty that all values share
        code : step to which each value is rounded, in ``unit``
        common : standard uncertainty that all values share, in ``unit``
        """
        known = np.array(values, dtype=np.float64)
        given = {"amplitude": self.amplitude, "steps": int(known.size)}
        method = f"mean over {known.size} steps of the stimulus"
        if not known.size:
            return Result(name, unit, None, None, None, method, given, Flag.NO_EVENT)
        found = summarise(known)
        if known.size < 2:
            return Result(name, unit, found.mean, None, None, method, given, Flag.TOO_FEW)
        # values that all have the same code vary by less than it: rounding is a uniform error that means do not shrink
        half = combined(found.high - found.mean, NORMAL_95 * gain * found.mean, NORMAL_95 * code / math.sqrt(12.0),
                        NORMAL_95 * common)
        flags = Flag.TOO_FEW if known.size < FEWEST_OF_MEAN else Flag.NONE
        low = not_negative(found.mean - half, found.mean)
        return Result(name, unit, found.mean, low, found.mean + half, method, given, flags)

    def spike_amplitude(self) -> Result:
        """Return the mean of the highest current of the first spike."""
        return self._current([shot for shot in self.shots if shot.fired], "spike_amplitude")

    def quiet_response(self) -> Result:
        """Return the mean of the highest current of the steps without a spike."""
        return self._current([shot for shot in self.shots if not shot.fired and shot.told], "quiet_response")

    def _current(self, shots: Sequence[StepResponse], name: str) -> Result:
        gain, code = (max((getattr(shot, of) for shot in shots), default=0.0) for of in ("gain", "code"))
        found = self.mean([shot.amplitude for shot in shots], name, "A", gain, code)
        if any(Flag.UNDER_SAMPLED in shot.flags for shot in shots):
            found = replace(found, flags=found.flags | Flag.UNDER_SAMPLED)
        clipped = sum(Flag.CLIPPED in shot.flags for shot in shots)
        if not clipped or found.value is None:
            return found
        method = f"{found.method}; in {clipped} of them, the record is clipped where the current is highest"
        return replace(found, value=None, low=found.value if found.low is None else found.low, high=None, method=method,
                       flags=found.flags | Flag.CLIPPED | Flag.CENSORED)

    def rate(self) -> Result:
        """Return the mean firing rate over the steps with four spikes or more."""
        rates = [(rate, shot) for shot in self.shots if (rate := shot.rate) is not None]
        common = max((rate_uncertainty(shot.spikes, shot.step) for _, shot in rates), default=0.0)
        return self.mean([rate for rate, _ in rates], "firing_rate", "Hz", common=common)

    def latency(self) -> Result:
        """Return the mean time from the step to the first spike."""
        shots = [shot for shot in self.shots if shot.fired]
        found = self.mean([float(shot.spikes[0]) for shot in shots], "spike_latency", "s",
                          code=max((shot.step for shot in shots), default=0.0),
                          common=max((shot.edge for shot in shots), default=0.0))
        # half way up to the end of the range is passed before half way up to the highest current
        clipped = any(Flag.CLIPPED in shot.flags for shot in shots)
        return replace(found, flags=found.flags | Flag.CLIPPED) if clipped else found


@dataclass(frozen=True)
class FunctionVerdict:
    """One function: the decision, and in words what it rests on."""

    function: str  #: "all_or_nothing", "threshold_driven", "refractory", "strength_modulated_frequency"
    decision: Decision
    evidence: str
    flags: Flag = Flag.NONE  #: why it is not decided

    def result(self, conditions: Mapping[str, Any]) -> Result:
        """Return it as a result: 1 for yes, 0 for no, no value where it is not decided."""
        value = {"yes": 1.0, "no": 0.0}.get(self.decision)
        flags = self.flags | (Flag.NONE if value is not None else Flag.AMBIGUOUS)
        return Result(self.function, "", value, value, value, f"{self.decision}: {self.evidence}",
                      {**conditions, "verdict": self.decision}, flags)


def quiet_and_firing(found: Sequence[AmplitudeResponse]) -> tuple[list[AmplitudeResponse], list[AmplitudeResponse]]:
    """Return the amplitudes at which the circuit hardly fires, and those at which it nearly always does."""
    quiet = [one for one in found if one.probability[1] < HALF]
    firing = [one for one in found if one.probability[0] > HALF]
    return quiet, firing


def firing_threshold(found: Sequence[AmplitudeResponse]) -> Result:
    """Return the amplitude at which the circuit begins to fire: a bracket of amplitudes; CENSORED with one bound only.

    AMBIGUOUS where it hardly fires at an amplitude above one at which it nearly always does, and where it is not known
    of some steps between the ends of the bracket whether they fired.
    """
    quiet, firing = quiet_and_firing(found)
    method = ("between the highest amplitude that hardly fires and the lowest that nearly always does (by the interval "
              "of the firing probability)")
    sign = -1.0 if found and all(one.amplitude < 0 for one in found) else 1.0  # a stronger stimulus is larger in size
    high = min((sign * one.amplitude for one in firing), default=None)
    low = max((sign * one.amplitude for one in quiet if high is None or sign * one.amplitude < high), default=None)
    flags = Flag.AMBIGUOUS if _falls_back(found) else Flag.NONE
    between = [one for one in found if (low is None or sign * one.amplitude > low)
               and (high is None or sign * one.amplitude < high)]
    if doubt := _doubt(between):
        method, flags = f"{method}; {doubt}", flags | Flag.AMBIGUOUS
    first, last = (low, high) if sign > 0 else (high, low)
    first, last = (None if end is None else sign * end for end in (first, last))
    if low is None or high is None:
        flags |= Flag.CENSORED if low is not None or high is not None else Flag.NONE if doubt else Flag.NO_EVENT
        return Result("firing_threshold", "V", None, first, last, method, {}, flags)
    value = 0.5 * (low + high)
    return Result(
        "firing_threshold", "V", sign * value, first, last, method, {}, flags | step_flags(high - low, value))


def _doubt(found: Sequence[AmplitudeResponse]) -> str:
    """Return in words of how many steps it is not known whether they fired, and what to do; "" if all are known."""
    undecided, unknown, steps = (sum(numbers) for numbers in zip(
        *((one.undecided, one.unknown, one.steps) for one in found), strict=True)) if found else (0, 0, 0)
    why = _UNDECIDED if undecided > unknown else ", because the records do not show it"
    return f"whether {undecided} of {steps} steps fired is not known{why}" if undecided else ""


def _above(found: Sequence[AmplitudeResponse]) -> list[AmplitudeResponse]:
    """Return the amplitudes above the lowest at which the circuit nearly always fires."""
    least = min((abs(one.amplitude) for one in quiet_and_firing(found)[1]), default=math.inf)
    return [one for one in found if abs(one.amplitude) > least]


def _falls_back(found: Sequence[AmplitudeResponse]) -> bool:
    """Return whether the circuit hardly fires at an amplitude above one at which it nearly always does."""
    return bool(quiet_and_firing(_above(found))[0])


def threshold_driven(found: Sequence[AmplitudeResponse]) -> FunctionVerdict:
    """Judge whether weak stimuli make no spike and strong ones do."""
    threshold, name = firing_threshold(found), "threshold_driven"
    quiet, firing = quiet_and_firing(found)
    if _falls_back(found):
        return FunctionVerdict(name, "no", "it fires at an amplitude, and hardly fires at a higher one")
    above = [one for one in _above(found) if one.undecided and one.may_be_quiet]
    doubt = _doubt(found if threshold.value is None else above)
    if doubt:
        return FunctionVerdict(name, "not decided", doubt)
    if threshold.value is not None:
        return FunctionVerdict(
            name, "yes", f"{len(quiet)} weak amplitudes hardly fire and {len(firing)} strong ones nearly always do, "
            f"threshold {threshold.low:.4g} to {threshold.high:.4g} V")
    if firing:
        return FunctionVerdict(name, "not decided", "it fires at every amplitude. Measure at lower amplitudes")
    return FunctionVerdict(name, "not decided", "no amplitude fires nearly always. Raise the highest amplitude, or use "
                                                "more repeats")


def amplitude_line(found: Sequence[AmplitudeResponse]) -> LogLine | None:
    """Return the line of ln(spike amplitude) over ln(stimulus).

    None with fewer than three firing amplitudes, and where spikes are clipped: then their size is not known.
    """
    _, firing = quiet_and_firing(found)
    if clipped_amplitudes(firing):
        return None
    return log_line([math.log(abs(one.amplitude)) for one in firing], [one.spike_amplitude() for one in firing])


def clipped_amplitudes(found: Sequence[AmplitudeResponse]) -> list[float]:
    """Return the amplitudes [V] of which a record is clipped where the current is highest."""
    return [one.amplitude for one in found if any(Flag.CLIPPED in shot.flags for shot in one.shots)]


def all_or_nothing(found: Sequence[AmplitudeResponse]) -> FunctionVerdict:
    """Judge whether a spike comes whole or not at all: its size hardly follows the stimulus, and nothing is between."""
    quiet, firing = quiet_and_firing(found)
    line, name = amplitude_line(found), "all_or_nothing"
    if clipped := clipped_amplitudes([*quiet, *firing]):
        at = ", ".join(f"{amplitude:.4g} V" for amplitude in clipped)
        return FunctionVerdict(name, "not decided", f"the current goes beyond the range of the scope at {at}, so only "
                               "a lower bound of its height is known. Use a wider range", Flag.CLIPPED)
    if not quiet or len(firing) < _FEWEST_FIRING or line is None:
        doubt = f"; {doubt}" if (doubt := _doubt(found)) else ""
        return FunctionVerdict(name, "not decided", f"it needs an amplitude that hardly fires (found {len(quiet)}) and "
                               f"{_FEWEST_FIRING} that nearly always do (found {len(firing)}){doubt}")
    largest = max((r.high if r.high is not None else r.value or math.inf) for r in (q.quiet_response() for q in quiet))
    smallest = min((r.low if r.low is not None else r.value or 0.0) for r in (f.spike_amplitude() for f in firing))
    share = largest / smallest if smallest > 0 else math.inf
    low, high = line.slope - line.half, line.slope + line.half
    said = (f"spikes grow as the power {line.slope:.2f} of the stimulus ({low:.2f} to {high:.2f}; a resistor has 1), "
            f"and the largest response without a spike is at most {100 * share:.0f} % of the smallest spike")
    if max(abs(low), abs(high)) < GRADED and share < GRADED:
        return FunctionVerdict(name, "yes", said)
    if min(abs(low), abs(high)) > GRADED and low * high > 0:
        return FunctionVerdict(name, "no", said)
    return FunctionVerdict(name, "not decided", said)


def _is_bracketed(found: Recovery) -> bool:
    """Return whether the refractory period and both ends of its interval are within the gaps."""
    return None not in (found.period, found.low, found.high)


def refractory(found: Recovery | None) -> FunctionVerdict:
    """Judge whether a second pulse that follows too closely does not fire."""
    name = "refractory"
    bracketed = found is not None and _is_bracketed(found)
    if found is not None and (left_out := len(found.left_out)) and not (
            bracketed and all(_is_bracketed(one) for one in with_left_out(found))):
        return FunctionVerdict(name, "not decided", f"whether the pulses of {left_out} of "
                               f"{left_out + int(found.pairs.sum())} pairs fired is not known{_UNDECIDED}")
    if found is None or not found.pairs.size:
        return FunctionVerdict(name, "not decided", "there is no pair whose first pulse fired")
    if bracketed:
        return FunctionVerdict(name, "yes", f"the second pulse fires half as often as after a long gap at a gap of "
                               f"{found.period:.3g} s ({found.low:.3g} to {found.high:.3g} s)")
    if Flag.NO_EVENT in found.flags:
        return FunctionVerdict(name, "not decided", "no second pulse fired. Measure with longer gaps")
    bound = f"shorter than {found.high:.3g} s" if found.high is not None else "not bracketed by the gaps"
    return FunctionVerdict(name, "not decided", f"a refractory period is {bound}. Measure at other gaps")


def strength_modulated_frequency(found: Sequence[AmplitudeResponse]) -> FunctionVerdict:
    """Judge whether a stronger stimulus makes it fire faster."""
    name = "strength_modulated_frequency"
    rates = [(one.amplitude, rate) for one in found for rate in [one.rate()] if rate.low is not None]
    if len(rates) < 3:
        return FunctionVerdict(name, "not decided", f"only {len(rates)} amplitudes fire four times or more in a step. "
                               "Use longer steps, or more amplitudes above the threshold")
    rates.sort(key=lambda one: abs(one[0]))
    first, best = rates[0][1], max((rate for _, rate in rates), key=lambda rate: rate.value or 0.0)
    said = (f"the rate is {first.value:.4g} Hz at {rates[0][0]:.4g} V and {best.value:.4g} Hz at its highest, of "
            f"{len(rates)} amplitudes")
    line = linear_range(FrequencyCurve.of([a for a, _ in rates], [rate for _, rate in rates]))
    if line is not None:
        said += f"; slope {line.slope:.4g} Hz/V over {line.last - line.first + 1} amplitudes"
    if first.high is not None and best.low is not None and best.low > first.high:
        return FunctionVerdict(name, "yes", said)
    power = log_line([math.log(abs(amplitude)) for amplitude, _ in rates], [rate for _, rate in rates])
    if power is not None and power.slope + power.half < STEADY:
        return FunctionVerdict(name, "no", f"the rate rises by a power of the stimulus below "
                                           f"{max(power.slope + power.half, 0.0):.2g}: {said}")
    return FunctionVerdict(name, "not decided", f"{said}. The intervals of the rates overlap, and do not show that the "
                                                "rate is the same. Use more repeats, or more amplitudes")


def neuron_results(
    found: Sequence[AmplitudeResponse], recovered: Recovery | None, conditions: Mapping[str, Any],
) -> list[Result]:
    """Return the four verdicts, then the numbers that they rest on (the recovery has rows of its own)."""
    verdicts = (all_or_nothing(found), threshold_driven(found), refractory(recovered),
                strength_modulated_frequency(found))
    results = [verdict.result(conditions) for verdict in verdicts]
    threshold = firing_threshold(found)
    rows = [threshold]
    if (line := amplitude_line(found)) is not None:
        flags = Flag.AMBIGUOUS if line.curved else Flag.NONE
        rows.append(Result("spike_amplitude_exponent", "", line.slope, line.slope - line.half, line.slope + line.half,
                           "slope of ln(current of the first spike) against ln(stimulus)", {}, flags))
    for one in found:
        row = probability_result("firing_probability", one.fired, one.steps - one.undecided,
                                 {"amplitude": one.amplitude}, "steps", unknown=one.undecided)
        rows.append(replace(row, method=row.method + _UNDECIDED) if one.undecided > one.unknown else row)
        rows += [row for row in (one.spike_amplitude(), one.quiet_response(), one.latency(), one.rate())
                 if row.value is not None or row.low is not None]
    return results + [Result(r.quantity, r.unit, r.value, r.low, r.high, r.method, {**conditions, **r.conditions},
                             r.flags) for r in rows]
