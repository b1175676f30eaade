"""Tokens that let in once, and for how long a visit goes on."""

from __future__ import annotations

from agentcore_cli.local.page import VISIT_SECONDS
from agentcore_cli.local.page.visits import KEPT_MAX, TOKEN_SECONDS, Visits


class Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_token_is_taken_once() -> None:
    visits = Visits(Time())
    token = visits.invite()
    assert visits.begin(token) is not None
    assert visits.begin(token) is None


def test_a_token_that_is_too_old_is_not_taken() -> None:
    time = Time()
    visits = Visits(time)
    early, late = visits.invite(), visits.invite()
    time.now += TOKEN_SECONDS
    assert visits.begin(early) is not None
    time.now += 0.1
    assert visits.begin(late) is None
    time.now -= 0.1
    assert visits.begin(late) is None  # it was tried


def test_a_visit_is_known_by_both_secrets_and_ends() -> None:
    time = Time()
    visits = Visits(time)
    one, other = visits.begin(visits.invite()), visits.begin(visits.invite())
    assert one is not None
    assert other is not None
    assert visits.admits(one.cookie, one.secret)
    assert not visits.admits(one.cookie, other.secret)
    assert not visits.admits(other.cookie, one.secret)
    assert not visits.admits(one.secret, one.cookie)
    assert not visits.admits("", "")
    time.now += VISIT_SECONDS
    assert visits.admits(one.cookie, one.secret)
    time.now += 1
    assert not visits.admits(one.cookie, one.secret)


def test_what_nobody_can_have_made_is_refused() -> None:
    visits = Visits(Time())
    for token in ("", "a" * 43, "\ud800", "\x00" * 100, "é"):
        assert visits.begin(token) is None
        assert not visits.admits(token, token)


def test_the_oldest_make_room() -> None:
    visits = Visits(Time())
    first, *others = [visits.invite() for _ in range(KEPT_MAX + 1)]
    assert visits.begin(first) is None
    assert visits.begin(others[0]) is not None


def test_no_secret_is_kept_as_it_is() -> None:
    visits = Visits(Time())
    token = visits.invite()
    admission = visits.begin(visits.invite())
    assert admission is not None
    kept = repr(vars(visits))
    assert not any(secret in kept for secret in (token, admission.cookie, admission.secret))
    assert len({token, admission.cookie, admission.secret}) == 3
    assert min(map(len, (token, *admission))) >= 43  # of 64 letters each: 256 bits
