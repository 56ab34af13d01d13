"""Cases of websocket_peer.py: clients that read slowly or not at all."""

import asyncio
import json
import socket
import struct
import sys

from websockets.asyncio.client import connect

from websocket_tools import PORT, TRANSPORT, ask, case, frame, raw, read_frame, stats_until, url


@case
async def slow_reader():
    """Of many subscribers one never reads: it is dropped, the others get everything.

    That one subscribes a hundred times, to be sent more than the kernel takes for it.
    """
    count, messages, size = (int(text) for text in sys.argv[3:6])
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.connect(("127.0.0.1", PORT))
    slow.sendall((
        f"GET /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: {TRANSPORT}\r\n\r\n").encode())
    query = '{"id":"1","type":"subscribe","payload":{"query":"subscription{hub}"}}'
    slow.sendall(frame(1, '{"type":"connection_init"}'))
    for number in range(100):
        slow.sendall(frame(1, query.replace('"id":"1"', f'"id":"{number}"')))
    sockets = []
    for _ in range((count + 49) // 50):
        sockets += await asyncio.gather(*(
            connect(url(), subprotocols=[TRANSPORT], ping_interval=None, compression=None, open_timeout=60)
            for _ in range(min(50, count - len(sockets)))))
    for one in sockets:
        await one.send('{"type":"connection_init"}')
        await one.send(query)
        await asyncio.wait_for(one.recv(), 60)
    await stats_until(listening=count + 100)

    async def read(one):
        for number in range(messages):
            message = json.loads(await asyncio.wait_for(one.recv(), 120))
            assert message["payload"]["data"]["hub"]["n"] == number, (number, message["id"])

    reading = [asyncio.create_task(read(one)) for one in sockets]
    await ask("mutation{publish}", count=messages, bytes=size)
    await asyncio.gather(*reading)
    stats = await stats_until(open=count, listening=count)
    assert stats["dropped"] == 1, stats
    await asyncio.gather(*(one.close() for one in sockets))
    slow.close()
    await stats_until(open=0, listening=0)


@case
async def slow_code():
    """Who reads again after all finds whole messages and then 1013."""
    connection = raw()
    connection.sendall(frame(1, '{"type":"connection_init"}'))
    connection.sendall(frame(1, '{"id":"1","type":"subscribe","payload":{"query":"subscription{hub}"}}'))
    assert read_frame(connection)[0] == 1
    await stats_until(listening=1)
    publishing = asyncio.create_task(ask("mutation{publish}", count=3000, bytes=4000))
    await stats_until(dropped=1, listening=0)
    await asyncio.sleep(0.1)
    numbers = []

    def read():
        while True:
            opcode, data = read_frame(connection)
            if opcode == 8:
                return struct.unpack("!H", data[:2])[0]
            numbers.append(json.loads(data)["payload"]["data"]["hub"]["n"])

    code = await asyncio.to_thread(read)
    assert code == 1013, code
    assert numbers == list(range(len(numbers))) and len(numbers) < 3000, len(numbers)
    await publishing


@case
async def ping_flood():
    """Pongs are queued like everything, so who asks for them without reading them is dropped too."""
    connection = raw()
    connection.settimeout(20)
    flood = frame(9, b"x" * 125) * 1000
    try:
        for _ in range(1000):
            connection.sendall(flood)
        raise AssertionError("131 MB of pings were taken")
    except (ConnectionError, TimeoutError):
        pass
    await stats_until(open=0, dropped=1)
