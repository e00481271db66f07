"""The open shots: each with its own footage, form, undo history and place in the viewer."""
