"""What `make bench` measures; nothing here is a test, nothing fails by the clock."""
