"""On the demo bench, where nothing is wrong, no protocol says that scope and source disagree on the current."""

from pathlib import Path
from typing import Any

import pytest

from tsbench.extraction.runs import current_line
from tsbench.plugins import OURS
from tsbench.protocols import protocol_named
from tsbench.protocols.registry import PROTOCOLS
from tsbench.station.runner import run_protocol
from tsbench.storage import read_run

#: settings of each protocol that the bench can run: few steps of each kind
QUICK: dict[str, dict[str, Any]] = {
    "adaptive_refractory": {"budget": 8, "resolution": 50},
    "adaptive_threshold": {"lowest": 0.5, "highest": 2.0, "budget": 8},
    "compliance_series": {"step": 0.1, "compliances": (1e-3, 2e-3)},
    "endurance": {"cycles": 2, "batch": 2},
    "firing_probability": {"amplitude": 1.2, "budget": 8},
    "first_contact": {"levels": 5},
    "forming": {"stop": 1.2, "step": 0.3, "compliance": (1e-6, 1e-3)},
    "integrate_and_fire": {"amplitude": 1.2, "widths": 2e-6, "periods": 10e-6, "count": 2, "repeats": 1},
    "iv_sweep": {"step": 0.02, "check_every": 4},
    "neuron": {"amplitude": (0.8, 2.0), "width": 3e-6, "repeats": 3, "pairs": 1, "points": 2, "rest": 50e-6,
               "samples": 2000},
    "oscillation": {"bias": 2.2, "periods": 10, "longest_period": 10e-6},
    "oscillation_window": {"record_span": 1e-5, "budget": 4},
    "paired_pulse": {"amplitude": 1.2, "base": 0.02, "width": 1e-6, "shortest": 1e-6, "longest": 1e-5, "points": 2,
                     "repeats": 1, "rise_time": 1e-8, "fall_time": 1e-8, "rest": 1e-3},
    "pulse_train": {"count": 3},
    "pulsed_iv": {"amplitude": (0.8, 1.2), "repeats": 1},
    "ramp_rate_series": {"step": 0.1, "rate": (1.0, 5.0)},
    "relaxation": {"amplitude": 1.2, "repeats": 1},
    "retention": {"repeats": 1, "points": 3, "rest": 0.0},
    "stimulus": {"amplitude": (1.0, 2.0), "repeats": 1, "samples": 2000},
    "telegraph_noise": {"samples": 100, "bias": 0.1},
}
#: what the others need: a load that something sets, a chuck
OTHERS = {"oscillation_map", "temperature_series"}


def test_each_protocol_is_listed() -> None:
    ours = {name for name, offer in PROTOCOLS.offers().items() if offer.distribution.split(" ")[0] == OURS}
    assert ours == QUICK.keys() | OTHERS


@pytest.mark.thin(20)
@pytest.mark.parametrize("name", QUICK)
def test_no_number_is_doubted(name: str, nbo2_bench: Path, tmp_path: Path) -> None:
    outcome = run_protocol(nbo2_bench, "D1", protocol_named(name).parse(QUICK[name]), tmp_path / "runs")
    assert outcome.path is not None and outcome.status == "success", outcome.reason
    assert current_line(read_run(outcome.path)) == ""   # no number is flagged without this line
    assert not [line for line in outcome.remarks if "but the scope shows" in line]
