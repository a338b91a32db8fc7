"""What a service that waits for its client is asked: its protocol's own harmless greeting, without a user.

Never a credential, a user's name, an anonymous log-in or a command that reads or changes data (README, *Never
sent*). Where the protocol has no such greeting (LDAP, MQTT, X11, Oracle, industrial control) nothing is sent.
Every question is a constant: `QUESTIONS` is the whole vocabulary, and a test compares it with what was sent.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from posture.core.targets import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an answer tells. `login`: does the service ask who one is? Null where its greeting cannot tell.

    `stated` is the text in which a product's pattern is searched.
    """

    protocol: str
    stated: str = ""
    login: bool | None = None


Reader = Callable[[bytes], Answer | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """`sent` on the ports named; `read` gives None for an answer in another protocol."""

    name: str
    ports: frozenset[int]
    sent: bytes
    read: Reader


def _redis(raw: bytes) -> Answer | None:
    """RESP: `+PONG` is an answer to anybody, `-NOAUTH` asks for a password, `-DENIED` is protected mode."""
    if raw.startswith(b"+PONG"):
        return Answer(protocol="redis", login=False)
    closed = raw.startswith((b"-NOAUTH", b"-DENIED"))
    return Answer(protocol="redis", login=True) if closed else None


def _memcached(raw: bytes) -> Answer | None:
    """The text protocol has no log-in; a server with SASL speaks the binary one alone and hangs up."""
    found = re.match(rb"VERSION ([\x21-\x7e]{1,40})\r\n", raw)
    return Answer(protocol="memcached", stated=found[1].decode("ascii"), login=False) if found else None


def _zookeeper(raw: bytes) -> Answer | None:
    """`ruok` is answered to anybody where it is on the white list (ZooKeeper Administrator's Guide)."""
    if raw.startswith(b"imok"):
        return Answer(protocol="zookeeper", login=False)
    return (
        Answer(protocol="zookeeper") if b"is not executed because it is not in the whitelist" in raw else None
    )


def _postgresql(raw: bytes) -> Answer | None:
    """The one byte to SSLRequest (PostgreSQL, Frontend/Backend Protocol). Who may log in it does not say."""
    return Answer(protocol="postgresql") if raw in (b"S", b"N") else None


def _mongodb(raw: bytes) -> Answer | None:
    """`hello` is answered before any log-in, with or without one (MongoDB manual, hello)."""
    said = len(raw) > 20 and raw[12:16] == b"\xdd\x07\x00\x00" and b"maxWireVersion\x00" in raw
    return Answer(protocol="mongodb") if said else None


def _amqp(raw: bytes) -> Answer | None:
    """Connection.Start names product and version (AMQP 0-9-1 §1.4.2); a log-in always follows."""
    if raw[:1] == b"\x01" and raw[7:11] == b"\x00\x0a\x00\x0a":
        words = [_counted(raw, key) for key in (b"product", b"version")]
        return Answer(protocol="amqp", stated=" ".join(filter(None, words)), login=True)
    return Answer(protocol="amqp", login=True) if raw.startswith(b"AMQP") else None


def _counted(raw: bytes, key: bytes) -> str:
    """A long string of AMQP's table under a key."""
    place = raw.find(key + b"S")
    start = place + len(key) + 5
    size = int.from_bytes(raw[start - 4 : start], "big") if place >= 0 else 0
    return raw[start : start + min(size, 60)].decode("ascii", "replace")


def _kafka(raw: bytes) -> Answer | None:
    """ApiVersions is answered before any log-in (Kafka protocol guide); the correlation id comes back."""
    told = len(raw) >= 14 and raw[4:8] == _KAFKA_ID and int.from_bytes(raw[:4], "big") >= 10
    return Answer(protocol="kafka") if told else None


def _cassandra(raw: bytes) -> Answer | None:
    """SUPPORTED, or an error frame, in reply to OPTIONS (CQL binary protocol v4 §4.1.3)."""
    frame = raw[:1] in (b"\x83", b"\x84", b"\x85") and raw[4:5] in (b"\x00", b"\x06")
    return Answer(protocol="cassandra") if frame else None


def _mssql(raw: bytes) -> Answer | None:
    """PRELOGIN's response holds the version ([MS-TDS] 2.2.6.5); a log-in always follows."""
    if raw[:2] != b"\x04\x01" or len(raw) < 20:
        return None
    body = raw[8:]
    offset = int.from_bytes(body[1:3], "big") if body[0] == 0 else 0
    version = body[offset : offset + 4]
    text = f"{version[0]}.{version[1]}.{int.from_bytes(version[2:4], 'big')}" if len(version) == 4 else ""
    return Answer(protocol="mssql", stated=text, login=True)


def _rdp(raw: bytes) -> Answer | None:
    """The reply to an offer of TLS alone ([MS-RDPBCGR] 2.2.1.2): HYBRID_REQUIRED asks for a log-in first."""
    if raw[:2] != b"\x03\x00" or raw[5:6] != b"\xd0":
        return None
    kind, value = raw[11:12], int.from_bytes(raw[15:19], "little")
    return Answer(protocol="rdp", login=kind == b"\x03" and value in (5, 6))


def _http(protocol: str, proof: str) -> Reader:
    """A product on HTTP, by words of its own in what it answers to anybody; 401 and 403 ask who one is."""

    def read(raw: bytes) -> Answer | None:
        status = re.match(rb"HTTP/1\.[01] (\d{3})", raw)
        if status is None:
            return None
        if status[1] in (b"401", b"403"):
            return Answer(protocol="http", login=True)
        text = raw.decode("utf-8", "replace")
        known = status[1] == b"200" and re.search(proof, text)
        return (
            Answer(protocol=protocol, stated=text[:2000], login=False) if known else Answer(protocol="http")
        )

    return read


def _get(path: str) -> bytes:
    """An ordinary request; `{host}` and `{agent}` are the target's name and ours."""
    lines = (
        f"GET {path} HTTP/1.1",
        "Host: {host}",
        "User-Agent: {agent}",
        "Accept: */*",
        "Connection: close",
    )
    return "\r\n".join((*lines, "", "")).encode("ascii")


_KAFKA_ID: Final = b"post"
#: `{ hello: 1, $db: "admin" }` as OP_MSG (MongoDB wire protocol).
_HELLO_BODY: Final = b"\x1f\x00\x00\x00\x10hello\x00\x01\x00\x00\x00\x02$db\x00\x06\x00\x00\x00admin\x00\x00"
_HELLO: Final = (
    (21 + len(_HELLO_BODY)).to_bytes(4, "little")
    + b"\x01\x00\x00\x00\x00\x00\x00\x00\xdd\x07\x00\x00\x00\x00\x00\x00\x00"
    + _HELLO_BODY
)
#: PRELOGIN with VERSION and ENCRYPTION (“not supported”, so that nothing is begun).
_PRELOGIN: Final = (
    b"\x12\x01\x00\x1a\x00\x00\x00\x00\x00\x00\x0b\x00\x06\x01\x00\x11\x00\x01\xff"
    b"\x00\x00\x00\x00\x00\x00\x02"
)
#: X.224 connection request that offers TLS alone; no cookie, no name.
_RDP: Final = b"\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x01\x00\x00\x00"
_KAFKA: Final = b"\x00\x00\x00\x0e\x00\x12\x00\x00" + _KAFKA_ID + b"\x00\x04post"


def _ask(name: str, ports: tuple[int, ...], sent: bytes, read: Reader) -> Question:
    return Question(name=name, ports=frozenset(ports), sent=sent, read=read)


QUESTIONS: Final[tuple[Question, ...]] = (
    _ask("redis", (6379,), b"PING\r\n", _redis),
    _ask("memcached", (11211,), b"version\r\n", _memcached),
    _ask("zookeeper", (2181,), b"ruok", _zookeeper),
    _ask("postgresql", (5432,), b"\x00\x00\x00\x08\x04\xd2\x16\x2f", _postgresql),
    _ask("mongodb", (27017, 27018, 27019), _HELLO, _mongodb),
    _ask("amqp", (5672,), b"AMQP\x00\x00\x09\x01", _amqp),
    _ask("kafka", (9092,), _KAFKA, _kafka),
    _ask("cassandra", (9042,), b"\x04\x00\x00\x00\x05\x00\x00\x00\x00", _cassandra),
    _ask("mssql", (1433,), _PRELOGIN, _mssql),
    _ask("rdp", (3389,), _RDP, _rdp),
    _ask(
        "elasticsearch",
        (9200,),
        _get("/"),
        _http("elasticsearch", r'"cluster_name"\s*:[\s\S]*"lucene_version"'),
    ),
    _ask("couchdb", (5984,), _get("/"), _http("couchdb", r'"couchdb"\s*:\s*"Welcome"')),
    _ask("influxdb", (8086,), _get("/ping"), _http("influxdb", r"(?i)x-influxdb-version:")),
    _ask("docker", (2375,), _get("/_ping"), _http("docker", r"(?i)\r\napi-version:[\s\S]*\r\n\r\n[\s\S]*OK")),
    _ask("etcd", (2379,), _get("/version"), _http("etcd", r'"etcdserver"\s*:')),
    _ask("kubelet", (10255,), _get("/healthz"), _http("kubelet", r"\r\n\r\n(?:2\r\n)?ok")),
    _ask("consul", (8500,), _get("/v1/status/leader"), _http("consul", r"(?i)x-consul-|\"[\d.]+:8300\"")),
)
BY_PORT: Final[Mapping[int, Question]] = {port: one for one in QUESTIONS for port in one.ports}


def spoken(question: Question, target: Target, agent: str) -> bytes:
    """A question's bytes for one target: those on HTTP name the host, and us."""
    host = target.name or (f"[{target.address}]" if ":" in (target.address or "") else target.address or "")
    plain = "".join(char for char in agent if " " <= char <= "~")
    return question.sent.replace(b"{host}", host.encode("ascii")).replace(b"{agent}", plain.encode("ascii"))


_NATS_LIMIT: Final = 4096


def nats(raw: bytes) -> Answer | None:
    """NATS greets first with INFO: version and whether a log-in is asked for (NATS client protocol)."""
    if not raw.startswith(b"INFO {"):
        return None
    try:
        told = json.loads(raw[5:_NATS_LIMIT].split(b"\r\n")[0])
    except ValueError:
        return Answer(protocol="nats")
    version, asked = told.get("version"), told.get("auth_required", False)
    return Answer(protocol="nats", stated=version if isinstance(version, str) else "", login=asked is True)
