"""One netlist to a table: what ``tsbench simulate`` does."""
