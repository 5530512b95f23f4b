"""What the circuit does not know is refused, never replaced by something that it knows."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest

from tsbench.errors import ConfigurationError
from tsbench.netlist import Element, Netlist, parse_netlist
from tsbench.simulated_backends.circuit.build import IDLE_STAGE, build_circuit
from tsbench.simulated_backends.circuit.engine import FloatArray
from tsbench.simulated_backends.devices.catalogue import MECHANISMS, catalogue, device_model
from tsbench.simulated_backends.devices.compiled import evaluate_device
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.devices.resistor.equations import Resistor

NETLIST = "V1 in 0 1\nR1 in out 1k\nX1 out 0 mine\n"


@dataclass(frozen=True)
class Own(DeviceModel):
    """A device model of a user's own."""

    r: float = 1e3
    mechanism: ClassVar[str] = "own"

    def vector(self) -> FloatArray:
        return np.array([self.r])


class Unknown(Own):
    kind: ClassVar[int] = 99


class Negative(Own):
    kind: ClassVar[int] = -1


class Taken(Own):
    kind: ClassVar[int] = Resistor.kind


class Text(Own):
    kind = "own"  # type: ignore[assignment]


@pytest.mark.parametrize(("model", "said"), [
    (Unknown, "kind 99"), (Negative, "kind -1"), (Taken, "that of resistor"), (Own, "has no kind"),
    (Text, "kind 'own'"),
])
def test_a_model_without_equations_is_refused(model: type[Own], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as refused:
        build_circuit(parse_netlist(NETLIST), {"X1": model()})
    assert str(refused.value).startswith("X1: device model ")
    circuit = build_circuit(parse_netlist(NETLIST.replace("mine", "resistor")))
    with pytest.raises(ConfigurationError, match=said):
        circuit.set_device("X1", model(), {}, None)


def test_a_refused_device_leaves_the_circuit_as_it_was() -> None:
    circuit = build_circuit(parse_netlist(NETLIST.replace("mine", "nbo2")))
    before = circuit.unknowns()
    with pytest.raises(ConfigurationError, match="kind 99"):
        circuit.set_device("X1", Unknown(), {}, None)
    assert np.array_equal(circuit.unknowns(), before)
    circuit.advance(1e-6)
    assert circuit.model_of("X1") == device_model("nbo2")


def test_every_model_of_the_catalogue_and_a_subclass_of_one_are_known() -> None:
    class Mine(Resistor):
        pass

    build_circuit(parse_netlist(NETLIST), {"X1": Mine(r=1e3)})
    assert len({model.kind for model in MECHANISMS.values()}) == len(MECHANISMS)
    assert {entry.mechanism for entry in catalogue().values()} <= set(MECHANISMS)


def test_the_kernel_itself_takes_no_unknown_kind_for_a_resistor() -> None:
    out = np.zeros(64)
    evaluate_device(99, np.full((1, 32), 1e3), 0, 1.0, 0.5, np.zeros(1), 0, out)
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
