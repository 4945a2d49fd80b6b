"""Object storage for both planes: the port, and its local-folder and Azure Blob adapters.

The adapters are imported by name (`governance.objects.local`, `governance.objects.azure`), so that
nobody pays for Azure's client who does not use it.
"""

from governance.objects.naming import ObjectKeyError, check_key, shown_key
from governance.objects.port import Lease, ObjectInfo, ObjectStore

__all__ = ["Lease", "ObjectInfo", "ObjectKeyError", "ObjectStore", "check_key", "shown_key"]
