"""`services/login_required`: the service asks who one is before it gives anything."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from posture.core.facts.service_product import ServiceProduct
from posture.core.findings import Verdict, failed, not_applicable, passed, unknown

#: Names of protocols in every language, where they differ from their word in the fact.
_NAMES: Final = {
    "redis": "Redis",
    "memcached": "memcached",
    "zookeeper": "ZooKeeper",
    "nats": "NATS",
    "amqp": "AMQP",
    "mssql": "Microsoft SQL Server",
    "elasticsearch": "Elasticsearch / OpenSearch",
    "couchdb": "CouchDB",
    "influxdb": "InfluxDB",
    "docker": "Docker",
    "etcd": "etcd",
    "kubelet": "kubelet",
    "consul": "Consul",
    "vnc": "VNC",
    "rdp": "RDP",
    "postgresql": "PostgreSQL",
    "mongodb": "MongoDB",
    "kafka": "Kafka",
    "cassandra": "Cassandra",
}
#: Their first word is answered whether a log-in is needed or not.
_UNTOLD: Final = frozenset({"postgresql", "mongodb", "kafka", "cassandra"})


def judge(fact: ServiceProduct) -> Iterator[Verdict]:
    """Reads what the protocol's own greeting said; where there is no such greeting nothing is judged."""
    service = _NAMES.get(fact.protocol)
    if service is None:
        yield not_applicable("no_question")
    elif fact.login is None and fact.protocol in _UNTOLD:
        yield unknown("untold", path="login", service=service)
    elif fact.login is None:
        yield unknown("unanswered", path="login", service=service)
    elif fact.login:
        yield passed("asked", service=service)
    elif fact.protocol == "rdp":
        yield failed("before_login", service=service)
    else:
        yield replace(failed("open", service=service), discriminator=fact.protocol)
