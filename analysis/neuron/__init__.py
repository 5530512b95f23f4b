"""Whether a circuit behaves as a neuron: its response to steps and pairs of pulses, and verdicts on four functions."""
