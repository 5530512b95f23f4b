"""Random campaigns against the limits of their device: cases, what the devices really see, what the plan foresees."""
