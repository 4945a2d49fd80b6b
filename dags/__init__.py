"""Airflow wiring only: schedules, retries, order of steps."""
