"""Weights: which are known (registry), where they lie (find), what they hold (load), how they come (fetch).

Only `load` and `add` need torch, so a job can be planned without it. A file is read into memory at once: what
was hashed, what was checked and what is loaded are the same bytes.
"""
