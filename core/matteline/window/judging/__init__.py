"""The judging tab: what is worth a look, and where."""
