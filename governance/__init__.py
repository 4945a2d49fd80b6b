"""Control plane: contracts, agreements, decisions and grants. Nothing here can read a row."""
