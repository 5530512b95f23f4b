"""What the circuit does not know is refused, never replaced by something that it knows."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest

from tsbench.errors import ConfigurationError
from tsbench.netlist import Element, Netlist, parse_netlist
from tsbench.simulated_backends.circuit.build import IDLE_STAGE, build_circuit
from tsbench.simulated_backends.devices.catalogue import catalogue, device_model
from tsbench.simulated_backends.devices.dispatch import SMALLEST_ADDRESS, evaluate_device, kind_of, require_mechanism
from tsbench.simulated_backends.devices.mechanism import MOST_NUMBERS
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.devices.resistor.equations import Resistor

NETLIST = "V1 in 0 1\nR1 in out 1k\nX1 out 0 mine\n"


@dataclass(frozen=True)
class Own(DeviceModel):
    """A device model of a user's own, which has no equations yet."""

    r: float = 1e3
    mechanism: ClassVar[str] = "own"


class Unnamed(Own):
    mechanism = None  # type: ignore[assignment]


class Curious(Own):
    @staticmethod
    def equations(v: float, i: float, conductance: float) -> float:
        return conductance * v - i


@pytest.mark.parametrize(("model", "said"), [
    (Own, "device model own has no equations. Add it as a static method of Own"),
    (Unnamed, "has no name"), (Curious, "its equations take 'conductance', which is not a state, a noise or a column"),
])
def test_a_model_without_equations_is_refused(model: type[Own], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as refused:
        build_circuit(parse_netlist(NETLIST), {"X1": model()})
    assert str(refused.value).startswith("X1: ") and "\n" not in str(refused.value)
    circuit = build_circuit(parse_netlist(NETLIST.replace("mine", "resistor")))
    with pytest.raises(ConfigurationError, match=said):
        circuit.set_device("X1", model(), {}, None)


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"X1: 5 is not a device model. Derive its class from DeviceModel"):
        require_mechanism(5, "X1")  # type: ignore[arg-type]


def test_a_refused_device_leaves_the_circuit_as_it_was() -> None:
    circuit = build_circuit(parse_netlist(NETLIST.replace("mine", "nbo2")))
    before = circuit.unknowns()
    with pytest.raises(ConfigurationError, match="no equations"):
        circuit.set_device("X1", Own(), {}, None)
    assert np.array_equal(circuit.unknowns(), before)
    circuit.advance(1e-6)
    assert circuit.model_of("X1") == device_model("nbo2")


def test_every_model_of_the_catalogue_and_a_subclass_of_one_are_known() -> None:
    class Mine(Resistor):
        pass

    build_circuit(parse_netlist(NETLIST), {"X1": Mine(r=1e3)})
    kinds = [kind_of(entry.model()) for entry in catalogue().values()]
    assert max(kinds) < SMALLEST_ADDRESS and len(set(kinds)) == len({e.mechanism for e in catalogue().values()})


@pytest.mark.parametrize("kind", [99, -1])
def test_the_kernel_itself_takes_no_unknown_kind_for_a_resistor(kind: int) -> None:
    out = np.zeros(MOST_NUMBERS)
    evaluate_device(kind, np.full((1, 32), 1e3), 0, 1.0, 0.5, np.zeros(1), 0, out)
    assert np.isnan(out[:3]).all()


def test_unknown_waveforms_stages_and_elements_are_refused() -> None:
    circuit = build_circuit(parse_netlist(NETLIST.replace("mine", "resistor")))
    with pytest.raises(ConfigurationError, match="waveform float"):
        circuit.set_source("V1", 2.0)  # type: ignore[arg-type]
    meter = build_circuit(parse_netlist("R1 out 0 1k\n", terminals=["out"]), stages=[("smu", "out")])
    with pytest.raises(ConfigurationError, match="function = 'power'"):
        meter.set_stage("smu", replace(IDLE_STAGE, function="power"))  # type: ignore[arg-type]
    elements = (*parse_netlist("V1 in 0 1\nR1 in 0 1k\n").elements, Element("D", "D1", ("in", "0"), 3))
    with pytest.raises(ConfigurationError, match="D1 is of kind 'D'"):
        build_circuit(Netlist(elements))
