"""Operating points, loss of stability, when noise matters."""
