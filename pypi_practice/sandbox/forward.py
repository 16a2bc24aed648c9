"""Forwards TCP connections between sockets."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time

CONNECT_TIMEOUT = 20  # seconds
PAUSE = 0.1  # seconds before accepting is tried again
MOST_CONNECTIONS = 150  # at the same time; further ones wait
IDLE_TIMEOUT = 600  # seconds without a byte in either direction


def relay(client: socket.socket, server: socket.socket, first: bytes = b"") -> None:
    """Forward bytes in both directions until both sides have ended; send *first* to *server*."""
    for end in (client, server):
        end.settimeout(None)
        # Without this, a small response is delayed by 40 ms until the last one is acknowledged.
        with contextlib.suppress(OSError):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if first:
        server.sendall(first)
    partner = {client: server, server: client}
    with selectors.DefaultSelector() as selector:
        for end in partner:
            selector.register(end, selectors.EVENT_READ)
        while selector.get_map():
            ready = selector.select(IDLE_TIMEOUT)
            if not ready:
                return
            for key, _ in ready:
                source = client if key.fileobj is client else server
                try:
                    data = source.recv(64 * 1024)
                    if data:
                        partner[source].sendall(data)
                    else:
                        selector.unregister(source)
                        partner[source].shutdown(socket.SHUT_WR)
                except OSError:
                    return


class Forwarder:
    """Accepts connections on *listener* and forwards each to *port* of the loopback address."""

    def __init__(self, listener: socket.socket, port: int) -> None:
        self._listener, self._port, self._closed = listener, port, False
        self._free = threading.BoundedSemaphore(MOST_CONNECTIONS)
        listener.settimeout(None)
        threading.Thread(target=self._accept, name=f"forward-{port}", daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                if self._closed:
                    return
                time.sleep(PAUSE)  # no file descriptor is free
                continue
            self._free.acquire()
            threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        try:
            with client, contextlib.suppress(OSError):
                address = ("127.0.0.1", self._port)
                with socket.create_connection(address, CONNECT_TIMEOUT) as server:
                    relay(client, server)
        finally:
            self._free.release()

    def close(self) -> None:
        """Accept no more connections."""
        self._closed = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # ends accept() in the thread
        self._listener.close()
