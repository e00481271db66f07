"""Small functions on pictures that every room may use: the sRGB curve and the checkerboard. numpy only."""
