"""The run file, an HDF5 file with a NeXus tree: schema, writing, reading, digest and validation."""
