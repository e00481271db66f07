"""Colour: which space a plate is in, the network's picture of it, and the foreground back in that space.

`config`, `space` and `codec` decide and need no torch, so a plan is made without it; `picture` and what it
uses work on pixels. Nothing here reads the environment: the door hands down what `$OCIO` says.
"""
