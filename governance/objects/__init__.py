"""Object storage for both planes: the port, and its local-folder and Azure Blob adapters."""

from governance.objects.port import Lease, ObjectInfo, ObjectStore

__all__ = ["Lease", "ObjectInfo", "ObjectStore"]
