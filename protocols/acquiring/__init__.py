"""What several acquisitions use: waiting, the view of the device, the look for oscillation."""
