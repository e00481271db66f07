"""Backgrounds without people, and what stands in front of people."""
