"""The three companies of the demo: what they publish in DNS and run on their hosts. All are made up."""

import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from posture.demo import relics
from posture.demo.mail import MailServer
from posture.demo.pki import Authority, Credential, dkim_record
from posture.demo.relics import FileServer, Greeter, KeyValueStore
from posture.demo.serving import Talk, over_tls
from posture.demo.web import Headers, Page, Site
from posture.demo.zones import ZoneText


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One address, the names that lead to it, and what answers on its TCP ports."""

    address: str
    names: tuple[str, ...]
    services: Mapping[int, Talk]


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """An applicant. `networks` are its own address ranges.

    `open_name_servers` resolve for anybody and give the zone away; `dns_software` is what they say they are.
    """

    key: str
    domain: str
    name: str
    granted_by: str
    networks: tuple[str, ...]
    zone: ZoneText
    hosts: tuple[Host, ...]
    open_name_servers: bool = False
    dns_software: str | None = None


def companies(authority: Authority) -> tuple[Company, ...]:
    """Best first: a well-kept one, a typical one, an exposed one."""
    return tuple(make(authority) for make in _CAST)


def _akatsuki(authority: Authority) -> Company:
    """Well kept: everything an attentive manufacturer of 85 people does."""
    domain, web, mail = "akatsuki.example", "127.0.101.1", "127.0.101.4"
    mail_name = f"mail.{domain}"
    web_names = (domain, f"www.{domain}", f"mta-sts.{domain}")
    mail_credential = authority.issue(mail_name)
    until = authority.now.astimezone(UTC) + timedelta(days=300)
    site = Site(
        headers=_CAREFUL_HEADERS,
        pages={
            "/": _home("株式会社あかつき精工"),
            "/.well-known/security.txt": _security_contact(domain, until),
        },
        pages_of={f"mta-sts.{domain}": {"/.well-known/mta-sts.txt": _mail_policy(mail_name)}},
    )
    secure = _modern_tls(authority.issue(*web_names))
    records = f"""
        @ A {web}
        www A {web}
        mta-sts A {web}
        mail A {mail}
        @ MX 10 {mail_name}.
        @ CAA 0 issue "demo-ca.example"
        @ CAA 0 issuewild ";"
        @ CAA 0 iodef "mailto:security@{domain}"
        @ TXT "v=spf1 mx -all"
        _dmarc TXT "v=DMARC1; p=reject; sp=reject; rua=mailto:dmarc@{domain}"
        _mta-sts TXT "v=STSv1; id=20260401000000"
        _smtp._tls TXT "v=TLSRPTv1; rua=mailto:tlsrpt@{domain}"
        _25._tcp.mail TLSA {mail_credential.tlsa()}
        selector1._domainkey TXT {_text(dkim_record(2048))}
    """
    return Company(
        key="akatsuki",
        domain=domain,
        name="株式会社あかつき精工",
        granted_by="暁 花子",
        networks=("127.0.101.0/28", "127.0.111.0/28"),
        zone=ZoneText(
            origin=domain,
            nameservers=((f"ns1.{domain}", "127.0.101.2"), (f"ns2.{domain}", "127.0.111.2")),
            records=_lines(records),
            signed=True,
        ),
        hosts=(
            Host(
                address=web,
                names=web_names,
                services={80: Site(redirect=True).talk, 443: over_tls(secure, site.talk)},
            ),
            Host(
                address=mail,
                names=(mail_name,),
                services={25: MailServer(name=mail_name, tls=_modern_tls(mail_credential)).talk},
            ),
        ),
    )


def _minato(authority: Authority) -> Company:
    """Typical: set up well once, then left alone, with the office's storage reachable for work from home."""
    domain, web, mail = "minato.example", "127.0.102.1", "127.0.102.4"
    mail_name = f"mail.{domain}"
    web_names = (domain, f"www.{domain}")
    site = Site(headers=_USUAL_HEADERS, pages={"/": _home("みなと商事株式会社")})
    records = f"""
        @ A {web}
        www A {web}
        mail A {mail}
        @ MX 10 {mail_name}.
        @ TXT "v=spf1 mx a ~all"
        _dmarc TXT "v=DMARC1; p=none"
        default._domainkey TXT {_text(dkim_record(1024))}
    """
    storage = Site(headers=_USUAL_HEADERS, pages={"/": _titled("MINATO-NAS - Synology NAS", "ログイン")})
    services = {
        21: FileServer(greeting="(vsFTPd 3.0.3)").talk,
        80: Site(headers=_USUAL_HEADERS, redirect=True).talk,
        443: over_tls(_usual_tls(authority.issue(*web_names, days_left=12)), site.talk),
        8443: over_tls(_usual_tls(authority.self_signed("minato-nas")), storage.talk),
    }
    mail_server = MailServer(
        name=mail_name, software="Postfix (Debian/GNU)", tls=_usual_tls(authority.self_signed(mail_name))
    )
    return Company(
        key="minato",
        domain=domain,
        name="みなと商事株式会社",
        granted_by="港 一郎",
        networks=("127.0.102.0/28",),
        zone=ZoneText(
            origin=domain,
            nameservers=((f"ns1.{domain}", "127.0.102.2"), (f"ns2.{domain}", "127.0.102.3")),
            records=_lines(records),
        ),
        hosts=(
            Host(address=web, names=web_names, services=services),
            Host(address=mail, names=(mail_name,), services={25: mail_server.talk}),
        ),
        dns_software="9.18.28-1~deb12u2-Debian",
    )


def _hayate(authority: Authority) -> Company:
    """Exposed: one old machine that does everything, reachable in every way."""
    domain, machine = "hayate.example", "127.0.103.1"
    names = (domain, f"www.{domain}", f"mail.{domain}")
    site = Site(headers=_TALKATIVE_HEADERS, pages={"/": _home("はやて運輸株式会社")})
    credential = authority.issue(*names[:2], days_left=-40, rsa_bits=1024)
    records = f"""
        @ A {machine}
        www A {machine}
        mail A {machine}
        @ MX 10 mail.{domain}.
        @ TXT "v=spf1 +all"
    """
    services = {
        22: relics.old_ssh,
        23: Greeter(greeting=relics.TELNET_GREETING).talk,
        25: MailServer(name=f"mail.{domain}", software="Sendmail 8.13.8/8.13.8").talk,
        80: site.talk,
        443: over_tls(_obsolete_tls(credential), site.talk),
        445: Greeter(greeting=b"").talk,
        3306: relics.database("5.1.73"),
        3389: relics.remote_desktop,
        6379: KeyValueStore(version="3.2.12").talk,
    }
    return Company(
        key="hayate",
        domain=domain,
        name="はやて運輸株式会社",
        granted_by="疾風 次郎",
        networks=("127.0.103.0/28",),
        zone=ZoneText(origin=domain, nameservers=((f"ns.{domain}", "127.0.103.2"),), records=_lines(records)),
        hosts=(Host(address=machine, names=names, services=services),),
        open_name_servers=True,
        dns_software="9.8.2rc1-RedHat-9.8.2-0.17.rc1.el6",
    )


_CAST: tuple[Callable[[Authority], Company], ...] = (_akatsuki, _minato, _hayate)

_CAREFUL_HEADERS: Headers = (
    ("Strict-Transport-Security", "max-age=63072000; includeSubDomains"),
    (
        "Content-Security-Policy",
        "default-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Embedder-Policy", "require-corp"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
    ("Set-Cookie", "__Host-session=demo; Path=/; Secure; HttpOnly; SameSite=Lax"),
)
_USUAL_HEADERS: Headers = (
    ("Server", "nginx"),
    ("X-Content-Type-Options", "nosniff"),
    ("Set-Cookie", "session=demo; Path=/; HttpOnly"),
)
_TALKATIVE_HEADERS: Headers = (
    ("Server", "Apache/2.2.15 (CentOS)"),
    ("X-Powered-By", "PHP/5.3.3"),
    ("Set-Cookie", "PHPSESSID=demo; path=/"),
)


def _modern_tls(credential: Credential) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20")
    credential.load_into(context)
    return context


def _usual_tls(credential: Credential) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE+AES")
    credential.load_into(context)
    return context


def _obsolete_tls(credential: Credential) -> ssl.SSLContext:
    """As old as this OpenSSL still goes: level 0 lifts its bounds (SSL_CTX_set_security_level(3))."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ALL:!aNULL:@SECLEVEL=0")
    credential.load_into(context)
    return context


def _home(name: str) -> Page:
    return _titled(name, name)


def _titled(title: str, text: str) -> Page:
    head = f'<html lang="ja"><meta charset="utf-8"><title>{title}</title>'
    return Page(body=f"<!doctype html>{head}<p>{text}</p><p>デモ用の架空の会社です。</p></html>\n")


def _security_contact(domain: str, until: datetime) -> Page:
    """RFC 9116."""
    lines = (f"Contact: mailto:security@{domain}", f"Expires: {until:%Y-%m-%dT%H:%M:%SZ}")
    return Page(kind="text/plain; charset=utf-8", body="\n".join(lines) + "\n")


def _mail_policy(mail_name: str) -> Page:
    """RFC 8461 §3.2."""
    return Page(
        kind="text/plain",
        body=f"version: STSv1\r\nmode: enforce\r\nmx: {mail_name}\r\nmax_age: 2592000\r\n",
    )


def _text(value: str) -> str:
    """A TXT record's data: strings of at most 255 bytes (RFC 1035 §3.3.14)."""
    return " ".join(f'"{value[start : start + 255]}"' for start in range(0, len(value), 255))


def _lines(block: str) -> str:
    return "\n".join(_stripped(block))


def _stripped(block: str) -> Iterator[str]:
    return (line.strip() for line in block.splitlines())
