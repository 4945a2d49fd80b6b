"""Receive a submission: manifest, custody, format, dialect; Arrow batches of text and findings."""
