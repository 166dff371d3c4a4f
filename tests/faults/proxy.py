"""A bad network between phones and server: it cuts, repeats and delays what people hand in."""

import random
import socket
import socketserver
import struct
import threading
from collections.abc import Callable
from contextlib import suppress

PATIENCE_SECONDS = 60
CHUNK = 65536
AT_ONCE = struct.pack("ii", 1, 0)  # closing then sends a reset instead of a farewell

Treatment = Callable[["Proxy", socket.socket, bytes], None]


class Proxy(socketserver.ThreadingTCPServer):
    """A port that leads to the server; what happens to a handed-in page is its treatment."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, server_port: int, seed: int) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.server_port = server_port
        self.rng = random.Random(seed)
        self.treatment: Treatment = passed_on
        self.held: list[bytes] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        """Return where it listens."""
        return int(self.server_address[1])

    def ask(self, request: bytes) -> bytes:
        """Send a request on and return the whole answer."""
        with socket.create_connection(("127.0.0.1", self.server_port), PATIENCE_SECONDS) as server:
            server.sendall(request)
            answer = bytearray()
            while piece := server.recv(CHUNK):
                answer += piece
        return bytes(answer)

    def deliver_held(self) -> None:
        """Let everything that was held back arrive at last, in another order and all at once."""
        self.rng.shuffle(self.held)
        threads = [threading.Thread(target=self.ask, args=(one,)) for one in self.held]
        self.held = []
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def close(self) -> None:
        """Close the port."""
        self.shutdown()
        self.server_close()


def passed_on(proxy: Proxy, client: socket.socket, request: bytes) -> None:
    """Do nothing bad."""
    client.sendall(proxy.ask(request))


def often_reset_before_the_answer(proxy: Proxy, client: socket.socket, request: bytes) -> None:
    """Wait for the server's answer, which is sent after the commit, and lose it."""
    answer = proxy.ask(request)
    if proxy.rng.random() < 0.5:
        reset(client)
    else:
        client.sendall(answer)


def often_cut_in_the_answer(proxy: Proxy, client: socket.socket, request: bytes) -> None:
    """Lose the connection somewhere inside the answer."""
    answer = proxy.ask(request)
    if proxy.rng.random() < 0.5:
        client.sendall(answer[: proxy.rng.randrange(1, len(answer))])
        reset(client)
    else:
        client.sendall(answer)


def delivered_three_times(proxy: Proxy, client: socket.socket, request: bytes) -> None:
    """Let the request arrive three times at once; show one of the answers."""
    answers: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: answers.append(proxy.ask(request))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    client.sendall(proxy.rng.choice(answers))


def held_back(proxy: Proxy, client: socket.socket, request: bytes) -> None:
    """Keep the request, and let the phone believe that nothing arrived."""
    proxy.held.append(request)
    reset(client)


def cut_in_the_body(proxy: Proxy, client: socket.socket, request: bytes) -> None:
    """Let a part of the body arrive, then break both connections."""
    body = request.index(b"\r\n\r\n") + 4
    until = proxy.rng.randrange(body, len(request))
    with socket.create_connection(("127.0.0.1", proxy.server_port), PATIENCE_SECONDS) as server:
        server.sendall(request[:until])
        reset(server)
    reset(client)


def reset(connection: socket.socket) -> None:
    """Break a connection as a dead network does."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
    connection.close()


class _Connection(socketserver.BaseRequestHandler):
    """One phone's connection with one request."""

    server: Proxy

    def handle(self) -> None:
        with suppress(OSError):
            request = self._request()
            treatment = self.server.treatment if request.startswith(b"POST") else passed_on
            treatment(self.server, self.request, request)

    def _request(self) -> bytes:
        read = bytearray()
        while b"\r\n\r\n" not in read:
            read += self.request.recv(CHUNK)
        head, _, body = bytes(read).partition(b"\r\n\r\n")
        length = next(
            (
                int(line.split(b":")[1])
                for line in head.lower().splitlines()
                if line.startswith(b"content-length:")
            ),
            0,
        )
        while len(body) < length:
            body += self.request.recv(CHUNK)
        return head + b"\r\n\r\n" + body
