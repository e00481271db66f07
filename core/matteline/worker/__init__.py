"""The process that renders for hosts: JSON lines in, JSON lines out. docs/protocol.md is its reference."""
