"""The command `matteline`: a door, it decides nothing about pixels."""
