"""Pages and programming interface of the control plane.

An area is a module of `governance.portal.pages` with routes that declare what they ask for
(`PortalRouter`), templates, and its entries in the navigation; the shell does the rest.
"""

from governance.portal.app import create_app

__all__ = ["create_app"]
