"""FLEX, the command language of Keysight's parameter analysers: parser, errors, output buffers, data formats."""
