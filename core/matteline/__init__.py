"""Matteline: Robust Video Matting as a production tool."""

__version__ = "0.1.0"
