"""Whether the first readings show an open, a short or a device, and whether it still switches."""
