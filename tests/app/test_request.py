"""What an assessment is made from reaches the scan."""

from dataclasses import replace

from posture.app.request import Request, open_context
from posture.app.settings import Settings
from scanners.context import Options
from tests.support.desk import exposed
from tests.support.product_pages import POSITIVE, answer


def asking(*hosts: str) -> Request:
    item = exposed()
    assert item.application is not None
    return Request(
        domain=item.domain,
        consent=item.consent,
        application=replace(item.application, hosts=hosts),
        options=Options(resolvers=(("127.0.0.1", 1),)),
        settings=Settings(),
        clock=lambda: item.started_at,
    )


def test_the_names_of_the_application_are_the_scans() -> None:
    request = asking("yoyaku.example.jp")
    for asked, known in ((request, ("yoyaku.example.jp",)), (replace(request, application=None), ())):
        context = open_context(asked)
        context.gateway.close()
        assert context.options.known_names == known
        assert context.options.resolvers == request.options.resolvers


def test_the_scan_knows_the_pages_that_show_their_product() -> None:
    context = open_context(asking())
    context.gateway.close()
    pages = (answer(title="Home"), *(shown.fact for shown in POSITIVE))
    assert [context.known(fact) for fact in pages] == [False, *(True for _ in POSITIVE)]
