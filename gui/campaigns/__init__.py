"""The screen with a campaign: its plan, its runs by device and step, and what may be asked of it."""
