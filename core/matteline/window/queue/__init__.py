"""The queue: several shots, one after another, kept in a file that outlives the window."""
