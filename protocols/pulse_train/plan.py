"""What a pulse train will do: pulses, duration, worst case at the device, and why it is refused."""

import numpy as np

from tsbench.instruments import OscilloscopeCapabilities, Plan, Station
from tsbench.protocols.acquiring.device_view import NO_SCOPE, device_view
from tsbench.protocols.charging_time import slow_pulses
from tsbench.protocols.pulse_train.parameters import TrainParameters
from tsbench.protocols.pulse_train.sending import batches, train_delivery
from tsbench.protocols.pulses.delivery import SENT_ONE_BY_ONE, Delivery, delivery
from tsbench.protocols.pulses.layout import pulse_preview
from tsbench.protocols.pulses.plan import OVERHEAD, pulse_dose, sensor_warnings, worst_case_and_refusals
from tsbench.protocols.worst_case import long_record_refusal, range_refusal, record_refusal
from tsbench.quantities import format_quantity, short_quantity

_PREVIEWED = 20  #: pulses of the preview, at most
_PROBES = 2  #: at each amplitude, at most


def plan_train(settings: TrainParameters, station: Station) -> Plan:
    """Predict pulses, duration and the worst case at the device; refuse what a limit forbids."""
    items, refusals = worst_case_and_refusals(settings, station)
    generator = station.pulse_generator("pulser").capabilities
    starts = settings.starts()
    how = _delivery(settings, station)
    if how.refusal:
        refusals.append(how.refusal)
    if not settings.gaps:
        refusals += range_refusal("period", settings.period, generator.pulse_period, "pulser")
    refusals += _scope_refusals(settings, station, how)
    pulses, amplitudes = settings.total, len(settings.amplitude)
    period = settings.pulse(settings.amplitude[0], alone=how.means == "clock").period
    # a generator takes no trigger until the period of the last pulse is over
    lasts = settings.repeats * float(starts[-1] + max(settings.span + settings.rest, period)) + settings.probe * period
    scope = station.oscilloscope("scope").capabilities
    samples = min(settings.span * scope.sample_rate, scope.record_length)
    trains = amplitudes * (settings.repeats + settings.probe)
    times, levels = pulse_preview(settings, starts[:_PREVIEWED])
    tries = 1 + (settings.retries if settings.repeats == 1 else 0)   # a batch of which the scope missed a pulse
    sent = pulses * tries + _PROBES * amplitudes * settings.probe
    probes = (
        f"one probe pulse is sent at each amplitude ({amplitudes} in all; a second one where the first is clipped), in "
        f"addition to the {pulses} recorded pulses")
    again = f"if the scope misses a pulse, the pulses of its record are sent again, up to {tries - 1} times"
    warnings = [*([probes] if settings.probe else []), *([again] if tries > 1 else [])]
    if how.means == "clock" and settings.trigger == "external":
        warnings.append(SENT_ONE_BY_ONE)
    warnings += _waits(how, scope)
    return Plan(
        steps=pulses,
        points=pulses,
        duration=amplitudes * lasts + trains * OVERHEAD + pulses * 0.005,
        bytes=int(pulses * samples * 2),
        worst_case=(*items, *pulse_dose(items, sent)),
        refusals=tuple(refusals),
        warnings=(*warnings, *sensor_warnings(settings, station), *slow_pulses(station, settings.width)),
        preview={"time": times, "level": levels},
    )


def _waits(how: Delivery, scope: OscilloscopeCapabilities) -> list[str]:
    """Return a line where pulses wait for the scope for longer than the train asks for."""
    parts = batches(len(how.starts), scope)
    if how.means == "waveform" or len(parts) < 2:
        return []
    if min(how.starts[part.start] - how.starts[part.start - 1] for part in parts[1:]) >= OVERHEAD:
        return []
    size = parts[0].stop
    after = "after each pulse" if size == 1 else f"after each {size} pulses"
    return [f"the scope records {size} of {len(how.starts)} pulses at once. So {after}, the next one comes up to "
            f"{short_quantity(OVERHEAD, 's')} later, however short the time between pulses is. The column 'gap' "
            "contains the real time"]


def _delivery(settings: TrainParameters, station: Station) -> Delivery:
    generator = station.pulse_generator("pulser").capabilities
    if (view := device_view(station)) is None:
        return delivery(settings.pulse(settings.amplitude[0]), settings.starts(), settings.gaps, generator)
    return train_delivery(settings, generator, view.scope.capabilities)


def _scope_refusals(settings: TrainParameters, station: Station, how: Delivery) -> list[str]:
    if device_view(station) is None:
        return [NO_SCOPE]
    scope, starts = station.oscilloscope("scope").capabilities, how.starts
    if how.means == "waveform" and len(starts) > scope.segments:
        return [
            f"scope: pulses with gaps are sent as one waveform, so they need {len(starts)} segments, but the scope has "
            f"{scope.segments}. Use fewer gaps, or 'period' and 'count'"]
    if long := long_record_refusal(settings.span, scope, "'record_span'" if settings.record_span else "'width'"):
        return long
    if settings.record_span is not None and (short := record_refusal("record_span", settings.record_span, scope)):
        return short
    if len(starts) > 1 and (closest := float(np.diff(starts).min())) < 1.02 * settings.span:
        return [
            f"scope: records of {format_quantity(settings.span, 's')} are too long for pulses that are "
            f"{format_quantity(closest, 's')} apart. Raise 'period' or 'gaps', or lower 'record_span'"
        ]
    return []
