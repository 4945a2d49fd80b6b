"""Opens curated tables in the query's own process: as little of a deployment as that takes.

Every question starts that process anew, so contracts, agreements, state and ledger stay unread: it
sees the tables of the plan it was handed, and nothing else is looked up.
"""

from pathlib import Path

from enclave.adapters.duckdb_worker import OpenDataset
from enclave.adapters.keyring import open_ring
from enclave.adapters.parquet_encryption import ParquetEncryption
from enclave.adapters.storage import build_zones
from enclave.lake import Lake
from enclave.settings import load_settings
from enclave.zones import Zone


def open_tables(home: str) -> OpenDataset:
    """Opens the curated tables of the deployment at `home`."""
    settings = load_settings(Path(home))
    zones = build_zones(settings)
    ring = open_ring(settings, zones.store(Zone.IDENTITY))
    return Lake(zones, ParquetEncryption(ring).dataset_config).dataset
