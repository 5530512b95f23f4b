"""Statistics say why a number is missing, and no interval holds what cannot be."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.extraction.test_measured_conditions import events
from tsbench.analysis.statistics.enough import cycles_for_mean
from tsbench.cli.statistics_tables import never_enough
from tsbench.extraction.observations import SPOILED, Observation
from tsbench.extraction.statistics import statistics_of
from tsbench.records import Flag


def delays(values: np.ndarray, half: float) -> list[Observation]:
    made = events("switching_delay", *({} for _ in values))
    return [type(one)(type(one.result)("switching_delay", "s", value, value - half, value + half, "", {}), one.order,
                      False, one.facts) for one, value in zip(made, values.tolist(), strict=True)]


@pytest.mark.parametrize("family", ["weibull", "lognormal"])
def test_a_fitted_delay_is_not_below_zero(family: str) -> None:
    """The error that all delays share is larger than the quantile of 1 %."""
    values = np.random.default_rng(3).exponential(40e-6, 20)
    (group,) = statistics_of(delays(values, 2e-6), families=(family,))
    (fit,) = group.devices[0].fits
    assert fit.quantiles[0.01].low is not None and fit.quantiles[0.01].low >= 0.0
    assert all(one.low is not None and one.low >= 0.0 for one in fit.parameters.values())


def test_a_number_that_is_never_enough_has_a_reason() -> None:
    found = cycles_for_mean(np.array([1.0, 1.01, 0.99, 1.0]), 0.001, common=0.02)
    assert found.needed is None and "2 % of the mean" in found.why
    assert "two values" in cycles_for_mean(np.array([1.0]), 0.01).why
    groups = statistics_of(delays(np.array([1.0e-5, 1.01e-5, 0.99e-5, 1.0e-5]), 5e-7), relative=0.001)
    (line,) = never_enough(groups)
    assert line.startswith("no number of cycles of D1 is known to be enough: the error that all values share")


def test_events_that_are_left_out_have_all_reasons() -> None:
    made = delays(np.linspace(1e-5, 2e-5, 8), 5e-7)

    def lines(*flags: Flag) -> list[str]:
        flagged = [replace(one, result=replace(one.result, flags=flag)) for one, flag in zip(made, flags, strict=False)]
        (group,) = statistics_of(flagged + made[len(flags):])
        return [line for line in group.lines if "because of" in line]

    (one,), (two,) = lines(Flag.OVERFLOW), lines(Flag.OVERFLOW, Flag.OPEN)
    assert one.startswith("D1: 1 event is left out because of flags (") and "2 events are left out" in two
    assert all(name in one for name in SPOILED.names())
    page = (Path(__file__).parents[2] / "docs" / "statistics.md").read_text("utf-8")
    (row,) = [line for line in page.splitlines() if line.startswith("| flag `")]
    assert set(row.split("`")[1::2]) == set(SPOILED.names())
