"""Training the network: data, losses, stages, checkpoints."""
