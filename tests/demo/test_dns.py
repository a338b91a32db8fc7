"""The demo's name space, asked by dnspython's own clients."""

import socket
import subprocess
from pathlib import Path

import dns.dnssec
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.node
import dns.opcode
import dns.query
import dns.rcode
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rrset
import dns.xfr
import dns.zone
import dns.zonefile
import pytest
from dns.exception import ValidationFailure
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.DS import DS
from dns.rdtypes.ANY.NSEC import NSEC

from tests.support.demo_clients import SECONDS, Clients, ask, framed, rdata, read_all
from tests.support.tools import require_tool

RRSIG = dns.rdatatype.RRSIG
Keys = dict[dns.name.Name, dns.node.Node | dns.rdataset.Rdataset]


def _signed(
    message: dns.message.Message, section: str, rdtype: str
) -> tuple[dns.rrset.RRset, dns.rrset.RRset]:
    """The RRset of a type in a section, with its signatures."""
    kind = dns.rdatatype.from_text(rdtype)
    found = getattr(message, section)
    (data,) = [rrset for rrset in found if rrset.rdtype == kind]
    (signature,) = [
        rrset for rrset in found if rrset.name == data.name and rrset.rdtype == RRSIG and rrset.covers == kind
    ]
    return data, signature


def _keys(clients: Clients, zone: str, ds: DS) -> Keys:
    """The zone's keys, proved by the DS record of its parent."""
    keys, signature = _signed(clients.resolve(zone, "DNSKEY", dnssec=True), "answer", "DNSKEY")
    name = dns.name.from_text(zone)
    assert any(isinstance(key, DNSKEY) and dns.dnssec.make_ds(name, key, "SHA256") == ds for key in keys)
    dns.dnssec.validate(keys, signature, {name: keys})
    return {name: keys}


def _anchor(clients: Clients) -> DS:
    """The trust anchor, read as a zone file is."""
    text = clients.scene.trust_anchor.read_text(encoding="ascii")
    (rrset,) = dns.zonefile.read_rrsets(text, rdclass=None)
    (ds,) = rrset
    assert isinstance(ds, DS)
    return ds


def _child(clients: Clients, keys: Keys, zone: str) -> DS:
    ds, signature = _signed(clients.resolve(zone, "DS", dnssec=True), "answer", "DS")
    dns.dnssec.validate(ds, signature, keys)
    (record,) = ds
    assert isinstance(record, DS)
    return record


def _chain(clients: Clients) -> Keys:
    root = _keys(clients, ".", _anchor(clients))
    top = _keys(clients, "example", _child(clients, root, "example"))
    return _keys(clients, "akatsuki.example", _child(clients, top, "akatsuki.example"))


def test_the_chain_of_trust_reaches_from_the_anchor_to_an_address(clients: Clients) -> None:
    keys = _chain(clients)
    data, signature = _signed(clients.resolve("www.akatsuki.example", "A", dnssec=True), "answer", "A")
    dns.dnssec.validate(data, signature, keys)
    forged = dns.rrset.from_text(data.name, data.ttl, "IN", "A", "127.0.0.66")
    with pytest.raises(ValidationFailure):
        dns.dnssec.validate(forged, signature, keys)


@pytest.mark.parametrize(
    ("name", "rdtype", "verdict"),
    [
        ("www.akatsuki.example", "A", "; fully validated"),
        ("akatsuki.example", "AAAA", "; negative response, fully validated"),
        ("nothing.akatsuki.example", "A", "; negative response, fully validated"),
        ("_tcp.mail.akatsuki.example", "A", "; negative response, fully validated"),
        ("nothing.example", "A", "; negative response, fully validated"),
        ("minato.example", "A", "; unsigned answer"),
    ],
)
def test_a_foreign_validator_agrees(
    clients: Clients, tmp_path: Path, name: str, rdtype: str, verdict: str
) -> None:
    """BIND's own, from the trust anchor."""
    delv = require_tool("delv")
    ds = _anchor(clients)
    fields = f'{ds.key_tag} {int(ds.algorithm)} {int(ds.digest_type)} "{ds.digest.hex()}"'
    anchor = tmp_path / "anchor"
    anchor.write_text(f"trust-anchors {{ . static-ds {fields}; }};", encoding="ascii")
    ((address, port),) = clients.scene.resolvers
    command = [delv, "-a", str(anchor), "+root=.", f"@{address}", "-p", str(port), name, rdtype]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert verdict in (ran.stdout + ran.stderr).splitlines()


@pytest.mark.parametrize(
    ("name", "rdtype", "rcode", "owners"),
    [
        ("akatsuki.example", "AAAA", dns.rcode.NOERROR, {"akatsuki.example."}),
        ("_tcp.mail.akatsuki.example", "A", dns.rcode.NOERROR, {"mail.akatsuki.example."}),
        (
            "nothing.akatsuki.example",
            "A",
            dns.rcode.NXDOMAIN,
            {"mta-sts.akatsuki.example.", "akatsuki.example."},
        ),
    ],
)
def test_absence_is_proved(
    clients: Clients, name: str, rdtype: str, rcode: dns.rcode.Rcode, owners: set[str]
) -> None:
    answer = clients.resolve(name, rdtype, dnssec=True)
    assert answer.rcode() == rcode
    assert not answer.answer
    keys = _chain(clients)
    proofs = [rrset for rrset in answer.authority if rrset.rdtype == dns.rdatatype.NSEC]
    for proof in proofs:
        (signature,) = [
            s
            for s in answer.authority
            if s.rdtype == RRSIG and s.name == proof.name and s.covers == proof.rdtype
        ]
        dns.dnssec.validate(proof, signature, keys)
        assert all(
            isinstance(nsec, NSEC) and _denies(nsec, dns.name.from_text(name), rdtype, proof.name)
            for nsec in proof
        )
    assert {str(proof.name) for proof in proofs} == owners


def _denies(nsec: NSEC, name: dns.name.Name, rdtype: str, owner: dns.name.Name) -> bool:
    """Either another type of this very name, or an interval that holds the name or the wildcard above it."""
    if owner == name:
        return dns.rdatatype.from_text(rdtype) not in _types(nsec)
    wildcard = dns.name.Name([b"*", *name.parent().labels])
    return any(owner < one < nsec.next or nsec.next < owner < one for one in (name, wildcard))


def _types(nsec: NSEC) -> set[int]:
    return {
        window * 256 + octet * 8 + bit
        for window, bitmap in nsec.windows
        for octet, value in enumerate(bitmap)
        for bit in range(8)
        if value & 0x80 >> bit
    }


def test_the_resolver_resolves_and_says_what_it_could_validate(clients: Clients) -> None:
    signed = clients.resolve("akatsuki.example", "A", dnssec=True)
    unsigned = clients.resolve("minato.example", "A", dnssec=True)
    for answer, address in ((signed, "127.0.101.1"), (unsigned, "127.0.102.1")):
        assert rdata(answer, "A") == [address]
        assert answer.flags & dns.flags.RA
        assert not answer.flags & dns.flags.AA
    assert signed.flags & dns.flags.AD
    assert not unsigned.flags & dns.flags.AD


def test_without_the_do_bit_nothing_of_dnssec_is_sent(clients: Clients) -> None:
    answers = [clients.resolve(name, "A") for name in ("akatsuki.example", "nothing.akatsuki.example")]
    sent = {rrset.rdtype for answer in answers for rrset in (*answer.answer, *answer.authority)}
    assert sent == {dns.rdatatype.A, dns.rdatatype.SOA}


@pytest.mark.parametrize("name", ["nothing.minato.example", "nothing.example", "nothing.at-all"])
def test_what_does_not_exist_is_denied_with_the_start_of_its_zone(clients: Clients, name: str) -> None:
    answer = clients.resolve(name, "A")
    assert answer.rcode() == dns.rcode.NXDOMAIN
    assert [rrset.rdtype for rrset in answer.authority] == [dns.rdatatype.SOA]


def test_parents_refer_to_their_children(clients: Clients) -> None:
    answer = clients.ask("a.nic.example", "www.akatsuki.example", "A", dnssec=True)
    assert not answer.flags & (dns.flags.AA | dns.flags.RA)
    assert not answer.answer
    delegation = dns.name.from_text("akatsuki.example")
    servers = answer.find_rrset(answer.authority, delegation, dns.rdataclass.IN, dns.rdatatype.NS)
    assert {record.to_text() for record in servers} == {"ns1.akatsuki.example.", "ns2.akatsuki.example."}
    _signed(answer, "authority", "DS")
    glue = {
        str(rrset.name): rrset[0].to_text() for rrset in answer.additional if rrset.rdtype == dns.rdatatype.A
    }
    assert glue == {"ns1.akatsuki.example.": "127.0.101.2", "ns2.akatsuki.example.": "127.0.111.2"}


def test_the_parent_of_an_unsigned_zone_proves_that_it_is_unsigned(clients: Clients) -> None:
    answer = clients.ask("b.nic.example", "www.minato.example", "A", dnssec=True)
    nsec, _ = _signed(answer, "authority", "NSEC")
    (record,) = nsec
    assert isinstance(record, NSEC)
    assert dns.rdatatype.DS not in _types(record)
    assert dns.rdatatype.NS in _types(record)


def test_the_root_refers_to_the_top_level_domain(clients: Clients) -> None:
    answer = clients.ask("a.root.example", "minato.example", "A")
    assert str(answer.authority[0].name) == "example."


@pytest.mark.parametrize(
    ("server", "zone"),
    [
        ("ns1.akatsuki.example", "akatsuki.example"),
        ("ns2.akatsuki.example", "akatsuki.example"),
        ("ns1.minato.example", "minato.example"),
        ("ns2.minato.example", "minato.example"),
        ("ns.hayate.example", "hayate.example"),
        ("a.nic.example", "example"),
        ("a.root.example", "."),
    ],
)
def test_name_servers_have_authority_over_udp_and_tcp(clients: Clients, server: str, zone: str) -> None:
    address, port = clients.where(server, 53)
    query = dns.message.make_query(zone, "SOA")
    for client in (dns.query.udp, dns.query.tcp):
        answer = client(query, address, port=port, timeout=SECONDS)
        assert answer.flags & dns.flags.AA
        assert answer.answer[0].rdtype == dns.rdatatype.SOA


def test_only_the_exposed_name_server_resolves_for_anybody(clients: Clients) -> None:
    name = "a.nic.example"
    kept = ask(clients.where("ns1.akatsuki.example", 53), name, "A")
    exposed = ask(clients.where("ns.hayate.example", 53), name, "A")
    assert (kept.rcode(), rdata(kept, "A")) == (dns.rcode.REFUSED, [])
    assert (exposed.rcode(), rdata(exposed, "A")) == (dns.rcode.NOERROR, ["127.0.100.2"])


def test_only_the_exposed_name_server_gives_its_zone_away(clients: Clients) -> None:
    kept, exposed = dns.zone.Zone("minato.example"), dns.zone.Zone("hayate.example")
    address, port = clients.where("ns1.minato.example", 53)
    with pytest.raises(dns.xfr.TransferError):
        dns.query.inbound_xfr(address, kept, port=port, timeout=SECONDS)
    address, port = clients.where("ns.hayate.example", 53)
    dns.query.inbound_xfr(address, exposed, port=port, timeout=SECONDS)
    assert {"@", "www", "mail", "ns", "_posture-consent"} == {str(name) for name in exposed.nodes}


def test_a_transfer_is_no_matter_for_udp(clients: Clients) -> None:
    address, port = clients.where("ns.hayate.example", 53)
    query = dns.message.make_query("hayate.example", "AXFR")
    assert dns.query.udp(query, address, port=port, timeout=SECONDS).rcode() == dns.rcode.REFUSED


@pytest.mark.parametrize(
    ("server", "version"),
    [
        ("ns1.akatsuki.example", None),
        ("ns1.minato.example", "9.18.28-1~deb12u2-Debian"),
        ("ns.hayate.example", "9.8.2rc1-RedHat-9.8.2-0.17.rc1.el6"),
    ],
)
def test_what_name_servers_say_of_their_software(clients: Clients, server: str, version: str | None) -> None:
    address, port = clients.where(server, 53)
    query = dns.message.make_query("version.bind", "TXT", rdclass="CH")
    answer = dns.query.udp(query, address, port=port, timeout=SECONDS)
    assert [rrset[0].to_text() for rrset in answer.answer] == ([f'"{version}"'] if version else [])
    assert answer.rcode() == (dns.rcode.NOERROR if version else dns.rcode.REFUSED)


def test_an_answer_too_long_for_a_datagram_is_cut_and_whole_over_tcp(clients: Clients) -> None:
    (resolver,) = clients.scene.resolvers
    query = dns.message.make_query(
        "selector1._domainkey.akatsuki.example", "TXT", want_dnssec=True, payload=512
    )
    cut = dns.query.udp(query, resolver[0], port=resolver[1], timeout=SECONDS)
    whole = dns.query.tcp(query, resolver[0], port=resolver[1], timeout=SECONDS)
    assert cut.flags & dns.flags.TC
    assert not cut.answer
    assert not whole.flags & dns.flags.TC
    assert len(whole.answer) == 2


def test_one_connection_may_ask_several_questions(clients: Clients) -> None:
    query = framed(dns.message.make_query("minato.example", "MX"))
    with clients.connect("ns1.minato.example", 53) as connection:
        connection.sendall(query * 3)
        connection.shutdown(socket.SHUT_WR)
        assert read_all(connection).count(b"\x04mail\xc0\x0c") == 3


def test_garbage_is_told_apart_from_questions(clients: Clients) -> None:
    address, port = clients.where("ns1.minato.example", 53)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(SECONDS)
        client.connect((address, port))
        client.send(b"\x00")
        client.send(
            b"\x12\x34\x80" + bytes(9)
        )  # a response: answering it would make two servers talk for ever
        client.send(b"\xab\xcd\x01\x00\x00\x05" + bytes(8))
        reply = client.recv(512)
    assert (reply[:2], reply[3] & 0x0F) == (b"\xab\xcd", dns.rcode.FORMERR)


@pytest.mark.parametrize("kind", ["notify", "any", "future"])
def test_what_a_name_server_does_not_do_it_says(clients: Clients, kind: str) -> None:
    query: dns.message.Message = dns.message.make_query("minato.example", "ANY" if kind == "any" else "SOA")
    if kind == "notify":
        query.set_opcode(dns.opcode.NOTIFY)
    if kind == "future":
        query.use_edns(1)
    address, port = clients.where("ns1.minato.example", 53)
    answer = dns.query.udp(query, address, port=port, timeout=SECONDS)
    assert answer.rcode() == (dns.rcode.BADVERS if kind == "future" else dns.rcode.NOTIMP)


def test_mail_policies(clients: Clients) -> None:
    def text(name: str) -> list[str]:
        return rdata(clients.resolve(name, "TXT"), "TXT")

    assert text("akatsuki.example") == ['"v=spf1 mx -all"']
    assert text("_dmarc.akatsuki.example") == [
        '"v=DMARC1; p=reject; sp=reject; rua=mailto:dmarc@akatsuki.example"'
    ]
    assert text("_mta-sts.akatsuki.example") == ['"v=STSv1; id=20260401000000"']
    assert text("_smtp._tls.akatsuki.example") == ['"v=TLSRPTv1; rua=mailto:tlsrpt@akatsuki.example"']
    assert text("minato.example") == ['"v=spf1 mx a ~all"']
    assert text("_dmarc.minato.example") == ['"v=DMARC1; p=none"']
    assert text("hayate.example") == ['"v=spf1 +all"']
    assert text("_dmarc.hayate.example") == []
    assert len(rdata(clients.resolve("akatsuki.example", "CAA"), "CAA")) == 3
    assert rdata(clients.resolve("minato.example", "CAA"), "CAA") == []
