"""The list of networks: what is installed can be used, and nothing is fetched without consent."""

from __future__ import annotations

import shutil

import pytest

from tests.window.conftest import settle


@pytest.fixture
def listing(open_window, untrained, tmp_path, monkeypatch):
    """A window and its open list of networks; one is installed and the official ones are not."""
    folder = tmp_path / "weights"
    folder.mkdir()
    shutil.copy(untrained, folder / "mine.safetensors")
    monkeypatch.setenv("MATTELINE_WEIGHTS", str(folder))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    window = open_window()
    dialog = window.shot.show_networks()
    settle(lambda: dialog.list.count())
    return window, dialog


def _choose(dialog, name: str) -> None:
    rows = [dialog.list.item(at) for at in range(dialog.list.count())]
    dialog.list.setCurrentItem(next(row for row in rows if row.text().startswith(name)))


@pytest.mark.slow
def test_an_installed_network_is_offered_and_can_be_used(listing):
    window, dialog = listing
    _choose(dialog, "mine")
    dialog.use_button.click()
    field = window.shot.form.network
    assert field.value() == "mine"
    assert field._combo.findText("mine") >= 0


@pytest.mark.slow
def test_an_official_network_is_fetched_only_after_consent(listing):
    _, dialog = listing
    _choose(dialog, "rvm_mobilenetv3")
    assert not dialog.use_button.isEnabled() and not dialog.fetch_button.isEnabled()
    assert "GPL" in dialog.about.text()
    dialog.agreed.setChecked(True)
    assert dialog.fetch_button.isEnabled()
    _choose(dialog, "rvm_resnet50")
    assert not dialog.fetch_button.isEnabled(), "consent is to one network's terms"
    dialog.reject()
