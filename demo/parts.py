"""What the demo measures: on which device, by which protocols, and what it promises of each number."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Claim:
    """What the demo promises of one quantity."""

    extracted: str  #: quantity of the result row
    deviation: float  #: relative deviation from the truth that is still right
    half_width: float  #: largest median half-width of the interval over many seeds, relative to the truth
    rows: int = 1  #: how many rows of it the demo has


@dataclass(frozen=True)
class Part:
    """One bench and what is measured on it."""

    bench: str  #: name of the built-in bench: ``examples/<bench>.bench.toml`` and ``.world.toml``
    device: str
    runs: tuple[tuple[str, Mapping[str, Any]], ...]  #: protocol, parameters beside its defaults
    claims: Mapping[str, Claim]  #: by the name of the demo's row


NBO2 = Part(
    "nbo2", "D1",
    (("iv_sweep", {}), ("pulse_train", {}), ("oscillation", {})),
    {
        "threshold_voltage": Claim("threshold_voltage", 0.02, 0.01),
        "hold_voltage": Claim("hold_voltage", 0.02, 0.01),
        "switching_delay": Claim("switching_delay_mean", 0.05, 0.10),
        "frequency": Claim("frequency", 0.005, 0.0025, rows=3),
    },
)

#: a stochastic device: every number has a spread of its own, so more is allowed; the hold voltage is that of a restless
#: filament, of which a reading shows only the average
AG_SIO2 = Part(
    "ag_sio2", "A1",
    (
        ("iv_sweep", {"stop": 1.3, "compliance": 10e-6, "nplc": 0.1}),
        ("relaxation", {}),
        ("paired_pulse", {"repeats": 8}),
    ),
    {
        "threshold_voltage": Claim("threshold_voltage", 0.05, 0.05),
        "hold_voltage": Claim("hold_voltage", 0.25, 0.25),
        "relaxation_time": Claim("relaxation_time_median", 0.30, 0.30),
        "switching_delay": Claim("switching_delay_mean", 0.30, 0.30),
        "refractory_period": Claim("refractory_period", 0.50, 0.30),
    },
)

PARTS = (NBO2, AG_SIO2)
