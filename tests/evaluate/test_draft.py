"""A run that was stopped goes on where it was, and says the same; other settings begin anew."""

import msgspec
import pytest

from paragonsr.evaluate import yardstick
from paragonsr.evaluate.suite import Settings, evaluate

FAST = Settings(fast=True, threads=1)


class Stopped(Exception):
    """As if the process were killed."""


@pytest.fixture
def counted(monkeypatch):
    """The pictures that were measured, by name."""
    seen, measure = [], yardstick.Yardstick.measure

    def counting(self, candidate, *rest):
        seen.append(candidate.name)
        return measure(self, candidate, *rest)

    monkeypatch.setattr(yardstick.Yardstick, "measure", counting)
    return seen


@pytest.fixture
def pictures(tmp_path, draw):
    folder = tmp_path / "high"
    for seed in range(4):
        draw(folder / f"{seed}.png", 48, 64, seed=seed)
    draw(folder / "1b.png", 48, 64, "L")
    return folder


def stop_after(count):
    def progress(done, *_):
        if done == count:
            raise Stopped

    return progress


def undated(report):
    """A report without what a clock has told it."""
    models = tuple(msgspec.structs.replace(model, cost=None) for model in report.models)
    return msgspec.structs.replace(report, date="", seconds=0, cpu_seconds=0, models=models)


@pytest.mark.parametrize("film", [False, True])
@pytest.mark.parametrize("torn", [b"", b'{"item":{"name":"3.p'])
def test_killed_half_way_and_started_again(tmp_path, pictures, counted, random_model, film, torn):
    settings, draft = FAST._replace(film=film), tmp_path / "draft"
    whole = evaluate([random_model], pictures, "card", settings)
    counted.clear()
    with pytest.raises(Stopped):
        evaluate([random_model], pictures, "card", settings, draft=draft, progress=stop_after(4))
    begun = msgspec.json.decode(draft.read_bytes().splitlines()[0])["beginning"]
    draft.write_bytes(draft.read_bytes() + torn)
    again = evaluate([random_model], pictures, "card", settings, draft=draft)
    assert counted == ["0.png", "1.png", "2.png", "3.png"]
    assert undated(again) == undated(whole)
    assert (again.date, again.models[0].cost) == (begun["date"], begun["costs"]["2xRandom"])
    assert again.models[0].cost > 0
    assert len(again.faults) == 1
    if film:
        assert [item.figures["2xRandom"].flicker is None for item in again.items] == [True, False, True, False]


@pytest.mark.parametrize("change", ["settings", "picture", "name", "model", "rubbish"])
def test_what_has_changed_is_measured_anew(tmp_path, pictures, counted, draw, random_model, plain_model, change):
    draft, settings, models = tmp_path / "draft", FAST, [random_model]
    evaluate(models, pictures, "card", settings, draft=draft)
    counted.clear()
    expected = ["0.png", "1.png", "2.png", "3.png"]
    match change:
        case "settings":
            settings = FAST._replace(film=True)
        case "picture":
            draw(pictures / "2.png", 48, 64, seed=9)
            expected = ["2.png"]
        case "name":
            (pictures / "0.png").rename(pictures / "0a.png")
            expected[0] = "0a.png"
        case "model":
            models = [plain_model]
        case "rubbish":
            draft.write_bytes(b"rubbish\n")
    evaluate(models, pictures, "card", settings, draft=draft)
    assert counted == expected
