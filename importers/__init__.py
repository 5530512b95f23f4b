"""Files of other programs: each folder reads one family of formats into columns of numbers with their units."""
