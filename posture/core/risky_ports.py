"""Ports that no stranger should reach, by what they give away: one list for the sweep and for the checks.

The sweep asks all of them (DESIGN §6, `ports = "default"`); each check of `posture/checks/ports` reads
its own group. Numbers are IANA's registrations or the product's documented default. Some numbers are as
good as a name (3389, 445); a `shared` one is used by others too and only suggests the service. Every entry
also names the words by which nmap recognises its protocol.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

from posture.core.consent import DEFAULT_PORTS
from posture.core.targets import PortRange, port_ranges


class Group(StrEnum):
    """What the services of a group have in common; the value is the name of the check that reads it."""

    REMOTE_DESKTOP = "remote_desktop"
    TELNET = "telnet"
    FTP = "ftp"
    FILE_SHARING = "file_sharing"
    DATABASE = "database"
    ADMIN_INTERFACE = "admin_interface"
    MESSAGE_BROKER = "message_broker"
    DIRECTORY = "directory"
    INDUSTRIAL = "industrial"
    PRINTING = "printing"
    TELEPHONY = "telephony"
    NO_LOGIN = "no_login"


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskyPort:
    """A TCP port of a group.

    `service` is the product's or protocol's own name, the same in every language. `spoken` are nmap's
    service names for it. `over_http`: its protocol is carried by HTTP, so finding HTTP there clears
    nothing. `shared`: other programs commonly use the number too.
    """

    group: Group
    port: int
    service: str
    spoken: frozenset[str]
    over_http: bool = False
    shared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    ports: tuple[int, ...]
    service: str
    spoken: str = ""
    over_http: bool = False
    shared: bool = False


# NO_LOGIN: as delivered, these ask nobody who they are; reaching them is enough to read or to command.
_TABLE: Final[dict[Group, tuple[_Row, ...]]] = {
    Group.REMOTE_DESKTOP: (
        _Row(ports=(3389,), service="RDP", spoken="ms-wbt-server"),
        _Row(ports=(5900, 5901, 5902, 5903), service="VNC", spoken="vnc"),
        _Row(ports=(5800, 5801), service="VNC (HTTP)", spoken="vnc-http", over_http=True),
        _Row(ports=(4899,), service="Radmin", spoken="radmin"),
        _Row(ports=(1494,), service="Citrix ICA", spoken="citrix-ica ica"),
        _Row(ports=(2598,), service="Citrix ICA", spoken="citrix-ica ica", shared=True),
        _Row(ports=(3283,), service="Apple Remote Desktop", spoken="netassistant", shared=True),
    ),
    Group.TELNET: (
        _Row(ports=(23,), service="Telnet", spoken="telnet"),
        _Row(ports=(2323,), service="Telnet", spoken="telnet", shared=True),
        _Row(ports=(512,), service="rexec", spoken="exec"),
        _Row(ports=(513,), service="rlogin", spoken="login"),
        _Row(ports=(514,), service="rsh", spoken="shell"),
    ),
    Group.FTP: (
        _Row(ports=(21,), service="FTP", spoken="ftp"),
        _Row(ports=(2121,), service="FTP", spoken="ftp", shared=True),
    ),
    Group.FILE_SHARING: (
        _Row(ports=(135,), service="Microsoft RPC", spoken="msrpc"),
        _Row(ports=(137, 138, 139), service="NetBIOS", spoken="netbios-ssn netbios-ns netbios-dgm"),
        _Row(ports=(445,), service="SMB", spoken="microsoft-ds"),
        _Row(ports=(111,), service="rpcbind", spoken="rpcbind"),
        _Row(ports=(2049,), service="NFS", spoken="nfs nfs_acl"),
        _Row(ports=(548,), service="AFP", spoken="afp"),
        _Row(ports=(873,), service="rsync", spoken="rsync"),
    ),
    Group.DATABASE: (
        _Row(ports=(1433, 1434), service="Microsoft SQL Server", spoken="ms-sql-s ms-sql-m"),
        _Row(ports=(1521,), service="Oracle Database", spoken="oracle-tns oracle"),
        _Row(ports=(3306, 33060), service="MySQL / MariaDB", spoken="mysql mysqlx"),
        _Row(ports=(5432,), service="PostgreSQL", spoken="postgresql"),
        _Row(ports=(6379,), service="Redis", spoken="redis"),
        _Row(ports=(27017, 27018, 27019), service="MongoDB", spoken="mongod mongodb"),
        _Row(
            ports=(9200, 9300), service="Elasticsearch / OpenSearch", spoken="elasticsearch", over_http=True
        ),
        _Row(ports=(5984,), service="CouchDB", spoken="couchdb", over_http=True),
        _Row(ports=(8086,), service="InfluxDB", spoken="influxdb", over_http=True, shared=True),
        _Row(ports=(9042,), service="Cassandra", spoken="cassandra cassandra-native"),
        _Row(ports=(50000,), service="Db2", spoken="ibm-db2 drda", shared=True),
        _Row(ports=(7687,), service="Neo4j", spoken="bolt"),
    ),
    Group.ADMIN_INTERFACE: (
        _Row(ports=(2376,), service="Docker (TLS)", over_http=True),
        _Row(ports=(6443,), service="Kubernetes", over_http=True),
        _Row(ports=(10250,), service="kubelet", over_http=True),
        _Row(ports=(5985, 5986), service="WinRM", spoken="wsman wsmans", over_http=True),
        _Row(ports=(8006,), service="Proxmox VE", over_http=True),
        _Row(ports=(10000,), service="Webmin", over_http=True, shared=True),
        _Row(ports=(902,), service="VMware ESXi", spoken="vmware-auth", shared=True),
        _Row(ports=(8291,), service="MikroTik WinBox", spoken="winbox"),
        _Row(ports=(8728, 8729), service="MikroTik RouterOS API", spoken="routeros-api"),
        _Row(ports=(2082, 2083), service="cPanel", over_http=True),
        _Row(ports=(2086, 2087), service="WHM", over_http=True),
        _Row(ports=(4848,), service="GlassFish", over_http=True, shared=True),
        _Row(ports=(5601,), service="Kibana", over_http=True, shared=True),
        _Row(ports=(8500,), service="Consul", over_http=True, shared=True),
        _Row(ports=(8009,), service="AJP", spoken="ajp13"),
        _Row(ports=(1099, 7199), service="Java RMI / JMX", spoken="java-rmi rmiregistry"),
        _Row(ports=(7547,), service="TR-069", over_http=True),
        _Row(ports=(623,), service="IPMI", spoken="asf-rmcp"),
    ),
    Group.MESSAGE_BROKER: (
        _Row(ports=(1883,), service="MQTT", spoken="mqtt"),
        _Row(ports=(5672,), service="AMQP", spoken="amqp"),
        _Row(ports=(15672,), service="RabbitMQ", over_http=True),
        _Row(ports=(9092,), service="Kafka", spoken="kafka"),
        _Row(ports=(61616,), service="ActiveMQ", spoken="apachemq"),
        _Row(ports=(61613,), service="STOMP", spoken="stomp", shared=True),
        _Row(ports=(8161,), service="ActiveMQ (HTTP)", over_http=True),
        _Row(ports=(4222,), service="NATS", spoken="nats", shared=True),
    ),
    Group.DIRECTORY: (
        _Row(ports=(389, 3268), service="LDAP", spoken="ldap"),
        _Row(ports=(636, 3269), service="LDAP (TLS)", spoken="ldapssl ssl/ldap"),
        _Row(ports=(88,), service="Kerberos", spoken="kerberos-sec", shared=True),
        _Row(ports=(464,), service="kpasswd", spoken="kpasswd5"),
    ),
    Group.INDUSTRIAL: (
        _Row(ports=(102,), service="Siemens S7", spoken="iso-tsap"),
        _Row(ports=(502,), service="Modbus", spoken="modbus mbap"),
        _Row(ports=(789,), service="Red Lion Crimson", shared=True),
        _Row(ports=(1911, 4911), service="Niagara Fox", spoken="niagara-fox", shared=True),
        _Row(ports=(1962,), service="PCWorx", shared=True),
        _Row(ports=(2404,), service="IEC 60870-5-104", spoken="iec-104"),
        _Row(ports=(4840,), service="OPC UA", spoken="opc-ua-tcp opcua-tcp"),
        _Row(ports=(5006, 5007), service="MELSEC-Q", shared=True),
        _Row(ports=(9600,), service="OMRON FINS", shared=True),
        _Row(ports=(20000,), service="DNP3", spoken="dnp", shared=True),
        _Row(ports=(44818,), service="EtherNet/IP", spoken="EtherNetIP-2 EtherNet-IP-2"),
    ),
    Group.PRINTING: (
        _Row(ports=(515,), service="LPD", spoken="printer"),
        _Row(ports=(631,), service="IPP", spoken="ipp", over_http=True),
        _Row(ports=(9100,), service="JetDirect", spoken="jetdirect", shared=True),
    ),
    Group.TELEPHONY: (
        _Row(ports=(5060, 5061), service="SIP", spoken="sip sip-tls"),
        _Row(ports=(1720,), service="H.323", spoken="h323q931"),
    ),
    Group.NO_LOGIN: (
        _Row(ports=(6000, 6001), service="X11", spoken="X11", shared=True),
        _Row(ports=(11211,), service="memcached", spoken="memcached memcache"),
        _Row(ports=(2375,), service="Docker", spoken="docker", over_http=True),
        _Row(ports=(2379, 2380), service="etcd", spoken="etcd", over_http=True),
        _Row(ports=(10255,), service="kubelet (read-only)", over_http=True),
        _Row(ports=(4786,), service="Cisco Smart Install", spoken="smart-install"),
        _Row(ports=(2181,), service="ZooKeeper", spoken="zookeeper"),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class UdpService:
    """A service on UDP: `management` gives a hand on the machine, `amplifier` is abused to flood others."""

    port: int
    service: str
    kind: str


#: Those that a harmless question of their protocol is known for; they are asked only where UDP ports are
#: named.
UDP: Final[tuple[UdpService, ...]] = (
    UdpService(port=111, service="rpcbind", kind="amplifier"),
    UdpService(port=123, service="NTP", kind="amplifier"),
    UdpService(port=137, service="NetBIOS", kind="amplifier"),
    UdpService(port=161, service="SNMP", kind="management"),
    UdpService(port=623, service="IPMI", kind="management"),
    UdpService(port=1434, service="Microsoft SQL Server Browser", kind="amplifier"),
    UdpService(port=1900, service="SSDP", kind="amplifier"),
    UdpService(port=5060, service="SIP", kind="telephony"),
    UdpService(port=11211, service="memcached", kind="amplifier"),
)


#: The operator's word for every port of `UDP`.
UDP_PORTS: Final = "udp"


@dataclass(frozen=True, slots=True, kw_only=True)
class PortList:
    """What an operator asks for: ports by number, and whether the default list besides."""

    ranges: tuple[PortRange, ...]
    default: bool


def port_list(text: str) -> PortList:
    """Read nmap's port language with two words more: `default` and `udp`. Raises PostureError."""
    words = [word.strip() for word in text.split(",")]
    plain = ",".join(word for word in words if word not in (DEFAULT_PORTS, UDP_PORTS))
    ranges = port_ranges(plain) if plain or len(words) == words.count("") else ()
    if UDP_PORTS in words:
        ranges += tuple(PortRange(protocol="udp", first=one.port, last=one.port) for one in UDP)
    return PortList(ranges=ranges, default=DEFAULT_PORTS in words)


@cache
def of(group: Group) -> tuple[RiskyPort, ...]:
    """The ports of a group, in ascending order."""
    entries = [
        RiskyPort(
            group=group,
            port=port,
            service=row.service,
            spoken=frozenset(row.spoken.split()),
            over_http=row.over_http,
            shared=row.shared,
        )
        for row in _TABLE[group]
        for port in row.ports
    ]
    return tuple(sorted(entries, key=lambda entry: entry.port))


@cache
def numbers() -> tuple[int, ...]:
    """Every TCP port of every group, ascending: what a default sweep adds to nmap's usual ports."""
    return tuple(sorted({entry.port for group in Group for entry in of(group)}))
