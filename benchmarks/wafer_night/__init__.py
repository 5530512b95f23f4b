"""A night on a wafer: a campaign over 1,000 simulated devices whose process is killed again and again."""
