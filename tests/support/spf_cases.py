"""Cases of `check_host()` derived from the text of RFC 7208, each with the section it tests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

V4 = "192.0.2.3"
V6 = "2001:db8::3"
SENDER = "strong-bad@email.example.com"

#: What records refer to. `email.example.com` is the domain of the sender, its record comes from the case.
WORLD = (
    r"""
pass TXT "v=spf1 +all"
fail TXT "v=spf1 -all"
soft TXT "v=spf1 ~all"
neutral TXT "v=spf1 ?all"
end TXT "v=spf1 ip4:198.51.100.1"
hello TXT "no policy"
twice TXT "v=spf1 +all"
twice TXT "v=spf1 -all"
wrong TXT "v=spf1 nonsense"
redirected TXT "v=spf1 redirect=pass.example.net"
lost TXT "v=spf1 redirect=hello.example.net"
loop TXT "v=spf1 include:loop.example.net -all"
circle TXT "v=spf1 redirect=circle.example.net"
me A 192.0.2.3
me AAAA 2001:db8::3
near A 192.0.2.77
near AAAA 2001:db8::ffff
other A 198.51.100.1
text TXT "nothing but text"
mail MX 10 me
mail MX 20 other
far MX 10 other
nullmx MX 0 .
dead MX 10 nowhere
alias CNAME me
email.example.com.spf A 127.0.0.2
3.2.0.192.list A 127.0.0.2
192.0.2.3.addr A 127.0.0.2
strong-bad.user A 127.0.0.2
strong.lp A 127.0.0.2
bad.strong.lr A 127.0.0.2
bad.one A 127.0.0.2
mta A 127.0.0.2
exp TXT "%{i} is not allowed, %{s}!"
exp2 TXT "first"
exp2 TXT "second"
exp3 TXT "broken %{z}"
exp4 TXT "See" " http://%{d}/?c=%{c}&r=%{r}&t=%{t}"
exp5 TXT "100%% of%_%{l}%-"
exp6 TXT "who=%{S}"
"""
    + "\n".join(f"many MX {i} m{i}\nm{i} A 198.51.100.{i}" for i in range(1, 12))
    + "\n"
    + "\n".join(f"tenmx MX {i} m{i}" for i in range(1, 10))
    + "\ntenmx MX 20 me\n"
    + "\n".join(f'chain{i} TXT "v=spf1 include:chain{i + 1}.example.net -all"' for i in range(1, 12))
    + '\nchain12 TXT "v=spf1 +all"\n'
)
REVERSE = {
    "2.0.192.in-addr.arpa": "3 PTR me.example.net.\n3 PTR liar.example.net.\n4 PTR liar.example.net.\n"
    "6 PTR mail.email.example.com.\n6 PTR me.example.net.\n"
    + "".join(f"5 PTR n{i:02}.example.org.\n" for i in range(12)),
    "8.b.d.0.1.0.0.2.ip6.arpa": "3.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0 PTR me.example.net.\n",
}


@dataclass(frozen=True, kw_only=True)
class Case:
    section: str
    name: str
    records: Sequence[str]
    result: str
    ip: str = V4
    sender: str = SENDER
    helo: str = "mta.example.net"
    domain: str = "email.example.com"
    more: Mapping[str, object] = field(default_factory=dict)


def case(section: str, name: str, record: str | Sequence[str], result: str, **more: object) -> Case:
    records = (record,) if isinstance(record, str) else record
    fixed = {key: more.pop(key) for key in ("ip", "sender", "helo", "domain") if key in more}
    return Case(section=section, name=name, records=records, result=result, more=more, **fixed)  # type: ignore[arg-type]


CASES = [
    # §2.6, §4.3, §4.4, §4.5: which record there is.
    case("4.3", "a domain of one label", "v=spf1 +all", "none", domain="localhost"),
    case("4.3", "a domain with an empty label", "v=spf1 +all", "none", domain="a..example.com"),
    case("4.3", "a domain with a label too long", "v=spf1 +all", "none", domain=f"{'a' * 64}.example.com"),
    case("4.3", "a domain that does not exist", "v=spf1 +all", "none", domain="nowhere.example.com"),
    case(
        "4.3",
        "a sender without local part",
        "v=spf1 exists:%{l}.ok.example.net -all",
        "fail",
        sender="@email.example.com",
    ),
    case("4.4", "an address family the record does not name", "v=spf1 ip4:192.0.2.3 -all", "fail", ip=V6),
    case("4.5", "no record", ["hello"], "none"),
    case("4.5", "an empty record", "v=spf1", "neutral"),
    case("4.5", "a space after the version", "v=spf1 ", "neutral"),
    case("4.5", "several spaces", "v=spf1   -all  ", "fail"),
    case("4.5", "version in capitals", "V=SPF1 -all", "fail"),
    case("4.5", "version 10 is another", "v=spf10 -all", "none"),
    case("4.5", "version without space", "v=spf1-all", "none"),
    case("4.5", "version followed by a tab", "v=spf1\\009-all", "none"),
    case("4.5", "a leading space", " v=spf1 -all", "none"),
    case("4.5", "two records", ["v=spf1 -all", "v=spf1 +all"], "permerror"),
    case("4.5", "two equal records in different case", ["v=spf1 -all", "V=spf1 -all"], "permerror"),
    case("4.5", "other texts do not matter", ["v=spf1 -all", "v=spf10", "hello"], "fail"),
    case("3.3", "strings are joined without space", 'v=spf1 ip4:192.0" ".2.3 -all', "pass"),
    case("3.3", "a string may end within a term", 'v=sp" "f1 -all', "fail"),
    # §4.6, §4.7: evaluation.
    case("4.6", "a syntax error anywhere is permerror", "v=spf1 +all nonsense", "permerror"),
    case("4.6", "an error after a match", "v=spf1 ip4:192.0.2.3 ip4:1.2.3", "permerror"),
    case("4.6.1", "mechanisms in any case", "v=spf1 IP4:192.0.2.3 -ALL", "pass"),
    case("4.6.1", "an unknown mechanism", "v=spf1 moo -all", "permerror"),
    case("4.6.1", "an unknown mechanism with a domain", "v=spf1 moo:cow.example.net -all", "permerror"),
    case("4.6.2", "left to right", "v=spf1 -ip4:192.0.2.3 +ip4:192.0.2.3", "fail"),
    case("4.6.2", "plus is the default", "v=spf1 all", "pass"),
    case("4.6.2", "minus", "v=spf1 -all", "fail"),
    case("4.6.2", "tilde", "v=spf1 ~all", "softfail"),
    case("4.6.2", "question mark", "v=spf1 ?all", "neutral"),
    case("4.6.2", "two qualifiers", "v=spf1 --all", "permerror"),
    case("4.6.2", "a qualifier alone", "v=spf1 - all", "permerror"),
    case("4.7", "nothing matches", "v=spf1 ip4:198.51.100.1", "neutral"),
    case("4.7", "nothing matches, no redirect", "v=spf1 a:other.example.net", "neutral"),
    # §4.6.4: limits.
    case(
        "4.6.4",
        "ten lookups",
        "v=spf1 " + "a:other.example.net " * 9 + "a:me.example.net -all",
        "pass",
        lookups=10,
    ),
    case(
        "4.6.4",
        "eleven lookups",
        "v=spf1 " + "a:other.example.net " * 10 + "a:me.example.net -all",
        "permerror",
        lookups=11,
        problem="too-many-lookups",
    ),
    case(
        "4.6.4",
        "a match before the limit",
        "v=spf1 a:me.example.net " + "a:other.example.net " * 12 + "-all",
        "pass",
        lookups=1,
    ),
    case(
        "4.6.4",
        "ip4, ip6 and all cost nothing",
        "v=spf1 " + "ip4:198.51.100.1 ip6:2001:db8:1::1 " * 20 + "-all",
        "fail",
        lookups=0,
    ),
    case(
        "4.6.4", "includes are counted through", "v=spf1 include:chain4.example.net -all", "pass", lookups=9
    ),
    case("4.6.4", "a chain of includes too long", "v=spf1 include:chain1.example.net -all", "permerror"),
    case("4.6.4", "redirect counts", "v=spf1 redirect=redirected.example.net", "pass", lookups=2),
    case(
        "4.6.4",
        "an endless include",
        "v=spf1 include:loop.example.net -all",
        "permerror",
        problem="too-many-lookups",
    ),
    case("4.6.4", "an endless redirect", "v=spf1 redirect=circle.example.net", "permerror"),
    case(
        "4.6.4",
        "two void lookups",
        "v=spf1 a:v1.example.net a:v2.example.net ip4:192.0.2.3 -all",
        "pass",
        void_lookups=2,
    ),
    case(
        "4.6.4",
        "three void lookups",
        "v=spf1 a:v1.example.net a:v2.example.net a:v3.example.net +all",
        "permerror",
        problem="too-many-void-lookups",
    ),
    case(
        "4.6.4",
        "NODATA is void too",
        "v=spf1 a:text.example.net mx:text.example.net a:hello.example.net +all",
        "permerror",
    ),
    case(
        "4.6.4",
        "exists counts as void",
        "v=spf1 exists:a.example.net exists:b.example.net exists:c.example.net +all",
        "permerror",
    ),
    case(
        "4.6.4",
        "more than ten exchangers",
        "v=spf1 mx:many.example.net +all",
        "permerror",
        problem="too-many-mx:many.example.net",
    ),
    case("4.6.4", "ten exchangers", "v=spf1 mx:tenmx.example.net -all", "pass"),
    case(
        "4.6.4",
        "ptr with more than ten names looks at ten",
        "v=spf1 ptr:example.org -all",
        "fail",
        ip="192.0.2.5",
    ),
    # §5.1: all.
    case("5.1", "what follows all is not reached", "v=spf1 -all +ip4:192.0.2.3", "fail"),
    case("5.1", "all takes no domain", "v=spf1 -all:example.net", "permerror"),
    case("5.1", "all takes no prefix", "v=spf1 -all/8", "permerror"),
    case("5.1", "all=... is a modifier nobody knows", "v=spf1 all=x ?all", "neutral"),
    case("5.1", "redirect beside all is ignored", "v=spf1 ~all redirect=pass.example.net", "softfail"),
    # §5.2: include.
    case("5.2", "pass matches", "v=spf1 include:pass.example.net -all", "pass"),
    case("5.2", "pass matches with its own qualifier", "v=spf1 ~include:pass.example.net +all", "softfail"),
    case("5.2", "fail does not match", "v=spf1 include:fail.example.net ~all", "softfail"),
    case("5.2", "softfail does not match", "v=spf1 include:soft.example.net -all", "fail"),
    case("5.2", "neutral does not match", "v=spf1 include:neutral.example.net -all", "fail"),
    case("5.2", "no match at all is neutral", "v=spf1 include:end.example.net -all", "fail"),
    case("5.2", "permerror is permerror", "v=spf1 include:wrong.example.net +all", "permerror"),
    case("5.2", "none is permerror", "v=spf1 include:hello.example.net +all", "permerror"),
    case("5.2", "a missing domain is permerror", "v=spf1 include:nowhere.example.net +all", "permerror"),
    case("5.2", "two records are permerror", "v=spf1 include:twice.example.net +all", "permerror"),
    case("5.2", "an included redirect is followed", "v=spf1 include:redirected.example.net -all", "pass"),
    case("5.2", "an include needs a domain", "v=spf1 include -all", "permerror"),
    case("5.2", "an include with an empty domain", "v=spf1 include: -all", "permerror"),
    case("5.2", "an include takes no prefix", "v=spf1 include:pass.example.net/24 -all", "permerror"),
    case("5.2", "a failing include within an include", "v=spf1 include:lost.example.net -all", "permerror"),
    # §5.3: a.
    case("5.3", "the address", "v=spf1 a:me.example.net -all", "pass"),
    case("5.3", "the IPv6 address", "v=spf1 a:me.example.net -all", "pass", ip=V6),
    case("5.3", "another address", "v=spf1 a:other.example.net -all", "fail"),
    case("5.3", "the domain itself", "v=spf1 a -all", "pass"),
    case("5.3", "an alias", "v=spf1 a:alias.example.net -all", "pass"),
    case("5.3", "a prefix", "v=spf1 a:near.example.net/24 -all", "pass"),
    case("5.3", "a prefix too narrow", "v=spf1 a:near.example.net/26 -all", "fail"),
    case("5.3", "a prefix of the domain itself", "v=spf1 a/24 -all", "pass", ip="192.0.2.200"),
    case("5.3", "an IPv6 prefix", "v=spf1 a:near.example.net//64 -all", "pass", ip=V6),
    case("5.3", "both prefixes", "v=spf1 a:near.example.net/26//64 -all", "pass", ip=V6),
    case("5.3", "the IPv4 prefix says nothing of IPv6", "v=spf1 a:near.example.net/0 -all", "fail", ip=V6),
    case("5.3", "prefix zero", "v=spf1 a:other.example.net/0 -all", "pass"),
    case("5.3", "prefix 33", "v=spf1 a:me.example.net/33 -all", "permerror"),
    case("5.3", "prefix with a leading zero", "v=spf1 a:me.example.net/032 -all", "permerror"),
    case("5.3", "an IPv6 prefix of 129", "v=spf1 a:me.example.net//129 -all", "permerror"),
    case("5.3", "an empty prefix", "v=spf1 a:me.example.net/ -all", "permerror"),
    case("5.3", "a colon without domain", "v=spf1 a: -all", "permerror"),
    case("5.3", "a top-level name alone", "v=spf1 a:museum -all", "permerror"),
    case("5.3", "a number as top label", "v=spf1 a:111.222.33.44 -all", "permerror"),
    case("5.3", "a top label with a hyphen", "v=spf1 a:example.xn--zckzah -all", "fail"),
    case("5.3", "a top label that ends in a hyphen", "v=spf1 a:example.foo- -all", "permerror"),
    case("5.3", "a final dot", "v=spf1 a:me.example.net. -all", "pass"),
    case("5.3", "a colon within the name", "v=spf1 a:a:b.example.net -all", "fail"),
    case("5.3", "an empty label in the name matches nothing", "v=spf1 a:a..example.net -all", "fail"),
    case("5.3", "a label too long matches nothing", f"v=spf1 a:{'x' * 64}.example.net -all", "fail"),
    # §5.4: mx.
    case("5.4", "an exchanger's address", "v=spf1 mx:mail.example.net -all", "pass"),
    case("5.4", "an exchanger's IPv6 address", "v=spf1 mx:mail.example.net -all", "pass", ip=V6),
    case("5.4", "another exchanger", "v=spf1 mx:far.example.net -all", "fail"),
    case("5.4", "no implicit exchanger", "v=spf1 mx:me.example.net -all", "fail"),
    case("5.4", "a prefix", "v=spf1 mx:far.example.net/0 -all", "pass"),
    case("5.4", "both prefixes", "v=spf1 mx:mail.example.net/32//128 -all", "pass"),
    case("5.4", "the domain itself", "v=spf1 mx -all", "fail"),
    case("5.4", "a null MX", "v=spf1 mx:nullmx.example.net -all", "fail"),
    case("5.4", "an exchanger without address", "v=spf1 mx:dead.example.net -all", "fail"),
    case("5.4", "prefix 33", "v=spf1 mx/33 -all", "permerror"),
    case("5.4", "a colon without domain", "v=spf1 mx: -all", "permerror"),
    # §5.5: ptr.
    case("5.5", "a validated name", "v=spf1 ptr:example.net -all", "pass"),
    case("5.5", "a validated IPv6 name", "v=spf1 ptr:example.net -all", "pass", ip=V6),
    case("5.5", "the name itself", "v=spf1 ptr:me.example.net -all", "pass"),
    case("5.5", "a name that does not resolve back", "v=spf1 ptr:liar.example.net -all", "fail"),
    case("5.5", "only names that do not resolve back", "v=spf1 ptr:example.net -all", "fail", ip="192.0.2.4"),
    case("5.5", "the domain itself", "v=spf1 ptr -all", "pass", ip="192.0.2.6"),
    case("5.5", "no name", "v=spf1 ptr:example.net -all", "fail", ip="198.51.100.9"),
    case("5.5", "a suffix is no parent", "v=spf1 ptr:ample.net -all", "fail"),
    case("5.5", "a colon without domain", "v=spf1 ptr: -all", "permerror"),
    case("5.5", "no prefix", "v=spf1 ptr:example.net/24 -all", "permerror"),
    # §5.6: ip4 and ip6.
    case("5.6", "an address", "v=spf1 ip4:192.0.2.3 -all", "pass"),
    case("5.6", "a network", "v=spf1 ip4:192.0.2.0/24 -all", "pass"),
    case("5.6", "bits behind the prefix", "v=spf1 ip4:192.0.2.99/24 -all", "pass"),
    case("5.6", "everybody", "v=spf1 ip4:1.2.3.4/0 -all", "pass"),
    case("5.6", "another network", "v=spf1 ip4:198.51.100.0/24 -all", "fail"),
    case("5.6", "prefix 32", "v=spf1 ip4:192.0.2.3/32 -all", "pass"),
    case("5.6", "prefix 33", "v=spf1 ip4:192.0.2.3/33 -all", "permerror"),
    case("5.6", "a leading zero in the prefix", "v=spf1 ip4:192.0.2.3/024 -all", "permerror"),
    case("5.6", "no address", "v=spf1 ip4 -all", "permerror"),
    case("5.6", "an empty address", "v=spf1 ip4: -all", "permerror"),
    case("5.6", "three octets", "v=spf1 ip4:192.0.2 -all", "permerror"),
    case("5.6", "an octet too large", "v=spf1 ip4:192.0.2.256 -all", "permerror"),
    case("5.6", "a port", "v=spf1 ip4:192.0.2.3:8080 -all", "permerror"),
    case("5.6", "a name", "v=spf1 ip4:me.example.net -all", "permerror"),
    case("5.6", "two slashes", "v=spf1 ip4:192.0.2.3//32 -all", "permerror"),
    case("5.6", "no space before the next term", "v=spf1 ip4:192.0.2.3~all", "permerror"),
    case("5.6", "an IPv6 address", "v=spf1 ip6:2001:db8::3 -all", "pass", ip=V6),
    case("5.6", "an IPv6 network", "v=spf1 ip6:2001:db8::/32 -all", "pass", ip=V6),
    case("5.6", "all of IPv6", "v=spf1 ip6:::/0 -all", "pass", ip=V6),
    case("5.6", "ip6 is not for IPv4", "v=spf1 ip6:::/0 -all", "fail"),
    case(
        "5.6", "a mapped client is an IPv4 client", "v=spf1 ip4:192.0.2.3 -all", "pass", ip="::ffff:192.0.2.3"
    ),
    case("5.6", "an IPv6 prefix of 129", "v=spf1 ip6:2001:db8::/129 -all", "permerror"),
    case("5.6", "an IPv4 address in ip6", "v=spf1 ip6:192.0.2.3 -all", "permerror"),
    case("5.6", "an IPv6 address in ip4", "v=spf1 ip4:2001:db8::3 -all", "permerror"),
    case("5.6", "a zone index", "v=spf1 ip6:fe80::1%eth0 -all", "permerror"),
    case("5.6", "an IPv6 address with IPv4 inside", "v=spf1 ip6:2001:db8::192.0.2.3 -all", "fail", ip=V6),
    case("5.6", "too many colons", "v=spf1 ip6:2001::db8::3 -all", "permerror"),
    # §5.7: exists.
    case("5.7", "a name with an address", "v=spf1 exists:other.example.net -all", "pass"),
    case(
        "5.7",
        "an address is asked also for IPv6 clients",
        "v=spf1 exists:other.example.net -all",
        "pass",
        ip=V6,
    ),
    case("5.7", "a name without address", "v=spf1 exists:text.example.net -all", "fail"),
    case("5.7", "a missing name", "v=spf1 exists:nowhere.example.net -all", "fail"),
    case("5.7", "exists needs a domain", "v=spf1 exists -all", "permerror"),
    case("5.7", "an empty domain", "v=spf1 exists: -all", "permerror"),
    case("5.7", "no prefix", "v=spf1 exists:other.example.net/24 -all", "permerror"),
    # §6: modifiers.
    case("6", "an unknown modifier", "v=spf1 future=anything -all", "fail"),
    case("6", "an unknown modifier with macros", "v=spf1 future=%{d}/%{i} -all", "fail"),
    case("6", "an unknown modifier with a broken macro", "v=spf1 future=%x -all", "permerror"),
    case("6", "a modifier's name begins with a letter", "v=spf1 1up=x -all", "permerror"),
    case("6", "an unknown modifier twice", "v=spf1 a.b-c_d=1 a.b-c_d=2 -all", "fail"),
    case("6", "an unknown modifier without value", "v=spf1 future= -all", "fail"),
    case("6", "redirect twice", "v=spf1 redirect=pass.example.net redirect=pass.example.net", "permerror"),
    case("6", "exp twice", "v=spf1 exp=exp.example.net exp=exp.example.net -all", "permerror"),
    case("6.1", "redirect", "v=spf1 redirect=fail.example.net", "fail"),
    case("6.1", "redirect stands anywhere", "v=spf1 redirect=fail.example.net ip4:192.0.2.3", "pass"),
    case("6.1", "redirect takes over every result", "v=spf1 redirect=neutral.example.net", "neutral"),
    case("6.1", "a redirect into nothing", "v=spf1 redirect=hello.example.net", "permerror"),
    case("6.1", "a redirect to a missing domain", "v=spf1 redirect=nowhere.example.net", "permerror"),
    case("6.1", "an empty redirect", "v=spf1 redirect=", "permerror"),
    case("6.1", "a redirect with a prefix", "v=spf1 redirect=fail.example.net/24", "permerror"),
    case("6.1", "macros belong to the new domain", "v=spf1 redirect=%{o}", "permerror"),
    case(
        "6.2",
        "an explanation",
        "v=spf1 exp=exp.example.net -all",
        "fail",
        explanation="192.0.2.3 is not allowed, strong-bad@email.example.com!",
    ),
    case(
        "6.2",
        "no explanation without a fail",
        "v=spf1 exp=exp.example.net ~all",
        "softfail",
        explanation=None,
    ),
    case("6.2", "two texts explain nothing", "v=spf1 exp=exp2.example.net -all", "fail", explanation=None),
    case(
        "6.2", "a broken text explains nothing", "v=spf1 exp=exp3.example.net -all", "fail", explanation=None
    ),
    case(
        "6.2",
        "a missing text explains nothing",
        "v=spf1 exp=nowhere.example.net -all",
        "fail",
        explanation=None,
    ),
    case(
        "6.2",
        "c, r and t belong to explanations",
        "v=spf1 exp=exp4.example.net -all",
        "fail",
        explanation="See http://email.example.com/?c=192.0.2.3&r=unknown&t=1795402800",
    ),
    case(
        "6.2", "the escapes", "v=spf1 exp=exp5.example.net -all", "fail", explanation="100% of strong-bad%20"
    ),
    case(
        "6.2",
        "an upper-case letter is URL-encoded",
        "v=spf1 exp=exp6.example.net -all",
        "fail",
        explanation="who=strong-bad%40email.example.com",
    ),
    case(
        "6.2",
        "the explanation of an include is not used",
        "v=spf1 include:fail.example.net -all",
        "fail",
        explanation=None,
    ),
    case("6.2", "exp needs a domain", "v=spf1 exp= -all", "permerror"),
    case("6.2", "exp costs no lookup", "v=spf1 exp=exp.example.net -all", "fail", lookups=0),
    # §7: macros.
    case("7.2", "domain", "v=spf1 exists:%{d}.spf.example.net -all", "pass"),
    case("7.2", "domain of the sender", "v=spf1 exists:%{o}.spf.example.net -all", "pass"),
    case("7.2", "address reversed", "v=spf1 exists:%{ir}.list.example.net -all", "pass"),
    case("7.2", "address", "v=spf1 exists:%{i}.addr.example.net -all", "pass"),
    case("7.2", "local part", "v=spf1 exists:%{l}.user.example.net -all", "pass"),
    case("7.2", "local part in capitals of the letter", "v=spf1 exists:%{L}.user.example.net -all", "pass"),
    case("7.2", "HELO", "v=spf1 exists:%{h} -all", "pass"),
    case("7.2", "another HELO", "v=spf1 exists:%{h} -all", "fail", helo="nowhere.example.net"),
    case("7.2", "validated name", "v=spf1 a:%{p} -all", "pass"),
    case("7.2", "the family's word", "v=spf1 exists:%{v}.example.net -all", "fail"),
    case("7.2", "an unknown letter", "v=spf1 exists:%{z}.example.net -all", "permerror"),
    case("7.2", "c only in explanations", "v=spf1 exists:%{c}.example.net -all", "permerror"),
    case("7.2", "r only in explanations", "v=spf1 exists:%{r}.example.net -all", "permerror"),
    case("7.2", "t only in explanations", "v=spf1 exists:%{t}.example.net -all", "permerror"),
    case("7.1", "a delimiter", "v=spf1 exists:%{l1r-}.lp.example.net -all", "pass"),
    case("7.1", "reversed at a delimiter", "v=spf1 exists:%{lr-}.lr.example.net -all", "pass"),
    case("7.1", "the right-most part", "v=spf1 exists:%{l1-}.one.example.net -all", "pass"),
    case("7.1", "no parts at all", "v=spf1 exists:%{d0}.example.net -all", "permerror"),
    case("7.1", "more parts than there are", "v=spf1 exists:%{d99}.spf.example.net -all", "pass"),
    case("7.1", "a percent sign alone", "v=spf1 exists:%.example.net -all", "permerror"),
    case("7.1", "a percent sign at the end", "v=spf1 exists:example.net% -all", "permerror"),
    case("7.1", "an open brace", "v=spf1 exists:%{d.example.net -all", "permerror"),
    case("7.1", "an unknown delimiter", "v=spf1 exists:%{d*}.example.net -all", "permerror"),
    case("7.1", "r before the digits", "v=spf1 exists:%{dr2}.example.net -all", "permerror"),
    case("7.1", "a macro as the last part", "v=spf1 include:%{d} -all", "permerror"),
]
