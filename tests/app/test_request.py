"""What an assessment is made from reaches the scan."""

from dataclasses import replace

from posture.app.request import Request, open_context
from posture.app.settings import Settings
from scanners.context import Options
from tests.support.desk import exposed


def test_the_names_of_the_application_are_the_scans() -> None:
    item = exposed()
    assert item.application is not None
    request = Request(
        domain=item.domain,
        consent=item.consent,
        application=replace(item.application, hosts=("yoyaku.example.jp",)),
        options=Options(resolvers=(("127.0.0.1", 1),)),
        settings=Settings(),
        clock=lambda: item.started_at,
    )
    for asked, known in ((request, ("yoyaku.example.jp",)), (replace(request, application=None), ())):
        context = open_context(asked)
        context.gateway.close()
        assert context.options.known_names == known
        assert context.options.resolvers == request.options.resolvers
