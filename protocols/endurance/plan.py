"""What an endurance run will do: cycles, duration, worst case and dose at the device, and why it is refused."""

from tsbench.instruments import Plan, Station
from tsbench.protocols.acquiring.device_view import device_view
from tsbench.protocols.endurance.parameters import EnduranceParameters
from tsbench.protocols.pulses.cycle_plan import cycle_plan
from tsbench.protocols.pulses.plan import OVERHEAD


def plan_endurance(settings: EnduranceParameters, station: Station) -> Plan:
    """Predict cycles, duration, and worst case and dose at the device; refuse what a limit forbids."""
    bursts = 1 + -(-(settings.cycles - 1) // settings.batch)
    view = device_view(station)
    at_once = 1 if view is None else settings.at_once(view.scope.capabilities)
    return cycle_plan(settings, station, settings.cycles * settings.period + bursts * (settings.rest + OVERHEAD), (
        f"the run ends early if {settings.failures} cycles in a row fail, but not before the end of the burst of up to "
        f"{settings.batch} cycles in which they do",), at_once)
