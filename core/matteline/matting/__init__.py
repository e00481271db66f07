"""The matting network, its weights, and the session that carries one shot's recurrent state."""
