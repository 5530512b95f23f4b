"""The records are taken as in every search by single pulses."""

from tsbench.protocols.adapting.acquisition import SearchByPulses

__all__ = ["SearchByPulses"]
