"""Behaviours of a neuron: from stimulated runs to which of the published behaviours it shows."""
