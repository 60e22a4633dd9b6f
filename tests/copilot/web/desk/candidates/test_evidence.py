from copilot.web.desk.candidates.evidence import read_evidence


def test_a_part_that_cannot_be_read_is_named_and_the_rest_is_kept() -> None:
    raw = {"n": 7, "outcomes": {"conversion": {"effect": "large"}}, "segments": "none", "something": "else"}
    evidence, unreadable = read_evidence(raw)
    assert (evidence.n, evidence.outcomes, evidence.segments) == (7, {}, [])
    assert unreadable == ["outcomes", "segments"]


def test_no_evidence_is_read_as_none() -> None:
    evidence, unreadable = read_evidence({})
    assert (evidence.n, evidence.effect, evidence.verdict, unreadable) == (None, None, "", [])
