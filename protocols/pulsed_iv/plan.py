"""What a pulsed I-V run will do: cycles, duration, worst case and dose at the device, and why it is refused."""

from tsbench.instruments import Plan, Station
from tsbench.protocols.pulsed_iv.parameters import PulsedIVParameters
from tsbench.protocols.pulses.cycle_plan import cycle_plan
from tsbench.protocols.pulses.plan import OVERHEAD


def plan_pulsed_iv(settings: PulsedIVParameters, station: Station) -> Plan:
    """Predict cycles, duration, and worst case and dose at the device; refuse what a limit forbids."""
    return cycle_plan(settings, station, settings.total * (settings.span + settings.rest + OVERHEAD))
