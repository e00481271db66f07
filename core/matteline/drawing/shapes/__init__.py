"""Solids, strands, light and layers: what everything drawn is made of. numpy alone."""
