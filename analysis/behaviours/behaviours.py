"""Which of the 23 firing behaviours of Yi et al. an experiment shows.

An experiment is a set of runs of one neuron (:class:`.stimulated_run.StimulatedRecord`). Each behaviour has one rule
that looks at the stimuli, at the spikes and at the return to rest; every rule refuses an experiment of which one run
does not end at rest. A rule for one run holds where any run of the experiment satisfies it; a rule that compares runs
needs stimuli that can be compared, and refuses others.

Names: W. Yi et al., Nat. Commun. 9 (2018) 4661, figure 4 (a to w); the first twenty after E. M. Izhikevich, IEEE
Trans. Neural Netw. 15 (2004) 1063. The rules are ours: neither paper gives any in numbers.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from tsbench.analysis.behaviours.of_one_run import (
    bistability,
    class_1,
    class_2,
    depolarising_after_potential,
    excitation_block,
    inhibition_induced_bursting,
    inhibition_induced_spiking,
    mixed_mode,
    phasic_bursting,
    phasic_spiking,
    rebound_burst,
    rebound_spike,
    spike_frequency_adaptation,
    subthreshold_oscillation,
    tonic_bursting,
    tonic_spiking,
)
from tsbench.analysis.behaviours.of_runs import (
    accommodation,
    all_or_nothing,
    integrator,
    refractory_period,
    resonator,
    spike_latency,
    threshold_variability,
)
from tsbench.analysis.behaviours.stimulated_run import Response, StimulatedRecord, responses

OfOne = Callable[[Response], bool]
OfSeveral = Callable[[Sequence[Response]], bool]

BEHAVIOURS: Mapping[str, str] = {
    "a": "tonic spiking", "b": "phasic spiking", "c": "tonic bursting", "d": "phasic bursting", "e": "mixed mode",
    "f": "spike frequency adaptation", "g": "class 1 excitability", "h": "class 2 excitability",
    "i": "spike latency", "j": "subthreshold oscillation", "k": "resonator", "l": "integrator",
    "m": "rebound spike", "n": "rebound burst", "o": "threshold variability", "p": "bistability",
    "q": "depolarising after-potential", "r": "accommodation", "s": "inhibition-induced spiking",
    "t": "inhibition-induced bursting", "u": "all-or-nothing firing", "v": "refractory period",
    "w": "excitation block",
}
_OF_ONE: Mapping[str, OfOne] = {
    "a": tonic_spiking, "b": phasic_spiking, "c": tonic_bursting, "d": phasic_bursting, "e": mixed_mode,
    "f": spike_frequency_adaptation, "g": class_1, "h": class_2, "j": subthreshold_oscillation, "m": rebound_spike,
    "n": rebound_burst, "p": bistability, "q": depolarising_after_potential, "s": inhibition_induced_spiking,
    "t": inhibition_induced_bursting, "w": excitation_block,
}
_OF_SEVERAL: Mapping[str, OfSeveral] = {
    "i": spike_latency, "k": resonator, "l": integrator, "o": threshold_variability, "r": accommodation,
    "u": all_or_nothing, "v": refractory_period,
}


def recognised(runs: Sequence[StimulatedRecord]) -> frozenset[str]:
    """Return the letters of all behaviours that an experiment shows (see :data:`BEHAVIOURS`).

    Parameters
    ----------
    runs : sequence of Run
        All runs of one neuron, each from rest to rest. A run with a value that is no number shows nothing.
    """
    if not all(run.time.size > 1 and all(np.isfinite(values).all() for values in (run.time, run.stimulus, run.response))
               for run in runs):
        return frozenset()
    found = responses(runs)
    if not all(response.returned for response in found):
        return frozenset()
    single = {letter for letter, rule in _OF_ONE.items() if any(rule(response) for response in found)}
    return frozenset(single | {letter for letter, rule in _OF_SEVERAL.items() if rule(found)})
