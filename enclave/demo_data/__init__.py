"""Made-up but lifelike people and the files three agencies drop about them; no one is real."""

from enclave.demo_data.drops import SEED, DemoDrop, write_demo_drops

__all__ = ["SEED", "DemoDrop", "write_demo_drops"]
