"""How far any plan can tell safe from unsafe campaigns, if it knows a device by its model only.

A campaign whose amplitude lies within the spread of the thresholds is unsafe if one of the five devices switches, and
safe if none does. The plan knows the probability q that a device switches, and not which devices will be drawn. The
best rule is to refuse where q is above a bound (Neyman and Pearson, Phil. Trans. R. Soc. A 231, 289 (1933)). Its
errors follow from the thresholds of drawn devices, without a simulation of the instruments.
"""

from collections.abc import Iterator

import numpy as np

from benchmarks.limits.cases import DEVICES, HIGHEST, LOWEST
from benchmarks.limits.measured import SEEDS
from benchmarks.report import INFORMATION, Line
from tsbench.errors import ConfigurationError
from tsbench.records import FloatArray
from tsbench.simulated_backends.devices.catalogue import catalogue
from tsbench.simulated_backends.devices.switching_levels import static_folds

DRAWN = 400  #: devices of each model
AMPLITUDES = 20_000  #: between the lowest and the highest one that a campaign draws
RULES = 0.0, 0.01, 0.05, 0.2  #: probabilities of switching above which a rule refuses


def thresholds(model: str, seed: int) -> FloatArray:
    """Return the static threshold voltages [V] of drawn devices; empty where the model has no static threshold."""
    entry, draw = catalogue()[model], np.random.default_rng(seed)
    nominal = {one.name: one.value for one in entry.parameters}
    found = []
    for _ in range(DRAWN if entry.variability else 1):
        own = {name: nominal[name] * float(np.exp(sigma * draw.standard_normal()))
               for name, sigma in entry.variability.items()}
        try:
            fold = static_folds(entry.model().with_parameters(own)).threshold
        except ConfigurationError:   # no device has these together
            continue
        if fold is not None:
            found.append(abs(fold.voltage))
    return np.array(found)


def switching_probabilities(seed: int) -> tuple[FloatArray, FloatArray, list[str]]:
    """Return the probability that a device switches, at each amplitude of each model, its weight, and the models."""
    shares, weights, models = [], [], []
    for model, (usual, often) in DEVICES.items():
        if catalogue()[model].model().stochastic:
            continue
        found = np.sort(thresholds(model, seed))
        if not found.size:
            continue
        amplitudes = usual * np.linspace(LOWEST, HIGHEST, AMPLITUDES)
        shares.append(np.searchsorted(found, amplitudes) / found.size)
        weights.append(np.full(AMPLITUDES, often / AMPLITUDES))
        models.append(model)
    weight = np.concatenate(weights)
    return np.concatenate(shares), weight / weight.sum(), models


def conflict_lines(seed: int) -> Iterator[Line]:
    """Yield the rows of the table."""
    share, weight, models = switching_probabilities(seed)
    safe, unsafe = weight * (1 - share) ** SEEDS, weight * (1 - (1 - share) ** SEEDS)
    within = (share > 0) & (share < 1)
    yield Line("models with a static threshold", ", ".join(models), INFORMATION, True)
    yield Line("campaigns whose amplitude is within the spread of the thresholds", f"{weight[within].sum():.1%}",
               INFORMATION, True)
    yield Line("of these: none of five devices switches", f"{safe[within].sum() / weight[within].sum():.0%}",
               INFORMATION, True)
    for least in RULES:
        refused = share > least
        yield Line(
            f"refused where a device switches with a probability above {least:.1%}",
            f"{safe[refused].sum() / safe.sum():.1%} of those in which none switches; accepted are "
            f"{unsafe[~refused].sum():.2%} of all, and one of the five switches", INFORMATION, True)
