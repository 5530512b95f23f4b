"""Many simulated devices: batches, studies on a cluster, filaments, neurons, one netlist."""
