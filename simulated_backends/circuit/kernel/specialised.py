"""Compiled code for one topology: written once, kept in the user's cache folder, used for every such circuit.

The module that is written contains the step of :mod:`.straight_line` and, word for word, the loop of
:func:`.integrator.integrate` around it: there is one step control, whatever the code below it. The event times of
generic and specialised code differ by at most 3e-15 (relative, measured over 70 to 100 periods in
``tests/simulated_backends/circuit/test_specialised.py``); the test requires 1e-9.
"""

import functools
import inspect
from collections.abc import Sequence
from typing import Any

from tsbench.simulated_backends.circuit.kernel import generic_step, integrator
from tsbench.simulated_backends.circuit.kernel.straight_line import StraightLine, numbers_from_row
from tsbench.simulated_backends.circuit.kernel.topology import Topology
from tsbench.simulated_backends.devices.source_text import definitions
from tsbench.simulated_backends.numerics.generated import load

LARGEST_SIZE = 16  #: unknowns; the text grows with their square, and the compiler's time faster

# The imports of the generated module: each global name in the functions of :data:`.integrator.AROUND_A_STEP` and in
# the text below. If one is missing here, compiling the generated module fails, at the first circuit that uses it.
_HEAD = '''"""Written by tsbench for one topology of circuit; may be deleted at any time."""
from __future__ import annotations

import math
from typing import Any

from tsbench.simulated_backends.circuit.kernel.arrays import (
    NOW, REDUCED, AT_BREAKPOINT, SLOPE_AT_BREAKPOINT, TRIAL, CircuitArrays, Scratch, SourceArrays, StepArrays)
from tsbench.simulated_backends.circuit.kernel.equations import stage_rate
from tsbench.simulated_backends.circuit.kernel.generic_step import move_drive
from tsbench.simulated_backends.circuit.kernel.growth import two_states_may_grow
from tsbench.simulated_backends.circuit.kernel.between_steps import (
    GROWS, SMALL, Addresses, begin_call, look_at, next_thermal_piece, pass_breakpoint)
from tsbench.simulated_backends.circuit.kernel.integrator import (
    NO_CURRENT, STUCK, UNSTABLE, keep_step, status_at_end)
from tsbench.simulated_backends.circuit.kernel.device_noise import DeviceNoise, next_piece
from tsbench.simulated_backends.circuit.kernel.places import differential_count
from tsbench.simulated_backends.circuit.kernel.step_control import (
    FIRST_STEP, acceptable, after_refusal, step_to_try, too_short)
from tsbench.simulated_backends.circuit.kernel.thermal_noise import ThermalNoise
from tsbench.simulated_backends.numerics.compilation import as_compiled, compiled, inlined, part
'''


@functools.lru_cache(maxsize=64)
def specialised_integrate(topology: Topology) -> Any:
    """Return :func:`.integrator.integrate` for circuits of this topology alone.

    None: it is too large, or has no unknown.
    """
    if not 0 < topology.size <= LARGEST_SIZE:
        return None
    return load(integrator_text(topology), "integrate").integrate


def device_definitions(topology: Topology) -> str:
    """Return the statements that define the equations of the devices."""
    mechanisms = dict.fromkeys(device.mechanism for device in topology.devices)
    return "".join(f"{line}\n" for mechanism in mechanisms for line in definitions(mechanism))


def integrator_text(topology: Topology) -> str:
    """Return the module of the integrator for one topology."""
    head = inspect.getsource(generic_step.take_step.py_func)
    signature = head[head.index("def take_step("): head.index(') -> float:')]
    loads = [f"L_{r}_{c} = L[{r}, {c}]" for r, columns in enumerate(topology.occupied) for c in columns]
    for k, device in enumerate(topology.devices):
        loads += [f"P_{k}_{name} = devices[{k}, {j}]" for name, j in numbers_from_row(device.mechanism).items()]
    loads += [f"d_{r} = at_breakpoint[{r}]" for r in range(len(topology.occupied))]
    loads += [f"s_{r} = slope_there[{r}]" for r in range(len(topology.occupied))]
    loads += [f"y{a} = y[{a}]" for a in range(topology.size)]
    loads += [f"w_{a} = weights[{a}]" for a in range(topology.size)]
    stores = [f"{array}{a}] = {name}{a}" for a in range(topology.size)
              for array, name in (("trial[", "z"), ("dense_p[row, ", "p"), ("dense_q[row, ", "q"))]
    straight = StraightLine(topology)
    step = straight.step()
    stores += [f"rates[{a}, {c}] = {name}" for (a, c), name in straight.rates.items()]
    return "\n".join((
        _HEAD + device_definitions(topology), "",
        "@inlined\ndef begin_step(circuit, scratch, y):\n    pass\n\n",
        "@inlined\ndef linearise(circuit, scratch, n):\n    pass\n\n",
        f"@inlined\n{_without_types(signature)}):",
        *indented(["L, devices, stages = circuit.L, circuit.devices, circuit.stages",
                   "trial, rates = scratch.vectors[TRIAL], scratch.matrices[REDUCED]",
                   "at_breakpoint, slope_there = scratch.drives[AT_BREAKPOINT], scratch.drives[SLOPE_AT_BREAKPOINT]",
                   *loads, *step, *stores,
                   "return squared"]),
        "\n", *(inspect.getsource(function.py_func) for function in integrator.AROUND_A_STEP)))


def indented(lines: Sequence[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _without_types(signature: str) -> str:
    names = [part.split(":")[0].strip() for part in signature[signature.index("(") + 1:].split(",")]
    return f"def take_step({', '.join(n for n in names if n)}"
