"""What a reader of a post is shown"""

import pytest
from builders import BRIDGE, alert, person

from monitor.views.dossier import Dossier
from monitor.web.desk import shown_to

REASON = "500 from https://desk.example/hook"


@pytest.mark.parametrize(("role", "reason"), [("reader", ""), ("reviewer", ""), ("operator", REASON)])
def test_is_why_an_alert_failed_only_where_they_run_the_monitor(role: str, reason: str) -> None:
    """It may name where the alert goes."""
    whole = Dossier(channel=BRIDGE, post=1, records=[], matches=[], alerts=[alert(reason=REASON)], reviews=[])

    assert [each.reason for each in shown_to(person(role=role), whole).alerts] == [reason]
