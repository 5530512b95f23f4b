"""The circuit of a world: its fixture, what its instruments add to it, a device in its place."""

from collections.abc import Iterable

from tsbench.netlist import Element, Netlist
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.circuit.circuit import Circuit
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.virtual_instruments.instrument import AttachedStage, Attachment


class CircuitPlan:
    """What a world's circuit is built from, whatever the device.

    Parameters
    ----------
    fixture : Netlist
    attachments : what each instrument adds
    place : str or None
        Element name of the device's position; None: there is none.
    rtol : float
        Relative tolerance of the integrator.
    seed : int
        Of everything random in the circuit.
    """

    def __init__(
        self, fixture: Netlist, attachments: Iterable[Attachment], place: str | None, rtol: float, seed: int
    ) -> None:
        self._place, self._rtol, self._seed = place, rtol, seed
        self._stages: list[AttachedStage] = []
        elements: list[Element] = list(fixture.elements)
        for attachment in attachments:
            elements += attachment.elements
            self._stages += attachment.stages
        self._netlist = Netlist(tuple(elements))

    def build(self, model: DeviceModel | None) -> Circuit:
        """Return a circuit with a device of this model in its place.

        Raises
        ------
        ConfigurationError
            As :func:`.build.build_circuit`.
        """
        models = {self._place: model} if self._place is not None and model is not None else {}
        circuit = build_circuit(
            self._netlist, models, [(s.name, s.node) for s in self._stages], rtol=self._rtol, seed=self._seed)
        for stage in self._stages:
            circuit.set_stage(stage.name, stage.stage)
        return circuit

    def load_all_code(self, models: Iterable[DeviceModel]) -> None:
        """Compile, or load from disk, also the code of its own that a circuit gets once it has taken many steps.

        With each kind of device in its place. Some seconds each, the first time on a machine: a server's
        clients would give up after their timeout.
        """
        by_mechanism: dict[str, DeviceModel | None] = {model.mechanism: model for model in models}
        for model in by_mechanism.values() if by_mechanism else (None,):
            self.build(model).load_code(specialised=True)
