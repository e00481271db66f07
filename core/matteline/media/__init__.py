"""Plates in, products out: image sequences through OpenImageIO, movies through PyAV."""
