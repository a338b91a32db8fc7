"""A mail server that takes no mail: greeting, extensions, STARTTLS (RFC 5321, RFC 3207)."""

import ssl
from dataclasses import dataclass

from posture.demo.serving import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """`name` greets; `software` is what the greeting says after ESMTP; without `tls` there is no STARTTLS."""

    name: str
    software: str = ""
    tls: ssl.SSLContext | None = None

    async def talk(self, connection: Connection) -> None:
        """Answer commands until QUIT."""
        offer = self.tls
        greeting = f"220 {self.name} ESMTP {self.software}".rstrip()
        await connection.send(f"{greeting}\r\n".encode())
        while (line := await connection.line()) is not None:
            verb = line.decode("latin-1").upper().partition(" ")[0]
            if verb == "STARTTLS" and offer is not None:
                await connection.send(b"220 2.0.0 Ready to start TLS\r\n")
                await connection.secure(offer)
                offer = None
                continue
            await connection.send(self._reply(verb, offers_tls=offer is not None))
            if verb == "QUIT":
                return

    def _reply(self, verb: str, *, offers_tls: bool) -> bytes:
        if verb == "EHLO":
            extensions = [
                self.name,
                "PIPELINING",
                "SIZE 10240000",
                *(["STARTTLS"] if offers_tls else []),
                "8BITMIME",
            ]
            *first, last = extensions
            return "".join([*(f"250-{item}\r\n" for item in first), f"250 {last}\r\n"]).encode()
        replies = {
            "HELO": f"250 {self.name}",
            "MAIL": "250 2.1.0 Ok",
            "RCPT": "550 5.7.1 This is a demonstration; no mail is taken",
            "RSET": "250 2.0.0 Ok",
            "NOOP": "250 2.0.0 Ok",
            "QUIT": "221 2.0.0 Bye",
        }
        return f"{replies.get(verb, '502 5.5.2 Command not recognized')}\r\n".encode()
