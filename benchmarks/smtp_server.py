"""A mail server that starts TLS and takes nothing, for `make bench-dns`: smtp_server.py ADDRESS PORT PEM."""

import asyncio
import ssl
import sys


async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, context: ssl.SSLContext) -> None:
    writer.write(b"220 mx.example.com ESMTP\r\n")
    while line := await reader.readline():
        word = line.strip().upper()
        if word.startswith(b"EHLO"):
            writer.write(b"250-mx.example.com\r\n250 STARTTLS\r\n")
        elif word == b"STARTTLS":
            writer.write(b"220 go ahead\r\n")
            await writer.start_tls(context)
        else:
            writer.write(b"221 bye\r\n")
            break
    writer.close()


async def main(address: str, port: int, pem: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server = await asyncio.start_server(lambda r, w: talk(r, w, context), address, port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
