"""People, drawn part by part: build, clothes, hair, face and movement."""
