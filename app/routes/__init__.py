"""One module a group of addresses; each has a `router`, and app/web.py lists them."""
