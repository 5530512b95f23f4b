"""Poole-Frenkel conduction in its one-dimensional form, an ohmic prefactor times e^x: the form of public netlists."""
