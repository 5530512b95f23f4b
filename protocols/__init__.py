"""Measurement procedures: one folder a protocol, found by name; and what a protocol of one's own needs."""

from tsbench.instruments.guard.limits import worst_case_of_current, worst_case_of_voltage
from tsbench.protocols.description import describe
from tsbench.protocols.extracting.named_figure import NamedFigure
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.fields import SecondsList, VoltsList
from tsbench.protocols.iv_sweep.protocol import IVSweep
from tsbench.protocols.oscillation.protocol import Oscillation
from tsbench.protocols.paired_pulse.protocol import PairedPulse
from tsbench.protocols.protocol import Protocol
from tsbench.protocols.pulse_train.protocol import PulseTrain
from tsbench.protocols.registry import PROTOCOLS, protocol_named
from tsbench.protocols.relaxation.protocol import Relaxation
from tsbench.protocols.worst_case import limit_refusals, range_refusal, worst_case_items

__all__ = [
    "PROTOCOLS", "ExtractionOptions", "IVSweep", "NamedFigure", "Oscillation", "PairedPulse", "Protocol", "PulseTrain",
    "Relaxation", "SecondsList", "VoltsList", "describe", "limit_refusals", "protocol_named", "range_refusal",
    "worst_case_items", "worst_case_of_current", "worst_case_of_voltage",
]
