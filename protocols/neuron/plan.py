"""What the characterisation of a neuron will do: stimuli, duration, worst case at the device, why it is refused."""

import numpy as np

from tsbench.errors import ConfigurationError
from tsbench.instruments import Plan, Station
from tsbench.protocols.acquiring.device_view import NO_SCOPE, device_view
from tsbench.protocols.neuron.parameters import NeuronParameters
from tsbench.protocols.pulses.parameters import EDGE_SHARE
from tsbench.protocols.pulses.plan import OVERHEAD, sensor_warnings, worst_case_and_refusals
from tsbench.protocols.pulses.stimuli import PROBES

_PREVIEWED = 12  #: stimuli of the preview, at most
#: at each amplitude: with fewer, no interval of a probability is on one side of a half
FEWEST_REPEATS = 4


def plan_neuron(settings: NeuronParameters, station: Station) -> Plan:
    """Predict stimuli, duration and the worst case at the device; refuse what a limit forbids."""
    try:
        generator = station.pulse_generator("bias").capabilities
    except ConfigurationError:
        return Plan(settings.total, settings.total, 0.0, 0, refusals=(
            "bias: steps need a pulse generator, but the role 'bias' of the bench is another instrument. Give the role "
            "to an output of a generator",))
    gaps, period = settings.gap_list(), generator.pulse_period
    ends = [("pair_width", settings.pair_width, generator.pulse_width),
            ("period of a step", settings.step(1.0).period, period),
            *(("pair_width + gap", settings.pair_width + gap, period) for gap in (gaps[0], gaps[-1]))]
    items, refusals = worst_case_and_refusals(settings, station, ends, role="bias")
    if device_view(station) is None:
        refusals.append(NO_SCOPE)
    elif station.fixture.sensing.current is None:
        refusals.append("scope: the size of a spike is its current. Add 'current' to [fixture.sensing]")
    warnings = [f"{PROBES} steps of the highest amplitude are sent first, to choose the scope's ranges"]
    if settings.repeats < FEWEST_REPEATS:
        warnings.append(f"with repeats = {settings.repeats}, no amplitude is known to fire or not to fire, and the "
                        f"verdicts stay open. Use {FEWEST_REPEATS} or more")
    if settings.base and settings.trigger == "device":
        warnings.append("the circuit rests at another level than 0 V. If it rests near its threshold, the device "
                        "voltage hardly rises before it fires, and the scope does not trigger. Then connect the sync "
                        "output of the generator to the scope, and use trigger = external")
    times, levels = _preview(settings)
    each = settings.rest + OVERHEAD
    pairs = len(settings.gap_order())
    return Plan(
        steps=settings.total, points=settings.total, bytes=settings.total * settings.samples * 4,
        duration=settings.total * each + len(settings.step_order()) * 1.5 * settings.width
        + pairs * (2 * settings.pair_width + float(np.mean(gaps))),
        worst_case=items, refusals=tuple(refusals), warnings=(*warnings, *sensor_warnings(settings, station)),
        preview={"time": times, "level": levels})


def _preview(settings: NeuronParameters) -> tuple[np.ndarray, np.ndarray]:
    """Return corners (time [s], level [V]) of the first steps, without the rests between them."""
    rise, fall, width = settings.rise_time / EDGE_SHARE, settings.fall_time / EDGE_SHARE, settings.width
    corners = np.array([-rise / 2, rise / 2, width - fall / 2, width + fall / 2])
    shown = settings.step_order()[:_PREVIEWED]
    times = np.concatenate([1.5 * width * k + corners for k in range(shown.size)])
    return times, np.concatenate([settings.base + amplitude * np.array([0.0, 1.0, 1.0, 0.0]) for amplitude in shown])
