"""What the cases of websocket_peer.py share: clients, raw frames, and the counters of the server."""

import asyncio
import json
import os
import socket
import struct
import sys
import urllib.request

import websockets
from websockets.asyncio.client import connect

PORT = int(sys.argv[1])
TRANSPORT = "graphql-transport-ws"
LEGACY = "graphql-ws"
CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


def url(path="/graphql"):
    return f"ws://127.0.0.1:{PORT}{path}"


def http(query, **variables):
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{PORT}/graphql", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)["data"]


async def ask(query, **variables):
    return await asyncio.to_thread(lambda: http(query, **variables))


async def stats_until(**wanted):
    """What the server counts has to become this, sooner or later."""
    for _ in range(400):
        stats = (await ask("{stats}"))["stats"]
        if all(stats[name] == value for name, value in wanted.items()):
            return stats
        await asyncio.sleep(0.05)
    raise AssertionError(f"the server counts {stats}, not {wanted}")


def opened(path="/graphql", protocol=TRANSPORT, **more):
    return connect(url(path), subprotocols=[protocol] if protocol else None, **more)


async def send(socket, **message):
    await socket.send(json.dumps(message))


async def receive(socket, seconds=20):
    return json.loads(await asyncio.wait_for(socket.recv(), seconds))


async def initialise(socket, **more):
    await send(socket, type="connection_init", **more)
    assert await receive(socket) == {"type": "connection_ack"}


async def subscribe(socket, query, id="1", **more):
    await send(socket, id=id, type="subscribe", payload={"query": query, **more})


async def closed(socket, seconds=20):
    """Reads until the server closes; returns its code."""
    try:
        while True:
            await asyncio.wait_for(socket.recv(), seconds)
    except websockets.ConnectionClosed as error:
        assert error.rcvd is not None, f"closed without a close frame: {error!r}"
        return error.rcvd.code


async def until_closed(socket, seconds=20):
    """The types of the messages before the server's close, and its code."""
    types = set()
    try:
        while True:
            types.add((await receive(socket, seconds))["type"])
    except websockets.ConnectionClosed as error:
        return types, error.rcvd and error.rcvd.code


def raw(path="/graphql", protocol=TRANSPORT, extra=""):
    """An open WebSocket as a plain socket."""
    connection = socket.create_connection(("127.0.0.1", PORT), timeout=20)
    key = "dGhlIHNhbXBsZSBub25jZQ=="
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    head += f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: {protocol}\r\n{extra}\r\n"
    connection.sendall(head.encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(1)
    assert answer.startswith(b"HTTP/1.1 101"), answer
    assert b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in answer, answer
    return connection


def frame(opcode, data, fin=True, masked=True, first_bits=0):
    if isinstance(data, str):
        data = data.encode()
    head = bytes([(0x80 if fin else 0) | first_bits | opcode])
    mask_bit = 0x80 if masked else 0
    if len(data) < 126:
        head += bytes([mask_bit | len(data)])
    elif len(data) < 65536:
        head += bytes([mask_bit | 126]) + struct.pack("!H", len(data))
    else:
        head += bytes([mask_bit | 127]) + struct.pack("!Q", len(data))
    if not masked:
        return head + data
    mask = os.urandom(4)
    return head + mask + bytes(byte ^ mask[index % 4] for index, byte in enumerate(data))


def read_frame(connection):
    def exactly(count):
        data = b""
        while len(data) < count:
            part = connection.recv(count - len(data))
            if not part:
                raise EOFError
            data += part
        return data

    first, second = exactly(2)
    length = second & 127
    if length == 126:
        length = struct.unpack("!H", exactly(2))[0]
    elif length == 127:
        length = struct.unpack("!Q", exactly(8))[0]
    assert second & 128 == 0, "a server does not mask"
    return first & 15, exactly(length)


def read_close(connection):
    """The code of the next close frame, and then the end of the connection."""
    while True:
        opcode, data = read_frame(connection)
        if opcode == 8:
            break
    return struct.unpack("!H", data[:2])[0] if data else None
