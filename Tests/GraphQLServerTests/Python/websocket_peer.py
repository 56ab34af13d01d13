"""Clients of a GraphQL server's WebSockets: websocket_peer.py PORT CASE. A case asserts what it sees."""

import asyncio
import json
import socket
import struct
import sys
import urllib.error
import urllib.request

import websockets
from websockets.asyncio.client import connect

import slow_clients  # noqa: F401, its cases are cases of this script
from websocket_tools import (
    CASES, LEGACY, PORT, TRANSPORT, ask, case, closed, frame, initialise, opened, raw, read_close, read_frame, receive,
    send, stats_until, subscribe, until_closed, url)


# graphql-transport-ws


@case
async def operations():
    for path in ["/graphql", "/graphql-ws", "/graphql?x=1"]:
        async with opened(path) as socket:
            assert socket.subprotocol == TRANSPORT
            await initialise(socket)
            await subscribe(socket, "subscription{three}")
            for number in [1, 2, 3]:
                message = await receive(socket)
                assert message == {"id": "1", "type": "next", "payload": {"data": {"three": number}}}, message
            assert await receive(socket) == {"id": "1", "type": "complete"}
            # The id is free again, and queries and mutations go the same way.
            for query, data in [("{hello}", {"hello": "world"}), ("mutation{__typename}", {"__typename": "Mutation"})]:
                await subscribe(socket, query)
                assert await receive(socket) == {"id": "1", "type": "next", "payload": {"data": data}}
                assert await receive(socket) == {"id": "1", "type": "complete"}
            await subscribe(socket, "{variable}", id='"\u00e9\\', variables={"value": "\u2028\U0001f600"})
            assert (await receive(socket))["id"] == '"\u00e9\\'
            await receive(socket)
    await stats_until(open=0, subscriptions=0)


@case
async def errors():
    async with opened() as socket:
        await initialise(socket)
        await subscribe(socket, "{nothing}")
        message = await receive(socket)
        assert message["type"] == "next" and message["payload"]["data"] is None, message
        assert message["payload"]["errors"][0]["message"] == "it went wrong"
        assert (await receive(socket))["type"] == "complete"
        for query, code in [("subscription{refused}", "NO"), ("{nosuch}", None), ("{", None)]:
            await subscribe(socket, query)
            message = await receive(socket)
            assert message["type"] == "error" and message["id"] == "1", message
            assert isinstance(message["payload"], list) and message["payload"][0]["message"], message
            assert message["payload"][0].get("extensions", {}).get("code") == code, message
        for query, code in [("subscription{broken}", "SOURCE"), ("subscription{crash}", "INTERNAL")]:
            await subscribe(socket, query)
            assert (await receive(socket))["type"] == "next"
            message = await receive(socket)
            assert message["type"] == "error" and message["payload"][0]["extensions"]["code"] == code, message
            assert "Crash" not in json.dumps(message)


@case
async def completing():
    async with opened() as socket:
        await initialise(socket)
        await subscribe(socket, "subscription{never}")
        await subscribe(socket, "subscription{ticks}", id="2")
        assert (await receive(socket))["id"] == "2"
        await stats_until(subscriptions=2)
        for id in ["1", "2", "2", "unknown"]:
            await send(socket, id=id, type="complete")
        await stats_until(subscriptions=0)
        await send(socket, type="ping")
        # What was on its way may still come, a complete may not.
        while (message := await receive(socket)) != {"type": "pong"}:
            assert message["type"] == "next", message
        await subscribe(socket, "subscription{three}", id="2")
        assert (await receive(socket))["payload"] == {"data": {"three": 1}}
    await stats_until(open=0, subscriptions=0)


@case
async def pings():
    async with opened() as socket:
        # Also before connection_init.
        await send(socket, type="ping", payload={"a": [1]})
        assert await receive(socket) == {"type": "pong", "payload": {"a": [1]}}
        await send(socket, type="pong")
        await send(socket, type="ping", payload=None)
        assert await receive(socket) == {"type": "pong"}
        waiter = await socket.ping(b"control")
        await asyncio.wait_for(waiter, 20)
        await initialise(socket, payload={"token": "t"})
        await subscribe(socket, "{whoami}")
        who = (await receive(socket))["payload"]["data"]["whoami"]
        assert who["transport"] == "webSocket" and who["address"] == "127.0.0.1", who
        assert who["params"] == {"token": "t"}, who
    async with opened(additional_headers={"Authorization": "Bearer y"}) as socket:
        await initialise(socket, payload=None)
        await subscribe(socket, "subscription{whoami}")
        who = (await receive(socket))["payload"]["data"]["whoami"]
        assert who["authorization"] == "Bearer y" and who["params"] is None, who


@case
async def close_codes():
    init = {"type": "connection_init"}
    long = {"id": "1", "type": "subscribe", "payload": {"query": "subscription{never}"}}
    expected = [
        (4400, ["nonsense"]), (4400, [""]), (4400, ["[]"]), (4400, ["{}"]), (4400, [{"type": 1}]),
        (4400, [{"type": "nosuch"}]), (4400, [init, {"type": "next", "id": "1"}]), (4400, [{"type": "start"}]),
        (4400, [init, {"type": "connection_ack"}]), (4400, [{"type": "connection_init", "payload": 1}]),
        (4400, [{"type": "ping", "payload": []}]), (4400, [{"type": "pong", "payload": "x"}]),
        (4400, [init, {"type": "subscribe", "payload": {"query": "{hello}"}}]),
        (4400, [init, {"type": "subscribe", "id": "", "payload": {"query": "{hello}"}}]),
        (4400, [init, {"type": "subscribe", "id": 1, "payload": {"query": "{hello}"}}]),
        (4400, [init, {"type": "subscribe", "id": "1"}]), (4400, [init, {"type": "subscribe", "id": "1", "payload": {}}]),
        (4400, [init, {"type": "subscribe", "id": "1", "payload": {"query": "{hello}", "variables": 1}}]),
        (4400, [init, {"type": "subscribe", "id": "1", "payload": {"query": "{hello}", "operationName": 1}}]),
        (4400, [init, {"type": "complete"}]), (4400, ['{"type":"ping","type":"ping"}']),
        (4400, ["[" * 100000]),
        (4400, [init, {"type": "subscribe", "id": "x" * 257, "payload": {"query": "{hello}"}}]),
        (4400, [init, {"type": "complete", "id": "x" * 257}]),
        # To cut such a text letter by letter from its end would take minutes.
        (4400, [{"type": "\U0001F1F3\U0001F1F1" * 40000}]), (4400, [{"type": "\u00e9" * 60}]),
        (4401, [long]), (4429, [init, init]), (4409, [init, long, long]),
    ]
    for code, messages in expected:
        async with opened() as socket:
            for message in messages:
                await socket.send(message if isinstance(message, str) else json.dumps(message))
            assert await closed(socket) == code, (code, messages)
    await stats_until(open=0, subscriptions=0)


@case
async def sub_protocols():
    for protocols in [None, ["nosuch"], ["soap", "GRAPHQL-WS"]]:
        for path in ["/graphql", "/graphql-ws"]:
            async with connect(url(path), subprotocols=protocols) as socket:
                assert socket.subprotocol is None
                assert await closed(socket) == 4406
    for offered, chosen in [
        (["nosuch", LEGACY, TRANSPORT], LEGACY), ([TRANSPORT, LEGACY], TRANSPORT), ([LEGACY], LEGACY),
    ]:
        async with connect(url("/graphql-ws"), subprotocols=offered) as socket:
            assert socket.subprotocol == chosen


@case
async def init_timeout():
    for protocol in [TRANSPORT, LEGACY]:
        async with opened(protocol=protocol) as socket:
            assert await closed(socket) == 4408
    async with opened() as socket:
        await initialise(socket)
        await asyncio.sleep(0.6)
        await send(socket, type="ping")
        assert await receive(socket) == {"type": "pong"}


@case
async def too_many_subscriptions():
    async with opened() as socket:
        await initialise(socket)
        for id in ["1", "2", "3"]:
            await subscribe(socket, "subscription{never}", id=id)
        message = await receive(socket)
        assert message["id"] == "3" and message["type"] == "error", message
        assert message["payload"][0]["extensions"]["code"] == "LIMIT", message
        await send(socket, id="1", type="complete")
        await stats_until(subscriptions=1)
        await subscribe(socket, "subscription{three}", id="3")
        for _ in range(3):
            assert (await receive(socket))["type"] == "next"
        assert (await receive(socket))["type"] == "complete"
        # What takes no notice of being completed keeps its place until it has ended.
        await subscribe(socket, "{stubborn}", id="4")
        await stats_until(subscriptions=2)
        await send(socket, id="4", type="complete")
        await subscribe(socket, "{hello}", id="5")
        message = await receive(socket)
        assert message["id"] == "5" and message["payload"][0]["extensions"]["code"] == "LIMIT", message
        await stats_until(subscriptions=1)
        await subscribe(socket, "{hello}", id="4")
        message = await receive(socket)
        assert message["id"] == "4" and message["type"] == "next", message


@case
async def too_many_connections():
    async with opened() as first, opened() as second:
        await initialise(first)
        await initialise(second)
        try:
            async with opened():
                raise AssertionError("a third is open")
        except websockets.InvalidStatus as error:
            assert error.response.status_code == 503
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{PORT}/graphql/stream?query=subscription%7Bthree%7D")
            raise AssertionError("a stream is open")
        except urllib.error.HTTPError as error:
            assert error.code == 503
    await stats_until(open=0)
    async with opened() as socket:
        await initialise(socket)


@case
async def refused():
    for origin, status in [
        ("https://evil.example", 403), ("null", 403), ("http://bank.example", 403),
        (f"http://127.0.0.1:{PORT}", 101), ("https://bank.example", 101),
    ]:
        try:
            async with opened(origin=origin) as one:
                await initialise(one)
                got = 101
        except websockets.InvalidStatus as error:
            got = error.response.status_code
        assert got == status, (origin, got)
    for host, status in [
        ("evil.example", 421), ("127.0.0.1.evil.example", 421), (f"evil.example:{PORT}", 421), ("1.2.3", 421),
        ("localhost", 101), ("BANK.example:1", 101), ("127.0.0.1", 101), ("[::1]:8888", 101), ("192.0.2.7:80", 101),
    ]:
        connection = socket.create_connection(("127.0.0.1", PORT), timeout=20)
        connection.sendall((f"GET /graphql HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            f"Sec-WebSocket-Protocol: {TRANSPORT}\r\n\r\n").encode())
        answer = connection.recv(4096)
        assert answer.startswith(f"HTTP/1.1 {status} ".encode()), (host, answer)
        connection.close()
    for path in ["/", "/health", "/graphql/", "/graphql/stream", "/nosuch"]:
        try:
            async with opened(path):
                raise AssertionError(f"open: {path}")
        except websockets.InvalidStatus as error:
            assert error.response.status_code == 400, path
            assert b"/graphql-ws" in error.response.body
    good = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    for change, method, status in [
        ({"Sec-WebSocket-Version": "8"}, "GET", 426), ({"Sec-WebSocket-Version": None}, "GET", 426),
        ({"Sec-WebSocket-Key": "short"}, "GET", 400), ({"Sec-WebSocket-Key": None}, "GET", 400),
        ({"Connection": "close"}, "GET", 400), ({}, "POST", 400), ({"Content-Length": "5"}, "GET", 400),
    ]:
        headers = {name: value for name, value in {**good, **change}.items() if value}
        connection = socket.create_connection(("127.0.0.1", PORT), timeout=20)
        text = f"{method} /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        text += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        connection.sendall((text + "\r\n" + ("12345" if "Content-Length" in headers else "")).encode())
        answer = b""
        while part := connection.recv(4096):
            answer += part
        assert answer.startswith(f"HTTP/1.1 {status} ".encode()), (change, answer)
        if status == 426:
            assert b"\nupgrade: websocket\r" in answer.lower() and b"\nconnection: upgrade\r" in answer.lower(), answer
        connection.close()
    # As the second request of a connection.
    connection = socket.create_connection(("127.0.0.1", PORT), timeout=20)
    connection.sendall(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    assert connection.recv(4096).startswith(b"HTTP/1.1 200")
    connection.sendall(("GET /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\n" + "".join(
        f"{name}: {value}\r\n" for name, value in good.items()) + "\r\n").encode())
    assert connection.recv(4096).startswith(b"HTTP/1.1 400")
    connection.close()
    await stats_until(open=0)


# frames


@case
async def frames():
    init = json.dumps({"type": "connection_init"})
    connection = raw()
    # Fragments, a control frame and an empty fragment in between, and all of it byte by byte.
    parts = frame(1, init[:5], fin=False) + frame(9, "hey") + frame(0, "", fin=False) + frame(0, init[5:])
    for byte in parts:
        connection.sendall(bytes([byte]))
    assert read_frame(connection) == (10, b"hey")
    assert read_frame(connection) == (1, b'{"type":"connection_ack"}')
    # Several frames in one segment.
    connection.sendall(frame(1, '{"type":"ping"}') * 3 + frame(10, "unasked"))
    assert [read_frame(connection) for _ in range(3)] == [(1, b'{"type":"pong"}')] * 3
    # Answers of all three sizes of a frame's length.
    for length in [1, 200, 70000]:
        query = {"query": "{variable}", "variables": {"value": "x" * length}}
        connection.sendall(frame(1, json.dumps({"id": "1", "type": "subscribe", "payload": query})))
        opcode, data = read_frame(connection)
        assert opcode == 1 and json.loads(data)["payload"]["data"]["variable"] == "x" * length
        assert json.loads(read_frame(connection)[1]) == {"id": "1", "type": "complete"}
    # The closing handshake gets its code back, and the server ends the connection.
    connection.sendall(frame(8, struct.pack("!H", 3333) + b"bye"))
    assert read_close(connection) == 3333
    assert connection.recv(1) == b""
    connection = raw()
    connection.sendall(frame(8, b""))
    assert read_close(connection) is None
    assert connection.recv(1) == b""


@case
async def broken_frames():
    text = '{"type":"ping"}'
    for code, data in [
        (1002, frame(1, text, masked=False)), (1002, frame(1, text, first_bits=0x40)), (1002, frame(3, text)),
        (1002, frame(11, b"")), (1002, frame(0, text)), (1002, frame(1, text, fin=False) + frame(1, text)),
        (1002, frame(9, b"", fin=False)), (1002, frame(9, b"x" * 126)), (1002, frame(8, b"x")),
        (1002, frame(8, struct.pack("!H", 1005))), (1002, frame(8, struct.pack("!H", 999))),
        (1007, frame(8, struct.pack("!H", 1000) + b"\xff")), (1007, frame(1, b'{"type":"ping","x":"\xff"}')),
        (1007, frame(1, b'\xc3', fin=False) + frame(0, b'\x28')), (1003, frame(2, text)),
        (1003, frame(2, text, fin=False)), (1009, frame(1, b" " * 10001)),
        (1009, frame(1, b" " * 6000, fin=False) + frame(0, b" " * 6000)),
        (1009, bytes([0x81, 0xFF]) + struct.pack("!Q", 1 << 62)), (1009, bytes([0x81, 0xFF]) + b"\xff" * 8),
    ]:
        connection = raw()
        connection.sendall(data)
        assert (got := read_close(connection)) == code, (code, got, data[:20])
        connection.sendall(frame(8, struct.pack("!H", code)))
        assert connection.recv(1) == b""
        connection.close()
    await stats_until(open=0)


@case
async def vanishing():
    """Clients that go without a word, at any moment, leave nothing behind."""
    for step in range(5):
        connection = raw()
        if step > 0:
            connection.sendall(frame(1, '{"type":"connection_init"}'))
        if step > 1:
            query = '{"id":"1","type":"subscribe","payload":{"query":"subscription{ticks}"}}'
            connection.sendall(frame(1, query)[: None if step > 2 else 20])
        if step > 3:
            read_frame(connection)
            # Not FIN but RST.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
    await stats_until(open=0, subscriptions=0)


@case
async def half_open():
    """The server pings, and gives up who does not answer."""
    silent = raw()
    silent.sendall(frame(1, '{"type":"connection_init"}'))
    silent.sendall(frame(1, '{"id":"1","type":"subscribe","payload":{"query":"subscription{never}"}}'))
    async with opened(ping_interval=None) as socket:
        await initialise(socket)
        # This one answers pings by itself, and outlives the other.
        await stats_until(open=1, subscriptions=0)
        await send(socket, type="ping")
        assert await receive(socket) == {"type": "pong"}
        opcodes = []
        try:
            while True:
                opcodes.append(read_frame(silent)[0])
        except (EOFError, ConnectionError):
            pass
        assert 9 in opcodes, opcodes


# the legacy protocol


@case
async def legacy():
    for path in ["/graphql", "/graphql-ws"]:
        async with opened(path, LEGACY) as socket:
            await send(socket, type="connection_init", payload={})
            assert await receive(socket) == {"type": "connection_ack"}
            assert await receive(socket) == {"type": "ka"}
            await send(socket, id="1", type="start", payload={"query": "subscription{three}", "variables": {}})
            for number in [1, 2, 3]:
                message = await receive(socket)
                assert message == {"id": "1", "type": "data", "payload": {"data": {"three": number}}}, message
            assert await receive(socket) == {"id": "1", "type": "complete"}
            await send(socket, id="2", type="start", payload={"query": "{nosuch}"})
            message = await receive(socket)
            assert message["type"] == "error" and message["id"] == "2", message
            assert message["payload"]["message"] == 'there is no field "nosuch"', message
            await send(socket, id="3", type="start", payload={"query": "subscription{never}"})
            # Begun anew with the same id.
            await send(socket, id="3", type="start", payload={"query": "subscription{ticks}"})
            assert (await receive(socket))["payload"]["data"] == {"ticks": 1}
            await stats_until(subscriptions=1)
            await send(socket, id="3", type="stop")
            await stats_until(subscriptions=0)
            await send(socket, type="connection_terminate")
            assert await closed(socket) == 1000
    for code, messages in [
        (4401, [{"type": "start", "id": "1", "payload": {"query": "{hello}"}}]), (4400, ["nonsense"]),
        (4400, [{"type": "subscribe", "id": "1", "payload": {"query": "{hello}"}}]), (4400, [{"type": "ping"}]),
        (4429, [{"type": "connection_init"}, {"type": "connection_init"}]),
    ]:
        async with opened("/graphql-ws", LEGACY) as socket:
            for message in messages:
                await socket.send(message if isinstance(message, str) else json.dumps(message))
            assert await closed(socket) == code, (code, messages)


@case
async def legacy_keep_alive():
    async with opened("/graphql-ws", LEGACY) as socket:
        await send(socket, type="connection_init")
        assert (await receive(socket))["type"] == "connection_ack"
        for _ in range(3):
            assert await receive(socket) == {"type": "ka"}


# a client library


@case
async def gql_library():
    from gql import Client, gql
    from gql.transport.exceptions import TransportQueryError
    from gql.transport.websockets import WebsocketsTransport

    for protocol in [TRANSPORT, LEGACY]:
        transport = WebsocketsTransport(
            url=url("/graphql-ws"), subprotocols=[protocol], init_payload={"token": protocol})
        async with Client(transport=transport) as session:
            assert (await session.execute(gql("query { hello }"))) == {"hello": "world"}
            numbers = [data["three"] async for data in session.subscribe(gql("subscription { three }"))]
            assert numbers == [1, 2, 3], numbers
            who = (await session.execute(gql("query { whoami }")))["whoami"]
            assert who["params"] == {"token": protocol}, who
            try:
                await session.execute(gql("query { nosuch }"))
                raise AssertionError("no error")
            except TransportQueryError as error:
                assert 'no field "nosuch"' in str(error), error


# the end of the server


@case
async def shutdown():
    """The server says good-bye to WebSockets, whatever they do, and ends streams."""
    sockets = []
    for protocol in [TRANSPORT, LEGACY, TRANSPORT]:
        sockets.append(await connect(url(), subprotocols=[protocol]))
    await send(sockets[0], type="connection_init")
    await subscribe(sockets[0], "subscription{ticks}")
    # Its source is closed with the server, which is no end that the client may take for one.
    await subscribe(sockets[0], "subscription{hub}", id="2")
    await send(sockets[1], type="connection_init")
    await send(sockets[1], id="1", type="start", payload={"query": "subscription{never}"})
    deaf = raw()
    streams = []
    for path in ["/graphql/stream?query=subscription%7Bticks%7D", "/graphql/stream?query=subscription%7Bhub%7D", "/events"]:
        stream = socket.create_connection(("127.0.0.1", PORT), timeout=20)
        stream.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        assert stream.recv(4096).startswith(b"HTTP/1.1 200")
        streams.append(stream)
    idle = socket.create_connection(("127.0.0.1", PORT), timeout=20)
    await stats_until(open=7, subscriptions=5)
    try:
        await ask("mutation{stop}")
    except Exception:
        pass  # its answer may be cut off
    for one in sockets:
        types, code = await until_closed(one)
        assert code == 1001 and not types & {"complete", "error"}, (types, code)
    assert read_close(deaf) == 1001
    for stream in streams + [idle, deaf]:
        while part := await asyncio.to_thread(stream.recv, 65536):
            assert b"event: complete" not in part, part


asyncio.run(asyncio.wait_for(CASES[sys.argv[2]](), 200))
print("ok")
