"""What tests of the views share: a configuration."""

from pathlib import Path

import pytest

from monitor.config import Settings, load

CHANNELS = """
[[channel]]
username = "Bridge_News"
party = "The town"
[[channel]]
username = "harbour"
party = "The port"
"""
STORY = "title = 'The bridge'\n[topics]\nbridge = 'bridge'\n[[flag]]\nwhen = 'bridge'\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Two channels, and a story."""
    directory = tmp_path / "config"
    (directory / "stories").mkdir(parents=True)
    (directory / "monitor.toml").write_text('[ledger]\norigin = "desk"\n')
    (directory / "channels.toml").write_text(CHANNELS)
    (directory / "stories" / "bridge.toml").write_text(STORY)
    return load(directory, {})
