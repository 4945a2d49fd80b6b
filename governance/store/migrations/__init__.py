"""Layouts of the database, one step a file in `versions`; run by `Store.migrate`."""
