"""A listener in front of a server of the loopback that asks for what the server itself does not: TLS, a Kafka log-in by
SASL PLAIN, HTTP basic authentication. Prints its port; ends when standard input does.

argv: the server's port, then any of
  --tls CERTIFICATE KEY    speaks TLS with clients
  --kafka                  the broker's own address in its answers is replaced by this listener's
  --sasl USER:PASSWORD     Kafka clients have to log in
  --basic USER:PASSWORD    HTTP clients have to
"""

import argparse
import base64
import socket
import ssl
import struct
import sys
import threading

API_VERSIONS, SASL_HANDSHAKE, SASL_AUTHENTICATE = 18, 17, 36
AUTHENTICATION_FAILED = 58


def received(connection, count):
    """So many bytes; fewer where the connection ends."""
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            break
        data += more
    return data


def frame(connection):
    """A message of the Kafka protocol without its length; None at the end."""
    head = received(connection, 4)
    if len(head) < 4:
        return None
    length = struct.unpack(">i", head)[0]
    body = received(connection, length)
    return body if len(body) == length else None


def framed(body):
    return struct.pack(">i", len(body)) + body


def with_sasl(answer, version):
    """The answer to ApiVersions, with the two requests of a log-in."""
    error = struct.unpack(">h", answer[4:6])[0]
    more = [struct.pack(">hhh", SASL_HANDSHAKE, 0, 1), struct.pack(">hhh", SASL_AUTHENTICATE, 0, 1)]
    if error or version < 3:
        count = struct.unpack(">i", answer[6:10])[0]
        return answer[:6] + struct.pack(">i", count + 2) + b"".join(more) + answer[10:]
    # A compact array: its length plus one in a varint, here of one byte, and an empty list of tags behind each entry.
    assert answer[6] < 126
    return answer[:6] + bytes([answer[6] + 2]) + b"".join(entry + b"\0" for entry in more) + answer[7:]


def log_in(client, server, credentials):
    """Whether the Kafka client has logged in; what it asks before that is answered here or by the broker."""
    while (request := frame(client)) is not None:
        key, version, correlation = struct.unpack(">hhi", request[:8])
        if key == API_VERSIONS:
            server.sendall(framed(request))
            client.sendall(framed(with_sasl(frame(server), version)))
        elif key == SASL_HANDSHAKE:
            client.sendall(framed(struct.pack(">ihih", correlation, 0, 1, 5) + b"PLAIN"))
        elif key == SASL_AUTHENTICATE:
            name_length = struct.unpack(">h", request[8:10])[0]
            token = request[10 + max(name_length, 0) + 4:]
            user, _, password = credentials.partition(":")
            is_right = token == b"\0".join([b"", user.encode(), password.encode()])
            message = b"" if is_right else b"wrong user or password"
            answer = struct.pack(">ihh", correlation, 0 if is_right else AUTHENTICATION_FAILED, len(message)) + message
            answer += struct.pack(">i", 0) + (struct.pack(">q", 0) if version else b"")
            client.sendall(framed(answer))
            return is_right
        else:
            return False
    return False


def may_ask(client, credentials):
    """The head of an HTTP request with these credentials; None after a refusal."""
    head = b""
    while b"\r\n\r\n" not in head:
        more = client.recv(65536)
        if not more:
            return None
        head += more
    wanted = b"Authorization: Basic " + base64.b64encode(credentials.encode())
    if wanted.lower() in head.lower() and wanted.split()[-1] in head:
        return head
    body = b'{"error_code":401,"message":"Unauthorized"}'
    client.sendall(b"HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nConnection: close\r\n"
                   b"Content-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body)
    return None


def copy(source, target, rewrite):
    try:
        while True:
            if rewrite:
                body = frame(source)
                if body is None:
                    break
                target.sendall(framed(body.replace(*rewrite)))
            else:
                data = source.recv(65536)
                if not data:
                    break
                target.sendall(data)
    except OSError:
        pass
    for end in (source, target):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve(raw, context, options, own_port):
    server = None
    try:
        client = context.wrap_socket(raw, server_side=True) if context else raw
        server = socket.create_connection(("127.0.0.1", options.port))
        if options.basic:
            head = may_ask(client, options.basic)
            if head is None:
                return client.close()
            server.sendall(head)
        if options.sasl and not log_in(client, server, options.sasl):
            return client.close()
    except (OSError, ssl.SSLError):
        # A client that does not like what it sees goes.
        return raw.close()
    # Both forms of a text in the protocol end in the address's bytes, followed by the port.
    rewrite = [b"127.0.0.1" + struct.pack(">i", port) for port in (options.port, own_port)] if options.kafka else None
    threading.Thread(target=copy, args=(server, client, rewrite), daemon=True).start()
    copy(client, server, None)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--tls", nargs=2)
    parser.add_argument("--kafka", action="store_true")
    parser.add_argument("--sasl")
    parser.add_argument("--basic")
    options = parser.parse_args()
    context = None
    if options.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*options.tls)
    listener = socket.create_server(("127.0.0.1", 0))
    own_port = listener.getsockname()[1]
    print(own_port, flush=True)

    def accept():
        while True:
            raw, _ = listener.accept()
            threading.Thread(target=serve, args=(raw, context, options, own_port), daemon=True).start()
    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()


main()
