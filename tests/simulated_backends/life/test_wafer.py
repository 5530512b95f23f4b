"""A wafer's devices: reproducible, distributed as asked for, refused where that makes no sense."""

import numpy as np
import pytest

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.life.wafer import OPEN, SHORT, Specimen, Wafer

LARGE = {"columns": 21, "rows": 21, "devices_per_die": 6}


def values(specimens: list[Specimen], name: str) -> np.ndarray:
    return np.array([getattr(specimen.model, name) for specimen in specimens])


def test_the_same_seed_gives_the_same_wafer_and_another_another() -> None:
    first, again = (list(Wafer("W1", "nbo2", seed=3).specimens()) for _ in range(2))
    assert first == again
    other = list(Wafer("W1", "nbo2", seed=4).specimens())
    assert [s.name for s in other] == [s.name for s in first]
    assert not np.any(values(first, "as_") == values(other, "as_"))


def test_a_device_does_not_depend_on_how_many_there_are() -> None:
    few = {s.name: s for s in Wafer("W1", "nbo2", 3, devices_per_die=2).specimens()}
    many = {s.name: s for s in Wafer("W1", "nbo2", 3, devices_per_die=5).specimens()}
    assert all(many[name] == specimen for name, specimen in few.items())


def test_spread_and_correlation_are_what_was_asked_for() -> None:
    wafer = Wafer("W1", "nbo2", 1, **LARGE, spread={"as_": 0.08, "rth": 0.04, "re": 0.05},
                  correlation={("as_", "rth"): -0.7})
    drawn = list(wafer.specimens())
    assert len(drawn) > 1500
    nominal = device_model("nbo2")
    for name, sigma in (("as_", 0.08), ("rth", 0.04), ("re", 0.05)):
        logarithm = np.log(values(drawn, name) / getattr(nominal, name))
        assert float(np.std(logarithm)) == pytest.approx(sigma, rel=0.1)
        assert abs(float(np.mean(logarithm))) < 0.3 * sigma
    assert float(np.corrcoef(np.log(values(drawn, "as_")), np.log(values(drawn, "rth")))[0, 1]) == pytest.approx(
        -0.7, abs=0.08)
    assert abs(float(np.corrcoef(values(drawn, "as_"), values(drawn, "re"))[0, 1])) < 0.15


@pytest.mark.parametrize("common", [0.0, 0.5, 1.0])
def test_devices_of_a_die_have_a_share_of_their_variance_in_common(common: float) -> None:
    drawn = list(Wafer("W1", "nbo2", 1, **LARGE, common=common).specimens())
    of_dies = np.log(values(drawn, "as_")).reshape(-1, LARGE["devices_per_die"])
    within = float(np.mean(np.var(of_dies, axis=1, ddof=1)))
    whole = float(np.var(of_dies, ddof=1))
    assert 1.0 - within / whole == pytest.approx(common, abs=0.08)


def test_a_gradient_goes_from_the_centre_to_the_edge() -> None:
    drawn = list(Wafer("W1", "nb2o5", 1, **LARGE, gradient={"rho_ins": -0.2}).specimens())
    radius, ratio = np.array([s.radius for s in drawn]), values(drawn, "rho_ins") / device_model("nb2o5").rho_ins
    slope, at_centre = np.polyfit(radius**2, ratio, 1)
    assert slope == pytest.approx(-0.2, abs=0.05)
    assert at_centre == pytest.approx(1.0, abs=0.03)


def test_shorts_and_opens() -> None:
    drawn = list(Wafer("W1", "nbo2", 5, **LARGE, shorts=0.03, opens=0.02).specimens())
    states = [specimen.state for specimen in drawn]
    assert states.count("short") / len(states) == pytest.approx(0.03, abs=0.015)
    assert states.count("open") / len(states) == pytest.approx(0.02, abs=0.012)
    assert {s.model.r for s in drawn if s.state == "short"} == {SHORT}
    assert {s.model.r for s in drawn if s.state == "open"} == {OPEN}


def test_stochastic_devices_each_go_their_own_way() -> None:
    seeds = values(list(Wafer("W1", "ag_sio2", 5, columns=3, rows=3).specimens()), "seed")
    assert len(set(seeds)) == seeds.size


@pytest.mark.parametrize(("facts", "words"), [
    ({"model": "nbo3"}, "the catalogue has no device 'nbo3'"),
    ({"spread": {"rths": 0.1}}, "no parameter 'rths'. Did you mean 'rth'"),
    ({"shorts": 1.2}, "shorts = 1.2 is a share"),
    ({"shorts": 0.7, "opens": 0.7}, "shorts = 0.7 and opens = 0.7 together exceed 1"),
    ({"gradient": {"rth": -1.5}}, "gradient.rth = -1.5"),
    ({"columns": 0}, "at least 1"),
    ({"correlation": {("as_", "d"): 0.5}}, "both parameters need a spread"),
    ({"correlation": {("as_", "rth"): 1.7}}, "as_ and rth is 1.7, but it must be between -1 and 1"),
    ({"spread": {"as_": 0.1, "rth": 0.1, "d": 0.1}, "correlation": {
        ("as_", "rth"): 0.9, ("rth", "d"): 0.9, ("as_", "d"): -0.9}}, "contradict"),
])
def test_what_makes_no_sense_is_refused(facts: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        Wafer(**{"name": "W1", "model": "nbo2", "seed": 1, **facts})


def test_a_draw_that_no_device_can_be_is_drawn_again() -> None:
    """The neck of one in a thousand ag_sio2 would thin faster than it can grow: D142 of seed 1 once was an error."""
    from tsbench.simulated_backends.devices.catalogue import catalogue

    drawn = [catalogue()["ag_sio2"].specimen(1, f"D{k}") for k in range(2000)]
    assert all(model.kn > model.rate for model in drawn)
    wide = Wafer("W1", "ag_sio2", 1, columns=9, rows=9, devices_per_die=4, spread={"rate": 0.8})
    assert all(s.model.kn > s.model.rate for s in wide.specimens())
    with pytest.raises(ConfigurationError, match="kn"):
        list(Wafer("W1", "ag_sio2", 1, columns=3, rows=3, gradient={"rate": 50.0}).specimens())
