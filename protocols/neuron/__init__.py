"""Neuron characterisation."""

from tsbench.protocols.neuron.protocol import NeuronCharacterisation

PROTOCOL = NeuronCharacterisation
