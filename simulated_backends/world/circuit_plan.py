"""The circuit of a world: its fixture, what its instruments add to it, devices in their places."""

from collections.abc import Iterable, Mapping

from tsbench.netlist import Element, Netlist
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.circuit.circuit import Circuit
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.virtual_instruments.current_amplifier.amplifier import TransimpedanceAmplifier
from tsbench.simulated_backends.virtual_instruments.instrument import AttachedStage, Attachment


class CircuitPlan:
    """What a world's circuit is built from, whatever the device.

    Parameters
    ----------
    fixture : Netlist
    attachments : what each instrument adds
    amplifiers : those of the wiring
    rtol : float
        Relative tolerance of the integrator.
    seed : int
        Of everything random in the circuit.
    """

    def __init__(
        self, fixture: Netlist, attachments: Iterable[Attachment], amplifiers: Iterable[TransimpedanceAmplifier],
        rtol: float, seed: int,
    ) -> None:
        self._rtol, self._seed = rtol, seed
        self._stages: list[AttachedStage] = []
        elements: list[Element] = list(fixture.elements)
        for attachment in attachments:
            elements += attachment.elements
            self._stages += attachment.stages
        self._amplifiers: dict[str, DeviceModel] = {}
        for amplifier in amplifiers:
            elements += amplifier.elements()
            self._amplifiers.update([amplifier.model()])
        self._netlist = Netlist(tuple(elements))

    def build(self, models: Mapping[str, DeviceModel]) -> Circuit:
        """Return a circuit with devices of these models in their places (element name -> model).

        Raises
        ------
        ConfigurationError
            As :func:`.build.build_circuit`.
        """
        circuit = build_circuit(
            self._netlist, {**models, **self._amplifiers}, [(s.name, s.node) for s in self._stages], rtol=self._rtol,
            seed=self._seed)
        for stage in self._stages:
            circuit.set_stage(stage.name, stage.stage)
        return circuit

    def load_all_code(
        self, models: Mapping[str, DeviceModel], place: str | None, others: Iterable[DeviceModel]
    ) -> None:
        """Compile, or load from disk, also the code of its own that a circuit gets once it has taken many steps.

        With each kind of device that comes into ``place``, beside the ``models`` that are in the places. Some seconds
        each, the first time on a machine: a server's clients would give up after their timeout.
        """
        by_mechanism = {model.mechanism: model for model in others} if place is not None else {}
        for chosen in [{**models, str(place): model} for model in by_mechanism.values()] or [dict(models)]:
            self.build(chosen).load_code(specialised=True)
