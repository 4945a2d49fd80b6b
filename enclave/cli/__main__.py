"""`python -m enclave.cli`: the same as `enclave`, where its script is not on the path."""

from enclave.cli.main import main

main()
