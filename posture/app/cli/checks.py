"""`posture checks`: what is judged, and how a finding is to be read."""

import click

from posture.app.cli.common import Group, json_option, lang_option, print_json
from posture.core.catalogue import Card, Language
from posture.core.errors import PostureError


@click.group(cls=Group, epilog="Example: posture checks show dns/caa --lang ja")
def checks() -> None:
    """The catalogue of checks."""


@checks.command("list", epilog="Example: posture checks list --json")
@lang_option
@json_option
def list_(lang: str, *, as_json: bool) -> None:
    """List every check with its statement."""
    from posture.checks.registry import catalogue

    cards = catalogue().cards.values()
    if as_json:
        from posture.core.codec import encode

        print_json({"checks": [encode(card) for card in cards]})
        return
    for card in cards:
        click.echo(f"{card.check:36} {card.wordings[Language(lang)].title}")


@checks.command(epilog="Example: posture checks show mail/spf")
@click.argument("check_id", metavar="ID")
@lang_option
@json_option
def show(check_id: str, lang: str, *, as_json: bool) -> None:
    """Show one check: why it matters, how to mend it, what each message means."""
    card = _card(check_id)
    if as_json:
        from posture.core.codec import encode

        print_json(encode(card))
        return
    words = card.wordings[Language(lang)]
    click.echo(f"{card.check} (version {card.version}, reads {card.reads})\n\n{words.title}\n\n{words.why}\n")
    click.echo(words.fix.strip() + "\n")
    for name, text in words.messages.items():
        click.echo(f"  {name} [{card.severities[name].value}]: {text}")
    click.echo()
    for reference in card.references:
        click.echo(f"  {reference.title}  {reference.url}".rstrip())


def _card(check_id: str) -> Card:
    from posture.checks.registry import catalogue

    card = catalogue().cards.get(check_id)
    if card is None:
        raise PostureError(
            f"There is no check “{check_id}”.", remedy="See: posture checks list", code="no-check"
        )
    return card
