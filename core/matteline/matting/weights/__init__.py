"""Weights: which are known (registry), where they lie (find), what they hold (load), how they come (fetch, add).

Only `load` needs torch, so a job can be planned without it. Files are read once into memory: what was hashed,
what was checked and what is loaded are the same bytes.
"""
