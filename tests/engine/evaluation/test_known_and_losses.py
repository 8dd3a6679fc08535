"""`known` against passing, and what other words lose: figures with known answers."""

import json

import pytest
from keyfill_extension.engine.evaluation import run
from keyfill_extension.engine.evaluation.checks.measures import Body
from keyfill_extension.engine.evaluation.prompts.known import FAR_MISSES, NEAR_MISSES, SERVED
from keyfill_extension.engine.evaluation.prompts.spellings import SPELLINGS
from keyfill_extension.engine.evaluation.prompts.subjects import ACTIONS, NEUTRAL, SUBJECTS
from keyfill_extension.engine.evaluation.scores.baseline import CaptionBaseline
from keyfill_extension.engine.evaluation.scores.known_scores import (
    area_under_curve,
    known_of,
    known_table,
    reliability,
    score_known,
)
from keyfill_extension.engine.evaluation.scores.losses import (
    lost_by_spelling,
    lost_by_subject,
    lost_table,
)
from keyfill_extension.engine.text_encoder import FakeTextEncoder

from ..small_corpus import write_small_corpus
from .actions import clap, stand
from .real_clips import real_clip
from .test_scores import ClappingEngine


class KnowingEngine(ClappingEngine):
    """Claps when asked to, and says that it knows claps only."""

    def known(self, prompt: str) -> float:
        return 0.9 if "applau" in prompt or "clap" in prompt else 0.1


def test_the_area_is_the_chance_that_what_passed_was_known_better():
    assert area_under_curve([0.9, 0.8, 0.2, 0.1], [True, True, False, False]) == 1.0
    assert area_under_curve([0.9, 0.8, 0.2, 0.1], [False, False, True, True]) == 0.0
    assert area_under_curve([0.9, 0.3, 0.5, 0.1], [True, True, False, False]) == 0.75


def test_equal_values_count_half():
    assert area_under_curve([0.5, 0.5, 0.5], [True, False, False]) == 0.5


def test_there_is_no_area_where_all_passed_or_none():
    assert area_under_curve([0.1, 0.2], [True, True]) is None
    assert area_under_curve([0.1, 0.2], [False, False]) is None


def test_reliability_compares_what_was_said_with_what_passed():
    rows = reliability([0.05, 0.95, 0.97, 1.0, -0.2], [False, True, False, True, False])

    assert [(row["from"], row["count"], row["passed"]) for row in rows] == [
        (0.0, 2, 0.0),
        (0.9, 3, pytest.approx(2 / 3)),
    ]
    assert rows[1]["mean"] == pytest.approx((0.95 + 0.97 + 1.0) / 3)


def test_an_engines_own_known_is_found_by_its_name():
    assert known_of(ClappingEngine()) is None
    assert known_of(KnowingEngine())("a person claps") == 0.9


def test_what_cannot_be_served_counts_as_not_passed():
    takes = {
        prompt.text: [Body.from_clip(clap() if prompt.checks == ("claps",) else stand())]
        for prompt in SERVED
    }

    scores = score_known({"known": KnowingEngine().known}, takes)

    own = scores["functions"]["known"]
    # One of 60 served prompts passes; "claps the feet together" is said to be known and is not.
    assert scores["pass_rate"] == pytest.approx(1 / 60)
    assert own["auc"] == pytest.approx((118 + 0.5) / 119)
    assert own["auc_near"] == pytest.approx((88 + 0.5) / 89)
    assert own["auc_far"] == pytest.approx(1.0)
    assert len(scores["rows"]) == 60 + len(NEAR_MISSES) + len(FAR_MISSES)
    assert "| known | 1.00 | 0.99 | 1.00 |" in known_table(scores)


def test_the_cosine_of_the_nearest_caption_is_one_for_a_caption():
    clips = (real_clip("a", clap(), "a person claps"), real_clip("b", stand(), "nothing moves"))
    baseline = CaptionBaseline(FakeTextEncoder(), clips)

    assert baseline.cosine("nothing moves") == pytest.approx(1.0, abs=1e-5)
    assert baseline.cosine("an unheard-of violin") < 0.999


@pytest.mark.parametrize(
    ("engine", "names"),
    [
        (ClappingEngine, ["cosine of the nearest caption"]),
        (KnowingEngine, ["known", "cosine of the nearest caption"]),
    ],
)
def test_the_command_measures_known_beside_the_cosine(tmp_path, monkeypatch, engine, names):
    monkeypatch.setattr(run, "load_engine", lambda weights, device: engine())
    monkeypatch.setattr(run, "load_text_encoder", lambda name: FakeTextEncoder())
    corpus = write_small_corpus(tmp_path / "corpus")
    report, page = tmp_path / "known.json", tmp_path / "known.md"

    words = ["known", "--corpus", str(corpus), "--out", str(report), "--markdown", str(page)]
    assert run.main(words) == 0

    written = json.loads(report.read_text())
    assert list(written["functions"]) == names
    assert page.read_text().startswith("# Known\n\n## Known against passing")


def test_subjects_lose_what_a_person_gets_right():
    actions = [action for action, _, _ in ACTIONS]
    verdicts = {f"{NEUTRAL} {action}": [True, True] for action in actions}
    verdicts |= {
        f"{subject} {action}": [subject != "a zombie", action != "waves"]
        for subject in SUBJECTS for action in actions
    }  # fmt: skip

    lost = lost_by_subject(verdicts)

    assert lost["plain"] == 1.0
    assert lost["by"]["a zombie"] == pytest.approx(100 * 13 / 24)
    assert lost["by"]["a robot"] == pytest.approx(100 * 1 / 24)
    assert lost["by_action"]["waves"] == pytest.approx(100 * 13 / 24)
    assert lost["lost_points"] == pytest.approx(100 * (13 + 11) / (24 * 12))
    assert "| model | 100% | 92% | +8.3 |" in lost_table("subjects", lost, {})


def test_a_manner_is_compared_on_the_prompts_that_have_it():
    verdicts = {}
    for number, (_, _, (plain, further)) in enumerate(SPELLINGS):
        verdicts[plain] = [number % 2 == 0]
        verdicts |= {text: [number % 2 == 0 and manner != "typo"]
                     for manner, text in further.items()}  # fmt: skip

    lost = lost_by_spelling(verdicts)

    assert lost["by"]["casing"] == 0.0
    assert lost["by"]["British or American"] == 0.0
    assert lost["by"]["typo"] == pytest.approx(100 * 8 / 15)
    assert lost["lost_points"] == pytest.approx(100 * 8 / 96)
