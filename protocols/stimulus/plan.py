"""What an arbitrary stimulus will do: stimuli, duration, worst case at the device, and why it is refused."""

from pathlib import Path

import numpy as np

from tsbench.errors import ConfigurationError
from tsbench.instruments import Plan, PulseGeneratorCapabilities, Station
from tsbench.instruments.guard.coupling import farthest_emf
from tsbench.instruments.guard.limits import worst_case_of_voltage
from tsbench.protocols.acquiring.device_view import NO_SCOPE, device_view, trigger_refusals
from tsbench.protocols.pulses.plan import OVERHEAD
from tsbench.protocols.pulses.stimuli import PROBES, span_of_record
from tsbench.protocols.stimulus.parameters import StimulusParameters
from tsbench.protocols.stimulus.shapes import read_recording
from tsbench.protocols.worst_case import (
    limit_refusals,
    load_remedy,
    long_record_refusal,
    range_refusal,
    worst_case_items,
)
from tsbench.quantities import format_quantity, short_quantity

_PREVIEWED = 2000  #: points of the preview, at most
_SAME_HEIGHT = 1e-3  #: a recording that is scaled by less is sent as it is


def plan_stimulus(settings: StimulusParameters, station: Station) -> Plan:
    """Predict stimuli, duration and the worst case at the device; refuse what a limit forbids."""
    try:
        capabilities = station.pulse_generator("bias").capabilities
        times, levels = settings.course()
    except ConfigurationError as error:
        reason = (str(error) if settings.file and settings.file in str(error) else
                  "bias: a stimulus needs a generator that plays waveforms, but the role 'bias' of the bench is "
                  "another instrument. Give the role to an output of a generator")
        return Plan(settings.total, settings.total, 0.0, 0, refusals=(reason,))
    length = float(times[-1])
    path = station.wire_path("bias")
    worst = worst_case_of_voltage(farthest_emf(settings.levels, path), path)
    items = worst_case_items(worst, station.fixture, length)
    refusals = limit_refusals(items, station.device, "lower 'amplitude' or 'base'",
                              load_remedy(station.fixture), "shorten the stimulus")
    for level in (min(settings.levels), max(settings.levels)):
        refusals += range_refusal("base + amplitude", level, capabilities.level_into_open, "bias")
    span = max(settings.levels) - min(settings.levels)
    if not refusals and span > (most := capabilities.amplitude_into_open.high) * (1 + 1e-9):
        refusals.append(f"bias: the stimulus has {short_quantity(span, 'V')} between its levels, but the generator "
                        f"makes at most {short_quantity(most, 'V')}. Lower 'amplitude'")
    refusals += _waveform_refusals(settings, capabilities, times) + trigger_refusals(station, settings.trigger)
    if device_view(station) is None:
        refusals.append(NO_SCOPE)
    else:
        refusals += long_record_refusal(span_of_record(length), station.oscilloscope("scope").capabilities,
                                        "the length of the stimulus")
    few = np.unique(np.linspace(0, times.size - 1, min(times.size, _PREVIEWED)).astype(int))
    highest = max(settings.amplitude, key=abs)
    return Plan(
        steps=settings.total, points=settings.total, bytes=settings.total * settings.samples * 4,
        duration=settings.total * (settings.rest + OVERHEAD + 1.4 * length), worst_case=items, refusals=tuple(refusals),
        warnings=(f"{PROBES} stimuli of the highest amplitude are sent first, to choose the scope's ranges",
                  *_scaled(settings)),
        preview={"time": times[few], "level": settings.base + highest * levels[few]})


def _scaled(settings: StimulusParameters) -> list[str]:
    """Return what was read of a recording, and a line if it is not sent as high as it is."""
    if settings.shape != "recorded":
        return []
    times, _, own = read_recording(Path(settings.file))
    read = (f"the recording has {times.size} readings in {short_quantity(float(times[-1]), 's')} and reaches "
            f"{format_quantity(own, 'V')}")
    others = [format_quantity(one, "V") for one in settings.amplitude if abs(one - own) > _SAME_HEIGHT * own]
    return [read + (f", but it is scaled to {', '.join(others)}" if others else "")]


def _waveform_refusals(
    settings: StimulusParameters, capabilities: PulseGeneratorCapabilities, times: np.ndarray,
) -> list[str]:
    """Return why the generator cannot play the stimulus."""
    if capabilities.arbitrary_points.high < 2:
        return ["bias: the generator cannot play a waveform. Use another generator, or the protocol pulse_train"]
    rate, length = settings.sample_rate(capabilities), float(times[-1])
    refusals = range_refusal("sample rate", rate, capabilities.sample_rate, "bias",
                             "Use a stimulus of another length")
    finest = settings.edge if settings.shape == "rectangle" else float(np.diff(times).min())
    if rate < 1.0 / finest * (1.0 - 1e-9):
        refusals.append(
            f"bias: {finest:g} s of a stimulus that lasts {length:g} s need {length / finest:.3g} waveform points, but "
            f"the generator holds {min(capabilities.arbitrary_points.high, length * rate):.3g} at its rate. Raise "
            "'edge', or shorten the stimulus")
    return refusals
