"""Building of the plug-ins that host programs install, each with a copy of the contract inside."""
