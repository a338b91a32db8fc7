"""What the three companies run, met by real clients."""

import ftplib
import smtplib
import socket
import ssl
import subprocess
from datetime import timedelta
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from tests.demo.conftest import NOW
from tests.support.demo_clients import SECONDS, Clients, rdata
from tests.support.tools import require_tool

# The certificates are not this client's business; test_protocol_versions and its neighbours look at them.
pytestmark = pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")

WEB = ("akatsuki.example", "minato.example", "hayate.example")


def _blind(minimum: ssl.TLSVersion = ssl.TLSVersion.MINIMUM_SUPPORTED) -> ssl.SSLContext:
    """A context that trusts everybody and is as old-fashioned as this OpenSSL allows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = minimum
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def _certificate(connection: ssl.SSLSocket) -> x509.Certificate:
    der = connection.getpeercert(binary_form=True)
    assert der is not None
    return x509.load_der_x509_certificate(der)


@pytest.mark.parametrize(
    ("name", "accepted"),
    [
        ("akatsuki.example", {"-tls1_2", "-tls1_3"}),
        ("minato.example", {"-tls1_2"}),
        ("hayate.example", {"-tls1", "-tls1_1", "-tls1_2"}),
    ],
)
def test_protocol_versions(clients: Clients, name: str, accepted: set[str]) -> None:
    openssl = require_tool("openssl")
    address, port = clients.where(name, 443)
    versions = ("-tls1", "-tls1_1", "-tls1_2", "-tls1_3")
    command = [openssl, "s_client", "-connect", f"{address}:{port}", "-servername", name]
    command += ["-cipher", "ALL:@SECLEVEL=0", "-ciphersuites", "TLS_AES_128_GCM_SHA256"]
    agreed = {
        version
        for version in versions
        if subprocess.run(
            [*command, version], stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False
        ).returncode
        == 0
    }
    assert agreed == accepted


@pytest.mark.parametrize("name", ["akatsuki.example", "www.akatsuki.example", "mta-sts.akatsuki.example"])
def test_the_well_kept_certificates_are_trusted(clients: Clients, name: str) -> None:
    with clients.tls(name, clients.trusting()) as connection:
        assert connection.version() == "TLSv1.3"


def test_the_typical_certificate_is_trusted_and_about_to_end(clients: Clients) -> None:
    with clients.tls("minato.example", clients.trusting()) as connection:
        until = _certificate(connection).not_valid_after_utc
    assert until - NOW.replace(microsecond=0) == timedelta(days=12)


def test_the_exposed_certificate_has_ended_and_its_key_is_short(clients: Clients) -> None:
    context = clients.trusting()
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(ssl.SSLCertVerificationError) as caught:
        clients.tls("hayate.example", context)
    assert caught.value.verify_message == "certificate has expired"
    with clients.tls("hayate.example", _blind()) as connection:
        assert getattr(_certificate(connection).public_key(), "key_size", None) == 1024


@pytest.mark.parametrize("name", ["mail.akatsuki.example", "mail.minato.example"])
def test_mail_servers_upgrade_to_tls(clients: Clients, name: str) -> None:
    address, port = clients.where(name, 25)
    with smtplib.SMTP(address, port, timeout=SECONDS) as client:
        client.ehlo("scanner.example")
        assert client.has_extn("starttls")
        client.starttls(context=_blind(ssl.TLSVersion.TLSv1_2))
        client.ehlo("scanner.example")
        assert not client.has_extn("starttls")
        assert client.noop()[0] == 250
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.sendmail("a@scanner.example", "b@scanner.example", "nothing")


def test_mail_certificates_are_trusted_where_they_should_be(clients: Clients) -> None:
    for name, trusted in (("mail.akatsuki.example", True), ("mail.minato.example", False)):
        address, port = clients.where(name, 25)
        client = smtplib.SMTP(address, port, timeout=SECONDS)
        client._host = name  # type: ignore[attr-defined] # the name that smtplib verifies
        with client:
            if trusted:
                client.starttls(context=clients.trusting())
                continue
            with pytest.raises(ssl.SSLCertVerificationError, match="self-signed"):
                client.starttls(context=clients.trusting())


def test_the_tlsa_record_is_the_key_of_the_mail_server(clients: Clients) -> None:
    address, port = clients.where("mail.akatsuki.example", 25)
    with smtplib.SMTP(address, port, timeout=SECONDS) as client:
        client.starttls(context=_blind())
        assert isinstance(client.sock, ssl.SSLSocket)
        key = _certificate(client.sock).public_key()
    digest = hashes.Hash(hashes.SHA256())
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    digest.update(key.public_bytes(serialization.Encoding.DER, spki))
    record = rdata(clients.resolve("_25._tcp.mail.akatsuki.example", "TLSA"), "TLSA")
    assert record == [f"3 1 1 {digest.finalize().hex()}"]


def test_what_is_sent_ahead_of_tls_is_not_read_as_part_of_it(clients: Clients) -> None:
    """CVE-2011-0411: a command slipped in behind STARTTLS must not be answered inside TLS."""
    with clients.connect("mail.akatsuki.example", 25) as connection:
        connection.recv(1024)
        connection.sendall(b"STARTTLS\r\nRSET\r\n")
        assert connection.recv(1024) == b"220 2.0.0 Ready to start TLS\r\n"
        with _blind().wrap_socket(connection) as secured:
            secured.sendall(b"NOOP\r\nQUIT\r\n")
            assert secured.recv(1024) == b"250 2.0.0 Ok\r\n"
            assert secured.recv(1024) == b"221 2.0.0 Bye\r\n"


def test_a_handshake_that_fails_is_refused_with_an_alert(clients: Clients) -> None:
    """Scanners tell a refusal from a broken line by it."""
    client_hello_of_tls_1_0 = bytes.fromhex("16030100 2d 010000 29 0301".replace(" ", "")) + bytes(32)
    client_hello_of_tls_1_0 += bytes.fromhex("00 0002 002f 0100".replace(" ", ""))
    answer = clients.exchange("akatsuki.example", 443, client_hello_of_tls_1_0)
    assert answer == bytes.fromhex("15 0301 0002 02 46".replace(" ", "")), "fatal protocol_version"


def test_the_exposed_mail_server_has_no_tls(clients: Clients) -> None:
    assert b"STARTTLS" not in clients.exchange("mail.hayate.example", 25, b"EHLO scanner.example\r\nQUIT\r\n")
    reply = clients.exchange("mail.hayate.example", 25, b"STARTTLS\r\nQUIT\r\n")
    assert reply.splitlines()[1].startswith(b"502 ")


def _get(clients: Clients, url: str, *, method: str = "GET") -> requests.Response:
    scheme, _, rest = url.partition("://")
    place, _, path = rest.partition("/")
    name, _, number = place.partition(":")
    address, port = clients.where(name, int(number or {"https": 443, "http": 80}[scheme]))
    with requests.Session() as session:
        session.trust_env = False
        session.mount("https://", _OldFashioned())
        return session.request(
            method,
            f"{scheme}://{address}:{port}/{path}",
            headers={"Host": name},
            verify=False,
            timeout=SECONDS,
            allow_redirects=False,
        )


class _OldFashioned(requests.adapters.HTTPAdapter):
    """Meets any server."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, ssl_context=_blind(), **options)


@pytest.mark.parametrize("name", WEB)
def test_web_sites(clients: Clients, name: str) -> None:
    for host in (name, f"www.{name}"):
        plain, secure = (_get(clients, f"{scheme}://{host}/") for scheme in ("http", "https"))
        assert secure.status_code == 200
        assert "デモ用の架空の会社です" in secure.text
        if name == "hayate.example":
            assert plain.text == secure.text
        else:
            assert (plain.status_code, plain.headers["Location"]) == (301, f"https://{host}/")


def test_web_headers(clients: Clients) -> None:
    good = {
        "Strict-Transport-Security",
        "Content-Security-Policy",
        "X-Content-Type-Options",
        "Referrer-Policy",
    }
    sent = {name: _get(clients, f"https://{name}/").headers for name in WEB}
    assert good <= set(sent["akatsuki.example"])
    assert good & set(sent["minato.example"]) == {"X-Content-Type-Options"}
    assert good & set(sent["hayate.example"]) == set()
    assert "Server" not in sent["akatsuki.example"]
    assert sent["minato.example"]["Server"] == "nginx"
    assert sent["hayate.example"]["X-Powered-By"] == "PHP/5.3.3"


def test_the_typical_company_shows_the_login_page_of_its_storage(clients: Clients) -> None:
    page = _get(clients, "https://minato.example:8443/")
    assert page.status_code == 200
    assert "<title>MINATO-NAS - Synology NAS</title>" in page.text


def test_the_mail_policy_is_published_where_it_belongs(clients: Clients) -> None:
    policy = _get(clients, "https://mta-sts.akatsuki.example/.well-known/mta-sts.txt")
    assert policy.headers["Content-Type"] == "text/plain"
    assert policy.text.splitlines()[:3] == ["version: STSv1", "mode: enforce", "mx: mail.akatsuki.example"]
    elsewhere = _get(clients, "https://akatsuki.example/.well-known/mta-sts.txt")
    assert elsewhere.status_code == 404


@pytest.mark.parametrize(
    ("request_text", "start"),
    [
        (b"HEAD / HTTP/1.1\r\nHost: hayate.example\r\n\r\n", b"HTTP/1.1 200 OK"),
        (b"POST / HTTP/1.1\r\nHost: hayate.example\r\n\r\n", b"HTTP/1.1 405 "),
        (b"GET /no HTTP/1.1\r\nHost: hayate.example\r\n\r\n", b"HTTP/1.1 404 "),
        (b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 400 "),
        (b"\x16\x03\x01\x00\xff\r\n\r\n", b"HTTP/1.1 400 "),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 9000, b"HTTP/1.1 400 "),
    ],
)
def test_web_servers_answer_every_request_once(clients: Clients, request_text: bytes, start: bytes) -> None:
    answer = clients.exchange("hayate.example", 80, request_text)
    assert answer.startswith(start)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert answer.endswith(b"\r\n\r\n") == (not start.startswith((b"HTTP/1.1 404",)))


@pytest.mark.parametrize(
    ("port", "sent", "received"),
    [
        (445, b"\x00\x00\x00\x00", b""),
        (6379, b"\r\nPING\r\n", b"+PONG\r\n"),
        (6379, b"*1\r\n$4\r\nping\r\n*1\r\n$4\r\nQUIT\r\n", b"+PONG\r\n+OK\r\n"),
        (6379, b"*\r\nCONFIG GET *\r\n", b"-ERR unknown command\r\n"),
        (3389, bytes.fromhex("030000130e8000000000000100080003000000"), b""),
        (
            3389,
            bytes.fromhex("030000130ee000000000000100080003000000"),
            bytes.fromhex("030000130ed000001234000200080000000000"),
        ),
        (3389, b"GET / HTTP/1.0\r\n\r\n", b""),
    ],
)
def test_services_that_should_not_be_there(clients: Clients, port: int, sent: bytes, received: bytes) -> None:
    assert clients.exchange("hayate.example", port, sent) == received


def test_an_ssh_server_of_2010(clients: Clients) -> None:
    said = clients.exchange("hayate.example", 22, b"SSH-2.0-scanner\r\n")
    greeting, _, packet = said.partition(b"\r\n")
    assert greeting == b"SSH-2.0-OpenSSH_5.3"
    assert len(packet) == 4 + int.from_bytes(packet[:4], "big")
    assert b"diffie-hellman-group1-sha1" in packet


def test_the_remote_desktop_confirms_a_connection_without_network_level_authentication(
    clients: Clients,
) -> None:
    request = bytes.fromhex("030000130ee000000000000100080003000000")
    confirm = clients.exchange("hayate.example", 3389, request)
    assert len(confirm) == int.from_bytes(confirm[2:4], "big") == 19
    assert confirm[5] == 0xD0
    assert confirm[11] == 2, "RDP_NEG_RSP"
    assert int.from_bytes(confirm[15:19], "little") == 0, "PROTOCOL_RDP"


def test_telnet_negotiates_and_asks_for_a_name(clients: Clients) -> None:
    greeting = clients.exchange("hayate.example", 23)
    assert greeting.startswith(b"\xff\xfd")
    assert greeting.endswith(b"login: ")


def test_the_database_greets(clients: Clients) -> None:
    greeting = clients.exchange("hayate.example", 3306)
    assert len(greeting) == int.from_bytes(greeting[:3], "little") + 4
    assert greeting[4:].startswith(b"\x0a5.1.73\x00")


def test_the_key_value_store_answers_a_real_client(clients: Clients) -> None:
    address, port = clients.where("hayate.example", 6379)
    command = [require_tool("redis-cli"), "-h", address, "-p", str(port)]
    ran = {
        word: subprocess.run([*command, word], capture_output=True, text=True, timeout=60, check=False).stdout
        for word in ("PING", "INFO", "KEYS")
    }
    assert ran["PING"] == "PONG\n"
    assert "redis_version:3.2.12" in ran["INFO"]
    assert ran["KEYS"].startswith("ERR unknown command")


def test_the_file_server_greets_and_lets_nobody_in(clients: Clients) -> None:
    address, port = clients.where("minato.example", 21)
    with ftplib.FTP(timeout=SECONDS) as client:  # noqa: S321 - an FTP server is what is looked at
        assert client.connect(address, port) == "220 (vsFTPd 3.0.3)"
        assert client.sendcmd("FEAT").startswith("211-Features:")
        with pytest.raises(ftplib.error_perm, match="502"):
            client.sendcmd("AUTH TLS")
        with pytest.raises(ftplib.error_perm, match="530"):
            client.login()


@pytest.mark.parametrize("name", ["akatsuki.example", "mail.akatsuki.example", "minato.example"])
def test_every_other_port_refuses(clients: Clients, name: str) -> None:
    for port in (22, 23, 3306, 3389, 6379):
        with pytest.raises(ConnectionRefusedError):
            clients.connect(name, port)


def test_a_client_that_breaks_off_in_the_middle_harms_nobody(clients: Clients) -> None:
    for port in (25, 80, 443, 3389, 6379):
        with clients.connect("hayate.example", port) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            connection.sendall(b"\x16\x03\x01")
    assert clients.exchange("hayate.example", 6379, b"PING\r\n") == b"+PONG\r\n"
