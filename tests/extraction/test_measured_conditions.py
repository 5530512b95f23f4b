"""Groups of events whose conditions were measured: near values are one condition, steps on purpose are not."""

from typing import Any

from tsbench.extraction.grouping import groups_of
from tsbench.extraction.observations import Observation
from tsbench.records import Result


def events(quantity: str, *conditions: dict[str, Any], protocol: str = "table") -> list[Observation]:
    return [Observation(Result(quantity, "s", 1e-6 * (k + 1), None, None, "", dict(given)), k, False,
                        {"device": "D1", "protocol": protocol, **given}) for k, given in enumerate(conditions)]


def test_a_measured_level_is_one_condition_in_tables_and_in_runs() -> None:
    for protocol in ("table", "relaxation"):
        (group,) = groups_of(events("relaxation_time", {"level": 41.5126e-6}, {"level": 41.511e-6}, {"level": 41.9e-6},
                                    protocol=protocol))
        assert group.conditions == {"level": 41.51e-6}


def test_base_and_width_of_noisy_tables_are_one_condition() -> None:
    (group,) = groups_of(events(
        "switching_delay", {"amplitude": 1.155, "base": -523e-6, "pulse_width": 101e-6},
        {"amplitude": 1.154, "base": 52.9e-6, "pulse_width": 102e-6},
        {"amplitude": 1.155, "base": 179e-6, "pulse_width": 100e-6}))
    assert group.conditions == {"amplitude": 1.155, "base": 52.9e-6, "pulse_width": 101e-6} and not group.remarks


def test_a_staircase_stays_apart() -> None:
    """Steps of 2 %, and a chain of steps of 0.6 % whose ends are far apart."""
    assert len(groups_of(events("switching_delay", *({"amplitude": 1.0 + 0.02 * k} for k in range(5))))) == 5
    chain = groups_of(events("switching_delay", *({"amplitude": 1.0 + 0.006 * k} for k in range(10))))
    assert 4 <= len(chain) <= 5


def test_what_a_run_sets_is_not_joined() -> None:
    assert len(groups_of(events("switching_delay", {"amplitude": 1.0}, {"amplitude": 1.005},
                                protocol="pulse_train"))) == 2
    assert len(groups_of(events("switching_delay", {"amplitude": 1.0}, {"amplitude": 1.005}), by=["amplitude"])) == 1


def test_readings_of_one_ramp_rate_and_of_one_highest_voltage_are_one_condition() -> None:
    (rates,) = groups_of(events("threshold_voltage", {"ramp_rate": 0.5479452054794496},
                                {"ramp_rate": 0.5479452054794529}, protocol="ramp_rate_series"))
    assert rates.conditions == {"ramp_rate": 0.5479}
    assert len(groups_of(events("threshold_voltage", {"ramp_rate": 0.5}, {"ramp_rate": 0.55},
                                protocol="ramp_rate_series"))) == 2
    (contacts,) = groups_of(events("resistance", {"up to": 0.049507}, {"up to": 0.049997}, {"up to": 0.050008},
                                   protocol="first_contact"))
    assert contacts.conditions == {"up to": 0.05}


def test_how_many_pulses_and_records_a_number_took_is_no_condition() -> None:
    (searches,) = groups_of(events(
        "refractory_period", {"amplitude": 1.4, "pairs": 40, "ended": "narrow"},
        {"amplitude": 1.4, "pairs": 57, "ended": "budget spent"}, protocol="adaptive_refractory"))
    assert searches.conditions == {"amplitude": 1.4}
    (windows,) = groups_of(events("oscillation_onset", {"records": 14}, {"records": 17}, protocol="oscillation_window"))
    assert windows.conditions == {}
    (formed,) = groups_of(events("forming_voltage", {"stages": 1, "compliance": 1e-5},
                                 {"stages": 2, "compliance": 1e-5}, protocol="forming"))
    assert formed.conditions == {"compliance": 1e-5}
