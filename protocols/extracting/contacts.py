"""Open and short devices, as a run shows them."""

import math
from dataclasses import replace

import numpy as np

from tsbench.analysis.contact.contact import Contact, contact
from tsbench.analysis.pulse.clipped_rise import beyond
from tsbench.analysis.statistics import NORMAL_95
from tsbench.protocols.extracting.facts import device_current, sweep_facts
from tsbench.protocols.extracting.long_records import shown_part
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.extracting.signals import acquisitions
from tsbench.records import Flag, Result, Run

#: quantities of a device that switches: parts of their names, and shares of the pulses that switch it
_OF_SWITCHING = ("threshold", "delay", "forming", "onset", "firing_curve", "refractory", "relaxation")
#: samples beyond the range of the scope from which on the current is larger than the record shows: fewer may be wild
_CLIPPED = 4
_SHARES = ("firing_probability", "switching_probability")


def contact_of(run: Run) -> Contact:
    """Judge the contact of a run's device by its readings, else by its waveforms."""
    names = {column.name for column in run.header.columns}
    if {"device_voltage", "current"} <= names:
        limited = (run.point_flags & int(Flag.COMPLIANCE)) != 0
        told = "voltage" in names and len(run.points) > 0   # the voltage of the source meter tells its range
        zero = sweep_facts(run, ExtractionOptions()).current_offset if told else 0.0
        return contact(run.column("device_voltage"), device_current(run), limited=limited, current_offset=zero)
    every = (shown_part(group, run.header.fixture) for group in acquisitions(run))
    seen = [r for r in every if r.voltage is not None and r.current is not None]
    if not seen:
        return Contact(Flag.NONE)
    voltage = np.concatenate([np.ravel(r.voltage) for r in seen if r.voltage is not None])
    current = np.concatenate([np.ravel(r.current) for r in seen if r.current is not None])
    accuracy = max(one.current_gain + math.sqrt(3.0) * one.voltage_gain for one in seen)
    offset = max(one.voltage_resolution + NORMAL_95 * one.voltage_offset for one in seen)
    clipped = sum(beyond(np.ravel(r.current), r.current_window).size for r in seen if r.current is not None)
    return contact(voltage, current, 2 * max(r.current_resolution for r in seen), accuracy=accuracy, offset=offset,
                   beyond=clipped >= _CLIPPED)


def with_contact(results: tuple[Result, ...], found: Contact) -> tuple[Result, ...]:
    """Return the results, each with the flag of what is suspected.

    A device whose trains fire does not look open, however little it conducts. A short cannot switch: that it did not is
    no bound of a threshold or a delay. Where noise looked like a pulse that fired, it has no probability of firing
    either.
    """
    fires = any(one.quantity == "train_firing_probability" and one.value for one in results)
    if not found.flags or (fires and Flag.OPEN in found.flags):
        return results
    flagged = (replace(result, flags=result.flags | found.flags) for result in results)
    return tuple(_without_bounds(result) if Flag.SHORT in found.flags else result for result in flagged)


def _without_bounds(result: Result) -> Result:
    is_share = result.quantity in _SHARES
    bounded = any(word in result.quantity for word in _OF_SWITCHING) and Flag.CENSORED in result.flags
    if not is_share and not bounded:
        return result
    return replace(result, value=None, low=None, high=None, flags=result.flags & ~Flag.CENSORED | Flag.NO_EVENT,
                   random_uncertainty=None, systematic_uncertainty=None)
