"""Two instruments of one model do not make the same noise."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from tsbench.simulated_backends.circuit.circuit import Circuit
from tsbench.simulated_backends.virtual_instruments.keysight_33600.instrument import VirtualKeysight33600
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.instrument import VirtualInfiniiVision
from tsbench.simulated_backends.world.world import World
from tsbench.simulated_backends.world.world_file import WorldFile


def world(seed: int, rtol: float = 1e-6) -> World:
    models = {"g1": "keysight_33622a", "g2": "keysight_33622a", "s1": "keysight_dsox3054t", "s2": "keysight_dsox3054t"}
    instruments = {
        name: {"model": model, "resource": f"TCPIP0::10.0.0.{k}::inst0::INSTR"}
        for k, (name, model) in enumerate(models.items(), start=1)}
    return World(WorldFile.model_validate({
        "seed": seed, "rtol": rtol, "instruments": instruments, "fixture": {
            "netlist": "R1 a 0 1k\nR2 b 0 1k\n", "terminals": {"g1.1": "a", "g1.2": "b"}}}), Path("world.toml"))


def test_noise_of_generators_and_of_scopes_is_their_own() -> None:
    generators, scopes = [], []
    for seed in (1, 2, 3):
        for instrument in world(seed).instruments.values():
            if isinstance(instrument, VirtualKeysight33600):
                generators += [instrument.shape(channel).noise_seed for channel in (1, 2)]
            else:
                assert isinstance(instrument, VirtualInfiniiVision)
                scopes.append(instrument.digitiser.seed)
    assert len(set(generators)) == len(generators) == 12
    assert len(set(scopes)) == len(scopes) == 6


def test_a_world_sets_seed_and_tolerance_of_its_circuit() -> None:
    circuit = world(5, rtol=1e-4).bench.circuit
    assert isinstance(circuit, Circuit)
    assert (circuit.seed, circuit.rtol) == (5, 1e-4)
    with pytest.raises(ValidationError):
        world(5, rtol=0.5)
