"""Taking a temperature series: bring the chuck to each temperature with the output off, then sweep."""

from collections.abc import Iterator

from tsbench.errors import ConfigurationError
from tsbench.instruments import Station
from tsbench.protocols.iv_sweep.series import one_sweep
from tsbench.protocols.temperature_series.parameters import TemperatureSeriesParameters
from tsbench.quantities import format_quantity
from tsbench.records import Recorder, RunEvent, Step


def acquire(settings: TemperatureSeriesParameters, station: Station, recorder: Recorder) -> Iterator[Step]:
    """Sweep at each temperature, once the chuck is stable; its temperature is read before and after each sweep."""
    chuck, parts = station.temperature, len(settings.temperature)
    if chuck is None:
        raise ConfigurationError("the bench has no temperature controller. Add [temperature] to the bench file")
    each = len(settings.path())
    for number, target in enumerate(settings.temperature):
        for now in chuck.approach(target):
            yield Step(number * each, parts * each, f"chuck at {format_quantity(now, 'K')}", idle=True)
        before = chuck.temperature()
        yield from one_sweep(settings, station, recorder, number, parts, (before,))
        after = chuck.temperature()
        recorder.event(RunEvent(
            "log", f"the chuck was at {before:.2f} K before the sweep and {after:.2f} K after it", station.clock.now(),
            {"temperature_before": before, "temperature_after": after}))
