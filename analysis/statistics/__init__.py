"""Statistics over events, cycles and devices. Each quantity has an interval.

The names below need no SciPy. The other files of this folder are imported by their own names: ``censored``
(observations of which only bounds may be known), ``distribution`` (cumulative distribution with a band), ``fits``
(Weibull, lognormal, normal), ``variance`` (between cycles and between devices), ``drift`` (trend and change points),
``enough`` (how many more cycles or devices).
"""

from tsbench.analysis.statistics.intervals import (
    NORMAL_95,
    Summary,
    bootstrap_interval,
    combined,
    expanded,
    median_interval,
    noise_or_scatter,
    not_negative,
    proportion_interval,
    standard_uncertainty,
    summarise,
    t_quantile_95,
    uniform_limit,
    wider_half,
)

__all__ = [
    "NORMAL_95",
    "Summary",
    "bootstrap_interval",
    "combined",
    "expanded",
    "median_interval",
    "noise_or_scatter",
    "not_negative",
    "proportion_interval",
    "standard_uncertainty",
    "summarise",
    "t_quantile_95",
    "uniform_limit",
    "wider_half",
]
