"""Recovery after a pulse: refractory period and firing probability against the gap."""
