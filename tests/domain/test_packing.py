"""Every pair is in exactly one call, no other pair in any, and the calls are as few as can be had."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.packing import fewest
from bot.domain.model import ImageId, ProjectId
from bot.domain.packing import Rectangle, pack

Pair = tuple[ImageId, ProjectId]


def pair(image: int, project: int) -> Pair:
    return ImageId(f"image-{image:04}"), ProjectId(f"project-{project:04}")


def grids(rows: int, columns: int) -> st.SearchStrategy[set[Pair]]:
    return st.sets(
        st.builds(pair, st.integers(0, rows - 1), st.integers(0, columns - 1)), max_size=rows * columns
    )


def held(rectangles: tuple[Rectangle, ...]) -> list[Pair]:
    return [(image, project) for each in rectangles for image in each.images for project in each.projects]


@given(grids(12, 12), st.integers(1, 5), st.integers(1, 5))
def test_every_pair_is_in_exactly_one_call_and_no_other_pair_in_any(
    pairs: set[Pair], max_images: int, max_projects: int
) -> None:
    """A pair too many would share what nobody approved; a pair twice would be done twice."""
    rectangles = pack(pairs, max_images=max_images, max_projects=max_projects)

    assert sorted(held(rectangles)) == sorted(pairs)
    for each in rectangles:
        assert 1 <= len(each.images) <= max_images
        assert 1 <= len(each.projects) <= max_projects


@given(grids(8, 8).flatmap(lambda pairs: st.tuples(st.permutations(sorted(pairs)), st.just(pairs))))
def test_the_order_of_the_pairs_does_not_matter(drawn: tuple[list[Pair], set[Pair]]) -> None:
    """After a crash the same lane must be cut into the same calls, or a pair could be sent in two of them."""
    shuffled, pairs = drawn
    rectangles = pack(shuffled + shuffled[:3], max_images=3, max_projects=4)

    assert rectangles == pack(pairs, max_images=3, max_projects=4)
    assert list(rectangles) == sorted(rectangles, key=lambda each: (each.images, each.projects))
    assert all(list(each.images) == sorted(each.images) for each in rectangles)
    assert all(list(each.projects) == sorted(each.projects) for each in rectangles)


@given(grids(4, 4), st.integers(1, 4), st.integers(1, 4))
def test_a_small_table_is_cut_into_the_fewest_calls(
    pairs: set[Pair], max_images: int, max_projects: int
) -> None:
    """Each call is a job to watch and part of the quota: too many of them is what overloads the bot."""
    rectangles = pack(pairs, max_images=max_images, max_projects=max_projects)

    assert len(rectangles) == fewest(pairs, max_images, max_projects)


def test_a_full_table_takes_as_many_calls_as_the_limits_ask() -> None:
    """The common request: everything to everywhere."""
    pairs = [pair(i, p) for i in range(12) for p in range(100)]

    assert len(pack(pairs, max_images=10, max_projects=100)) == 2
    assert len(pack(pairs, max_images=10, max_projects=50)) == 4
    assert len(pack([pair(i, 0) for i in range(1200)], max_images=10, max_projects=100)) == 120
    assert pack([], max_images=10, max_projects=100) == ()


def test_a_few_holes_in_a_large_table_cost_a_few_calls() -> None:
    """Some pairs are shared already or need other approvals; the rest must not fall apart into single
    calls."""
    holes = {pair(i, i) for i in range(3)}
    pairs = {pair(i, p) for i in range(10) for p in range(120)} - holes

    rectangles = pack(pairs, max_images=10, max_projects=200)

    assert sorted(held(rectangles)) == sorted(pairs)
    assert len(rectangles) == 4


def test_teams_with_lists_of_their_own_share_no_call_and_lose_none() -> None:
    """Parts without a common image or project are cut apart, each at its best."""
    pairs = {
        pair(10 * team + i, 10 * team + p) for team in range(6) for i in range(4) for p in range(4) if i != p
    }

    rectangles = pack(pairs, max_images=10, max_projects=100)

    assert sorted(held(rectangles)) == sorted(pairs)
    assert len(rectangles) == 6 * fewest({each for each in pairs if each < pair(9, 0)}, 4, 4)


def test_the_largest_requests_are_still_cut_exactly() -> None:
    """1,200 pairs without any pattern, and a staircase where every row differs: the ways for large tables
    hold, too."""
    spread = {pair(n * 7919 % 240, n * 104729 % 97 % 10) for n in range(2400)}
    stairs = {pair(i, p) for i in range(48) for p in range(i + 1)}

    for pairs in (spread, stairs):
        rectangles = pack(pairs, max_images=10, max_projects=100)
        assert sorted(held(rectangles)) == sorted(pairs)
        assert len(rectangles) <= len({image for image, _ in pairs})


@pytest.mark.parametrize(("max_images", "max_projects"), [(0, 1), (1, 0)])
def test_a_limit_that_lets_nothing_through_is_refused(max_images: int, max_projects: int) -> None:
    """Better a loud error than an endless search."""
    with pytest.raises(ValueError, match="at least one"):
        pack([pair(1, 1)], max_images=max_images, max_projects=max_projects)
