"""Render farms: one job cut into chunks that any machine may render, and what is written for each engine."""
