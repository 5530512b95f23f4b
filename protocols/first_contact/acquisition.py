"""Taking the readings of a first contact: from the smallest level to the largest, and no further than it must."""

from collections.abc import Iterator

from tsbench.instruments import MeasureSettings, SourceSettings, Station
from tsbench.protocols.first_contact.parameters import ContactParameters
from tsbench.quantities import format_quantity
from tsbench.records import Flag, Point, Recorder, RunEvent, Step

_ENOUGH = 4  #: readings in compliance: they show a short, and larger levels would show no more


def acquire(settings: ContactParameters, station: Station, recorder: Recorder) -> Iterator[Step]:
    """Read the current at each level; the source ends at zero with its output off."""
    meter, clock, path = station.source_meter("drive"), station.clock, settings.path()
    meter.configure_source(SourceSettings("voltage", compliance_current=settings.compliance, range=settings.highest))
    meter.configure_measure(MeasureSettings("current", range=settings.compliance, nplc=settings.nplc))
    meter.set_level(0.0)
    meter.set_output(True)
    yield Step(0, path.size, "output on at 0", idle=True)
    limited = 0
    for number, level in enumerate(path):
        meter.set_level(float(level))
        clock.wait(settings.dwell)
        reading = meter.measure()
        recorder.point(Point(
            (float(number), clock.now(), float(level), reading.voltage, reading.current,
             station.fixture.device_voltage("drive", reading.voltage, reading.current)), reading.flags))
        yield Step(number + 1, path.size, format_quantity(float(level), "V"))
        limited += bool(reading.flags & Flag.COMPLIANCE)
        if limited >= _ENOUGH:
            recorder.event(RunEvent(
                "log", f"{limited} readings are in compliance. Larger levels would give no more information, so the "
                       f"run ends at {format_quantity(float(level), 'V')}", clock.now()))
            break
    meter.set_level(0.0)
    meter.set_output(False)
    yield Step(path.size, path.size, "output off", idle=True)
