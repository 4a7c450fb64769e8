"""What a request's typed words mean: images of the cloud, projects of the register, with the facts the policy judges by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.domain.errors import CloudRefusedError
from bot.domain.model import Actor, ImageFacts, ImageId, Person, ProjectFacts, ProjectId, Request
from bot.domain.parse import suggest
from bot.domain.plan import Pair
from bot.domain.policy import Policy
from bot.ports import Outside

LISTED = ("pending", "accepted")
"""Member states that count as shared; a rejected share may be offered again."""


@dataclass(frozen=True, kw_only=True)
class Unclear:
    """Words that mean nothing, or several things: what to tell the requester."""

    why: str


def find_projects(policy: Policy, refs: Sequence[str]) -> tuple[ProjectFacts, ...] | Unclear:
    """The projects of the register, each once; the register holds the only targets that exist."""
    found: dict[ProjectId, ProjectFacts] = {}
    problems: list[str] = []
    for ref in refs:
        project = policy.project(ref)
        if project is not None:
            found[project.id] = project
            continue
        near = suggest(ref, policy.project_names())
        problems.append(
            f"project {ref} is not in the register of the policy."
            + (f" Did you mean {near}?" if near else "")
        )
    return Unclear(why=" ".join(problems)) if problems else tuple(found.values())


async def find_images(outside: Outside, refs: Sequence[str]) -> tuple[ImageFacts, ...] | Unclear:
    """The images, each once, with their member lists read."""
    answers = await outside.cloud.find_images(refs)
    problems: list[str] = []
    found: dict[ImageId, ImageFacts] = {}
    unknown = [ref for ref in refs if not answers[ref]]
    names = await outside.cloud.image_names() if unknown else ()
    for ref in refs:
        images = answers[ref]
        if len(images) == 1:
            found[images[0].id] = images[0]
        elif images:
            ids = ", ".join(image.id for image in images)
            problems.append(f"{len(images)} images have the name {ref}; ask by id: {ids}.")
        else:
            near = suggest(ref, names)
            problems.append(
                f"there is no image {ref} in this region." + (f" Did you mean {near}?" if near else "")
            )
    if problems:
        return Unclear(why=" ".join(problems))
    return tuple([await with_members(outside, image) for image in found.values()])


async def look_up_pairs(outside: Outside, request: Request) -> tuple[Pair, ...] | Unclear:
    """Every image with every project that the request names, with their facts."""
    projects = find_projects(outside.policy(), request.project_refs)
    images = await find_images(outside, request.image_refs)
    unclear = [found.why for found in (images, projects) if isinstance(found, Unclear)]
    if isinstance(images, Unclear) or isinstance(projects, Unclear):
        return Unclear(why=" ".join(unclear))
    pairs = tuple((image, project) for image in images for project in projects)
    limit = outside.policy().limits.max_pairs
    if len(pairs) > limit:
        return Unclear(why=f"{len(pairs)} pairs are more than the {limit} the policy allows in one request.")
    return pairs


async def with_members(outside: Outside, image: ImageFacts) -> ImageFacts:
    """The image with `shared_with` read; left unknown when the cloud does not let us see the list."""
    try:
        members = await outside.cloud.members(image.id)
    except CloudRefusedError:
        return image
    return replace(image, shared_with=frozenset(m.project for m in members if m.status in LISTED))


async def refresh(outside: Outside, images: Sequence[ImageFacts]) -> tuple[ImageFacts, ...]:
    """The same images as they are now. One that is gone, or that the cloud refuses to show, keeps its name and loses every fact,
    so that the policy holds."""
    try:
        answers = await outside.cloud.find_images([image.id for image in images])
    except CloudRefusedError:
        answers = {}
    fresh: list[ImageFacts] = []
    for image in images:
        now = answers.get(image.id, ())
        fresh.append(await with_members(outside, now[0]) if now else ImageFacts(id=image.id, name=image.name))
    return tuple(fresh)


async def actor(outside: Outside, person: Person) -> Actor:
    """The person with the policy's groups they are in just now."""
    return await outside.people.actor(person, outside.policy().groups)
