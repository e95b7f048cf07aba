"""What is right: self-contained reference implementations, one module a track, importing torch alone."""
