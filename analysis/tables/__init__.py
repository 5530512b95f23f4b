"""Tables of others: layout, roles and units of their columns."""
