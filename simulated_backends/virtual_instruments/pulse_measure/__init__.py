"""What units that pulse and sample have in common: the course of a terminal, and what a slow meter shows of it."""
