"""Where a private Asterisk listens, and whether somebody else does already."""

from __future__ import annotations

import errno
import socket
from dataclasses import dataclass

from ccplane.errors import SetupError


@dataclass(frozen=True)
class NodePorts:
    """Where a node listens. SIP is UDP and TCP; http carries ARI and the phones' WebSocket."""

    sip: int = 5060
    http: int = 8088
    ami: int = 5038
    rtp_first: int = 10000
    rtp_last: int = 19999

    def need_to_be_free(self, bind: str) -> None:
        """Raises SetupError "port-taken" for the first that is not."""
        sip, web = ("CCPLANE_SIP_PORT", self.sip), ("CCPLANE_HTTP_PORT", self.http)
        for kind, (variable, port) in (
            (socket.SOCK_DGRAM, sip),
            (socket.SOCK_STREAM, sip),
            (socket.SOCK_STREAM, web),
            (socket.SOCK_STREAM, ("CCPLANE_AMI_PORT", self.ami)),
        ):
            need_free(bind, port, kind, variable)


def need_free(bind: str, port: int, kind: socket.SocketKind, variable: str) -> None:
    """Raises SetupError "port-taken" that names the port and the variable that moves it."""
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    with socket.socket(family, kind) as probe:
        if kind is socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise SetupError("bad-address", f"Cannot listen on {bind}:{port}: {error.strerror}.") from error
            transport = "UDP" if kind is socket.SOCK_DGRAM else "TCP"
            raise SetupError(
                "port-taken",
                f"{transport} port {port} on {bind} is taken by another program: "
                f"end that one, or choose another port with {variable}=…",
                port=port,
                variable=variable,
            ) from None
