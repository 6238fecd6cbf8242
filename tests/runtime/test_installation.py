import pytest

from paragonsr.errors import ProviderError
from paragonsr.runtime import installation, proof, provider
from paragonsr.runtime.installation import Finding


def test_the_cpu_works() -> None:
    found = {finding.provider: finding for finding in installation.findings()}
    assert found["cpu"] == Finding("cpu", True, "")
    assert list(found) == list(provider.available())


def test_what_does_not_compute_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ProviderError("its drivers may be missing")

    monkeypatch.setattr(proof, "prove", refuse)
    monkeypatch.setattr(provider, "available", lambda: ("cuda", "cpu"))
    assert list(installation.findings()) == [
        Finding("cuda", False, "its drivers may be missing"),
        Finding("cpu", True, ""),
    ]
