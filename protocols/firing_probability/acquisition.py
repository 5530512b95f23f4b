"""The records are taken as in every search over amplitudes."""

from tsbench.protocols.adapting.acquisition import AmplitudeSearch

__all__ = ["AmplitudeSearch"]
