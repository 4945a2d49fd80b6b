"""What is agreed, as data."""
