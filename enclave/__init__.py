"""Data plane: the only code that can read rows."""
