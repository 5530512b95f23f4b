"""What a run will do to its device, simulated beforehand."""
