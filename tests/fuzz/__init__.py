"""Damaged and hostile input of every kind, against a process of its own."""
