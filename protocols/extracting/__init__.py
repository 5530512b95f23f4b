"""What several extractions use: signals at the device, facts on the instruments, contact and condition, figures."""
