import shutil
import subprocess
from pathlib import Path

import pytest

from paragonsr.artifacts import provenance

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def git(folder: Path, *words: str) -> str:
    name = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", "-C", str(folder), *name, *words], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of which the module is a tracked file."""
    for variable in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(variable, raising=False)
    module = tmp_path / "provenance.py"
    module.write_text("1\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "provenance.py")
    git(tmp_path, "commit", "-q", "-m", "one")
    git(tmp_path, "tag", "v1")
    monkeypatch.setattr(provenance, "__file__", str(module))
    return tmp_path


def test_the_commit_of_a_checkout(checkout: Path) -> None:
    assert provenance.commit() == git(checkout, "rev-parse", "HEAD")[:12]
    (checkout / "provenance.py").write_text("2\n")
    assert provenance.commit() == git(checkout, "rev-parse", "HEAD")[:12] + "-dirty"


def test_a_stranger_s_checkout_around_an_installed_program_is_not_ours(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = checkout / ".venv" / "lib" / "paragonsr"
    installed.mkdir(parents=True)
    (installed / "provenance.py").write_text("1\n")
    monkeypatch.setattr(provenance, "__file__", str(installed / "provenance.py"))
    assert provenance.commit() == "unknown"


def test_no_checkout_and_no_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "provenance.py"))
    assert provenance.commit() == "unknown"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert provenance.commit() == "unknown"
