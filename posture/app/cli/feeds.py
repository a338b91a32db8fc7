"""`posture feeds`: what the world knows of flaws, stored here with its date."""

from pathlib import Path

import click

from posture.app.cli.common import Group, database_option, json_option, lang_option, print_json
from posture.core.catalogue import Language
from posture.core.errors import PostureError
from posture.core.feeds import FeedName

_NAMES = [name.value for name in FeedName]


@click.group(cls=Group, epilog="Example: posture feeds update")
def feeds() -> None:
    """Known-exploited flaws (KEV), likelihoods (EPSS), records of flaws (NVD), dates of support."""


@feeds.command(epilog="Example: posture feeds update kev epss")
@click.argument("names", metavar="[FEED]...", nargs=-1, type=click.Choice(_NAMES))
@click.option(
    "--product",
    "named",
    multiple=True,
    metavar="NAME",
    help="NVD's records of this product too (repeatable).",
)
@database_option
@json_option
def update(names: tuple[str, ...], named: tuple[str, ...], database: str | None, *, as_json: bool) -> None:
    """Fetch feeds from the addresses in the settings; only what changed is read again.

    FEED is kev, epss, nvd or endoflife; all of them when none is named. NVD is asked about the products that
    stored assessments state: assess once, update, and assess again. No target is contacted.
    """
    import posture
    from posture.app import feeds as work
    from posture.app.clock import utc_now
    from posture.app.settings import load_settings
    from posture.core.codec import encode
    from posture.store.database import open_database

    settings = load_settings()
    products = [work.named_product(name) for name in named]
    opened = open_database(database or settings.database)
    try:
        products += [p for p in work.seen_products(opened) if p not in products]
        desk = work.Desk(
            database=opened,
            settings=settings,
            clock=utc_now,
            user_agent=f"posture-underwriting/{posture.__version__}",
        )
        results = []
        for result in work.update(desk, [FeedName(name) for name in names or _NAMES], products):
            results.append(result)
            click.echo(f"{result.label:28} {result.outcome:10} {result.rows:8}  {result.detail}", err=True)
    finally:
        opened.close()
    failed = [result for result in results if result.outcome == "failed"]
    if failed:
        raise PostureError(
            f"{len(failed)} of {len(results)} feeds could not be updated: {failed[0].detail}",
            remedy="What was stored before is kept. Try again, or import a file.",
            code="feed-unreachable",
        )
    if as_json:
        print_json({"feeds": [encode(result) for result in results]})


@feeds.command("import", epilog="Example: posture feeds import known_exploited_vulnerabilities.json")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--product", metavar="NAME", help="Whose flaws an NVD document holds.")
@database_option
@json_option
def import_(path: Path, product: str | None, database: str | None, *, as_json: bool) -> None:
    """Take a feed from a file, for machines without a way out; packed with gzip or not."""
    from posture.app import feeds as work
    from posture.app.clock import utc_now
    from posture.app.settings import load_settings
    from posture.core.codec import encode
    from posture.store.database import open_database

    named = work.named_product(product) if product else None
    opened = open_database(database or load_settings().database)
    try:
        state = work.import_file(opened, path, named, utc_now())
    finally:
        opened.close()
    if as_json:
        print_json(encode(state))
        return
    click.echo(f"{state.label}: {state.rows} rows of {state.published or 'an unknown day'} stored.")


@feeds.command(epilog="Example: posture feeds status --json")
@database_option
@lang_option
@json_option
def status(database: str | None, lang: str, *, as_json: bool) -> None:
    """List what is stored: its date, its age, and the digest that assessments name."""
    from posture.app.cli import words
    from posture.app.clock import utc_now
    from posture.app.settings import load_settings
    from posture.core.codec import encode
    from posture.store import feeds as kept
    from posture.store.database import open_database

    opened = open_database(database or load_settings().database)
    try:
        stored = kept.states(opened)
    finally:
        opened.close()
    missing = [name.value for name in FeedName if name not in {state.name for state in stored}]
    if as_json:
        documents = [{**encode(state), "age_days": (utc_now() - state.fetched_at).days} for state in stored]
        print_json({"feeds": documents, "missing": missing})
        return
    word = words.load(Language(lang))
    for state in stored:
        age = (utc_now() - state.fetched_at).days
        click.echo(
            word(
                "feed_line",
                label=state.label,
                published=state.published or "–",
                age=age,
                rows=state.rows,
                digest=state.sha256[:12],
            )
        )
    if missing:
        click.echo(word("feed_missing", names=", ".join(missing)))


@feeds.command(epilog="Example: posture feeds sweep CVE-2021-41773")
@click.argument("asked", metavar="CVE|PRODUCT")
@database_option
@lang_option
@json_option
def sweep(asked: str, database: str | None, lang: str, *, as_json: bool) -> None:
    """Ask stored evidence which applicants run a product or have a flaw; no packet is sent.

    Each applicant counts by its newest assessment. Those that state none of the products are counted apart:
    what was not seen may still be there.
    """
    from posture.app.settings import load_settings
    from posture.app.sweep import sweep as ask
    from posture.core.codec import encode
    from posture.store.database import open_database

    opened = open_database(database or load_settings().database)
    try:
        answer = ask(opened, asked)
    finally:
        opened.close()
    if as_json:
        print_json(encode(answer))
        return
    from posture.app.cli import words
    from reports.plain import visible

    word = words.load(Language(lang))
    for hit in answer.hits:
        version = f" {hit.version}" if hit.version else ""
        who, what = visible(hit.applicant), visible(f"{hit.product}{version}")
        click.echo(
            word(
                "sweep_line",
                answer=word(f"sweep_{hit.answer.value}"),
                domain=hit.domain,
                applicant=who,
                service=hit.service,
                product=what,
                day=hit.seen_at.date(),
            )
        )
    click.echo(word("sweep_silent", count=len(answer.silent), asked=visible(", ".join(answer.products))))
