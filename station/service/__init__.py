"""The bench service: one long-lived process owns a bench; runs queue in it, and every user interface attaches to it.

``place`` says where a service is found. ``client`` talks to it. ``service`` is the process with the queue. Its child
``measuring`` opens the instruments and performs the runs. Neither imports the simulation.
"""
