"""The shot form: what to matte and how, what the plan says of it, and rendering it."""
