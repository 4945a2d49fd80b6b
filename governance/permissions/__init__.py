"""One place answers every "may X do Y on Z now". Pure."""
