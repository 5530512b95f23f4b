"""PyMeasure: a protocol on a bench as a ``Procedure``, which a ``ManagedWindow`` runs."""
