"""Training of matting networks: from true mattes as the paper does, or from the mattes of another network."""
