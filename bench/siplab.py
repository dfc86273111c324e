"""The SIP lab has moved to `ccplane.testing.siplab`, where operators find it too. This keeps its old name alive."""

from ccplane.testing.siplab import *  # noqa: F403
from ccplane.testing.siplab import __all__ as __all__
