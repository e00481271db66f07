"""Building what host programs install: their plug-in, with a copy of the contract inside."""
