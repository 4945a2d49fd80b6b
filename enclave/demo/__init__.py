"""The demonstration: the whole road on made-up people, on the real components."""

from enclave.demo.run import run_demo

__all__ = ["run_demo"]
