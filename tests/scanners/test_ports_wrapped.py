"""Ports that take everybody in and say nothing: no service is named by their number (nmap's `tcpwrapped`)."""

import asyncio
import socket
from dataclasses import replace

import pytest

from posture.checks.ports import telnet
from posture.core.facts.ports_host import PortsHost
from posture.core.findings import Outcome, failed
from posture.core.observations import Gap, Reason, Seen
from posture.core.targets import Target
from scanners import ports
from scanners.net.routes import Route, Routes
from tests.support.net_servers import NAME, OPTIONS, Behaviour, Server, close, context, reset, say, silent
from tests.support.tools import require_tool

HOST = "127.0.0.8"


def telnet_at(behaviour: Behaviour) -> PortsHost:
    """What is told of a host whose port 23 is a server of ours."""
    require_tool("nmap")
    with Server(behaviour, address=HOST) as server:
        routes = Routes(routes=(Route(name=NAME, port=23, to_address=HOST, to_port=server.port),))
        ctx = context(replace(OPTIONS, routes=routes, ports="23"), ports="23")
        (obs,) = asyncio.run(ports.scan(ctx, [Target(name=NAME, address=HOST)]))
    assert ctx.faults == []
    assert isinstance(obs.result, Seen), obs.result
    wrapped = [port for port in obs.result.value.ports if port.service == "tcpwrapped"]
    assert obs.result.gaps == tuple(Gap(path="ports.23", reason=Reason.BLOCKED) for _ in wrapped)
    return obs.result.value


@pytest.mark.parametrize("behaviour", [close, reset])
def test_a_port_that_hangs_up_without_a_byte_is_wrapped(behaviour: Behaviour) -> None:
    fact = telnet_at(behaviour)
    assert [(port.port, port.state, port.service, port.confidence) for port in fact.ports] == [
        (23, "open", "tcpwrapped", 8)
    ]
    verdict = next(telnet.judge(fact))
    assert (verdict.outcome, verdict.message, verdict.path) == (Outcome.UNKNOWN, "ports_wrapped", "ports.23")


@pytest.mark.parametrize("behaviour", [silent, say(b"\xff\xfd\x18", then=close)])
def test_a_port_that_waits_or_speaks_is_a_service(behaviour: Behaviour) -> None:
    verdict = next(telnet.judge(telnet_at(behaviour)))
    assert verdict == replace(failed("reachable", service="Telnet", number=23), port=23)


def test_a_server_that_was_full_once_is_a_service() -> None:
    """The sweep and its controls take connections too, so the first that is listened at is not the first."""
    heard: list[bool] = []

    def full_once(conn: socket.socket) -> None:
        """Hangs up on the first visitor who stays; those who leave at once are never told anything."""
        conn.settimeout(0.1)
        try:
            left = conn.recv(1) == b""
        except TimeoutError:
            left = False
        conn.settimeout(None)
        if not left:
            heard.append(True)
            if len(heard) > 1:
                silent(conn)

    verdict = next(telnet.judge(telnet_at(full_once)))
    assert verdict.outcome is Outcome.FAIL
    assert len(heard) == 2
