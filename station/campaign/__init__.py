"""Campaigns: many runs on many devices by a file; checked as a whole, with a state that outlives crashes."""

from tsbench.station.campaign.door import campaign
from tsbench.station.campaign.outcome import CampaignOutcome, CampaignRefused
from tsbench.station.campaign.performing import StepPerformer, StepRequest

__all__ = ["CampaignOutcome", "CampaignRefused", "StepPerformer", "StepRequest", "campaign"]
