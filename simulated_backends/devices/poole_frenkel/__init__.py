"""Poole-Frenkel conduction with Joule heating (NbO2), in its three-dimensional (Hartke) form."""
