"""The role ``bias``, whatever instrument it is: a generator's direct level or a source meter."""

from typing import Protocol

from tsbench.errors import ConfigurationError
from tsbench.instruments import (
    MeasureSettings,
    PulseGenerator,
    PulseGeneratorCapabilities,
    Range,
    SourceMeter,
    SourceMeterCapabilities,
    SourceSettings,
    Station,
)

_USUAL_COMPLIANCE = 5e-3  #: [A] where none is given


class BiasSource(Protocol):
    """A voltage that can be set and switched off."""

    allowed: Range  #: [V]
    limiting: SourceMeterCapabilities | None  #: of what limits the current by a compliance; None: nothing does

    def prepare(self, lowest: float, highest: float, compliance: float) -> None:
        """Set up at zero level, output on, for levels from ``lowest`` to ``highest`` [V].

        Parameters
        ----------
        lowest, highest : [V] signed
        compliance : [A] of a source meter; a generator has none
        """

    def set_level(self, level: float) -> None: ...
    def switch_off(self) -> None: ...


class GeneratorBias:
    """A generator output at a direct level; the load resistor limits the current."""

    limiting: SourceMeterCapabilities | None = None

    def __init__(self, generator: PulseGenerator) -> None:
        self._generator = generator
        capabilities: PulseGeneratorCapabilities = generator.capabilities
        self.allowed = capabilities.level_into_open

    def prepare(self, lowest: float, highest: float, compliance: float) -> None:
        self._generator.set_output(False)
        self._generator.configure_load(float("inf"))
        self._generator.configure_level(0.0)  # first: limits must hold what is set
        self._generator.configure_level_limits(min(lowest, 0.0), max(highest, 0.0))
        self._generator.set_output(True)

    def set_level(self, level: float) -> None:
        self._generator.configure_level(level)

    def switch_off(self) -> None:
        self._generator.configure_level(0.0)
        self._generator.set_output(False)


class SourceMeterBias:
    """A source meter under compliance."""

    def __init__(self, meter: SourceMeter) -> None:
        self._meter = meter
        capabilities: SourceMeterCapabilities = meter.capabilities
        self.allowed = capabilities.source_voltage
        self.limiting: SourceMeterCapabilities | None = capabilities

    def prepare(self, lowest: float, highest: float, compliance: float) -> None:
        self._meter.configure_source(
            SourceSettings("voltage", compliance_current=compliance, range=max(abs(lowest), abs(highest)))
        )
        self._meter.configure_measure(MeasureSettings("current", range=compliance, nplc=0.1))
        self._meter.set_level(0.0)
        self._meter.set_output(True)

    def set_level(self, level: float) -> None:
        self._meter.set_level(level)

    def switch_off(self) -> None:
        self._meter.set_level(0.0)
        self._meter.set_output(False)


def bias_compliance(given: float | None, station: Station) -> float:
    """Return the compliance [A] of a source meter: as given, else the usual one within the limit of the device.

    Parameters
    ----------
    given : [A] None: nothing is given
    station : knows the limits of the device
    """
    if given is not None:
        return given
    most = station.device.limits.max_current
    return _USUAL_COMPLIANCE if most is None else min(_USUAL_COMPLIANCE, most)


def bias_source(station: Station, role: str = "bias") -> BiasSource:
    """Return the instrument of ``role`` as a bias; ConfigurationError where it is neither kind."""
    if not station.has(role):
        raise ConfigurationError(
            f"the bench has no role '{role}'. Add it to [roles] in the bench file, with a generator output or a "
            "source meter"
        )
    try:
        return GeneratorBias(station.pulse_generator(role))
    except ConfigurationError:
        return SourceMeterBias(station.source_meter(role))
