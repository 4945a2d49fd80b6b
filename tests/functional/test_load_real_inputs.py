"""The command that loads the real inputs: what it prints, and what it says without them."""

from pathlib import Path

import pytest

from tests.functional.load_real_inputs import main
from tests.lib import shared_data


def test_without_the_inputs_it_says_so_and_succeeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shared_data, "ROOT", tmp_path / "nowhere")

    assert main(["--home", str(tmp_path / "home")]) == 0
    assert "nothing to load" in capsys.readouterr().out
    assert not (tmp_path / "home").exists()


def test_it_prints_names_and_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shared_data.folder("snap_piipan")

    assert main(["--home", str(tmp_path / "home"), "--only", "snap", "no_records"]) == 0

    said = capsys.readouterr().out
    assert "5 files, 80 rows read, 76 landed, 4 set aside" in said
    assert "6 rejected, 2 landed" in said
    assert "format.pattern:lds_hash (3)" in said
    assert "participantid1" not in said
    assert main(["--home", str(tmp_path / "home")]) == 4
