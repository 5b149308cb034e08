"""The socket that the pages are served on"""

import pytest

from monitor.web.serving import own_names


@pytest.mark.parametrize(
    ("host", "port", "names"),
    [
        ("127.0.0.1", 8080, ["127.0.0.1:8080", "localhost:8080", "[::1]:8080"]),
        ("0.0.0.0", 8080, ["127.0.0.1:8080", "localhost:8080", "[::1]:8080"]),
        ("192.0.2.1", 8080, ["192.0.2.1:8080"]),
        ("2001:db8::1", 8080, ["[2001:db8::1]:8080"]),
        ("192.0.2.1", 80, ["192.0.2.1:80", "192.0.2.1"]),
    ],
)
def test_is_called_as_browsers_write_where_it_listens(host: str, port: int, names: list[str]) -> None:
    """WEB-12"""
    assert own_names(host, port) == names
