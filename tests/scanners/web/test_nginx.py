"""A real nginx, well kept and badly kept, from the first packet to the findings."""

import asyncio
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from posture.checks.registry import catalogue
from posture.checks.runner import judge
from posture.core.catalogue import Language
from posture.core.findings import Finding, Owner
from posture.core.targets import Target
from scanners import web
from scanners.net.routes import Route
from tests.support.tools import require_tool
from tests.support.web import LOOPBACK, consent, context, tls_context

NAME = "www.example.jp"

GOOD = """
    add_header Strict-Transport-Security "max-age=63072000; includeSubDomains" always;
    add_header Content-Security-Policy "default-src 'self'; frame-ancestors 'none'" always;
    add_header X-Content-Type-Options nosniff always;
    add_header Referrer-Policy no-referrer always;
    add_header Set-Cookie "sid=1; Secure; HttpOnly; SameSite=Lax";
    server_tokens off;
    location ~ /\\.(?!well-known) { deny all; }
"""
BAD = """
    add_header Set-Cookie "sid=1";
    add_header X-Powered-By "PHP/5.6.40";
    add_header Referrer-Policy unsafe-url;
"""
CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
  access_log off;
  gzip on;
  gzip_min_length 1;
  default_type text/html;
  client_body_temp_path {folder}/t1;
  proxy_temp_path {folder}/t2;
  fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4;
  scgi_temp_path {folder}/t5;
  server {{ listen {host}:{plain}; {upgrade} root {folder}/site; {settings} }}
  server {{
    listen {host}:{secure} ssl;
    ssl_certificate {folder}/server.pem;
    ssl_certificate_key {folder}/server.pem;
    root {folder}/site;
    {settings}
  }}
}}
"""


@dataclass(frozen=True)
class Ports:
    plain: int
    secure: int


def free_ports() -> Ports:
    with socket.create_server((LOOPBACK, 0)) as one, socket.create_server((LOOPBACK, 0)) as other:
        return Ports(plain=one.getsockname()[1], secure=other.getsockname()[1])


@contextmanager
def nginx(folder: Path, settings: str, *, upgrade: bool) -> Iterator[Ports]:
    program = require_tool("nginx")
    ports = free_ports()
    tls_context(folder, NAME)
    redirect = f"return 301 https://{NAME}$request_uri;" if upgrade else ""
    text = CONFIGURATION.format(
        folder=folder,
        host=LOOPBACK,
        plain=ports.plain,
        secure=ports.secure,
        upgrade=redirect,
        settings=settings,
    )
    (folder / "nginx.conf").write_text(text)
    process = subprocess.Popen(
        [program, "-e", str(folder / "error.log"), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    )
    try:
        _wait(process, ports.secure)
        yield ports
    finally:
        process.terminate()
        process.wait(10)


def _wait(process: "subprocess.Popen[bytes]", port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex((LOOPBACK, port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError("nginx does not listen")


def findings(folder: Path, settings: str, *, upgrade: bool) -> tuple[Finding, ...]:
    with nginx(folder, settings, upgrade=upgrade) as ports:
        ctx = context(
            consent("example.jp"),
            Route(name=NAME, port=80, to_address=LOOPBACK, to_port=ports.plain),
            Route(name=NAME, port=443, to_address=LOOPBACK, to_port=ports.secure),
            timeout=5.0,
            budget=20.0,
        )
        observed = asyncio.run(web.scan(ctx, (f"http://{NAME}/", f"https://{NAME}/")))
        ctx.gateway.close()
    assert ctx.faults == []
    judged = judge(observed, subject=Target(name=NAME), owner_of=lambda _: Owner.SELF)
    assert judged.faults == ()
    return tuple(found for found in judged.findings if found.check.startswith("web/"))


def said(found: tuple[Finding, ...], port: int) -> dict[str, str]:
    return {
        one.check.removeprefix("web/"): f"{one.outcome.value} {one.message}"
        for one in found
        if one.target.port == port
    }


def site(folder: Path) -> Path:
    (folder / "site").mkdir()
    (folder / "site" / "index.html").write_text("<!doctype html><title>株式会社例</title>", encoding="utf-8")
    (folder / "site" / ".env").write_text("DB_PASSWORD=very-secret\n")
    return folder


def test_a_well_kept_site(tmp_path: Path) -> None:
    found = findings(site(tmp_path), GOOD, upgrade=True)
    assert said(found, 443) == {
        "admin_panel": "pass none",
        "clickjacking_protected": "pass frame_ancestors",
        "content_security_policy": "pass restrictive",
        "content_type_sniffing": "pass nosniff",
        "cookies_secure": "pass secure",
        "cors_restricted": "pass none",
        "cross_origin_isolated": "fail open",
        "exchange_on_premises": "pass none",
        "file_transfer_appliance": "pass none",
        "files_not_exposed": "pass none",
        "hsts": "pass strict_with_subdomains",
        "https_enforced": "pass enforced",
        "login_protected": "not_applicable no_login",
        "no_mixed_content": "pass none",
        "policy_without_gaps": "fail gaps",
        "referrer_policy": "pass sparing",
        "remote_access_gateway": "pass none",
        "scripts_pinned": "not_applicable no_scripts",
        "security_txt": "fail missing",
        "software_not_disclosed": "pass silent",
        "start_page_is_own": "pass own",
        "supported_software": "not_applicable not_stated",
    }
    assert said(found, 80)["https_enforced"] == "pass enforced"
    assert {outcome.partition(" ")[0] for outcome in said(found, 80).values()} == {"pass", "not_applicable"}


def test_a_badly_kept_site(tmp_path: Path) -> None:
    folder = site(tmp_path)
    shutil.move(folder / "site" / "index.html", folder / "site" / "readme.txt")
    found = findings(folder, BAD + "autoindex on;", upgrade=False)
    assert said(found, 443) == {
        "admin_panel": "pass none",
        "clickjacking_protected": "fail missing",
        "content_security_policy": "fail missing",
        "content_type_sniffing": "fail missing",
        "cookies_secure": "fail session_in_clear",
        "cors_restricted": "pass none",
        "cross_origin_isolated": "fail open",
        "exchange_on_premises": "pass none",
        "file_transfer_appliance": "pass none",
        "files_not_exposed": "fail secret",
        "hsts": "fail missing",
        "https_enforced": "pass enforced",
        "login_protected": "not_applicable no_login",
        "no_mixed_content": "pass none",
        "policy_without_gaps": "not_applicable no_policy",
        "referrer_policy": "fail leaks",
        "remote_access_gateway": "pass none",
        "scripts_pinned": "not_applicable no_scripts",
        "security_txt": "fail missing",
        "software_not_disclosed": "fail disclosed",
        "start_page_is_own": "fail listing",
        "supported_software": "fail ended",
    }
    assert said(found, 80)["https_enforced"] == "fail plain"
    assert "very-secret" not in repr(found)


def test_every_finding_is_a_sentence_in_both_languages(tmp_path: Path) -> None:
    found = findings(site(tmp_path), BAD, upgrade=False)
    assert len(found) > 20
    for one in found:
        for language in Language:
            sentence = catalogue().sentence(one, language)
            assert sentence.endswith((".", "。", "）", ")")) or "：" in sentence or ": " in sentence
            assert "{" not in sentence
            assert "None" not in sentence
