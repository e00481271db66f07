"""Judging mattes: against the truth (`eval`), and where there is none by what looks wrong (`report`)."""
