"""The proxy of `ccplane.testing`, which measurements use too."""

from ccplane.testing.proxy import Proxy, open_proxy

__all__ = ["Proxy", "open_proxy"]
