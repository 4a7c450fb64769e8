"""What the bot is made of, as CycloneDX 1.6: `python -m tools.bill_of_materials [OUTPUT]`.

Made from requirements/run.txt alone (names, versions, hashes, who needs whom) and from the licences that the installed packages
of exactly those versions state. The same input gives the same bytes: no time but SOURCE_DATE_EPOCH, and a serial number that is
derived from the content. Neither this machine nor any package index is named in it.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
import tomllib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.dependency import Dependency
from cyclonedx.model.license import License
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

ROOT = Path(__file__).parents[1]
OUTPUT = "build/imagebot.cdx.json"
DIRECT = "-r requirements/run.in"
_PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)(?:\s*;\s*(?P<marker>[^\\]+?))?\s*\\?$")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True, kw_only=True)
class Pin:
    """One package of the lock file."""

    name: str
    version: str
    marker: str
    """Where it is installed at all, such as sys_platform == 'win32'; empty: everywhere."""
    hashes: tuple[str, ...]
    """SHA-256 of every file that may be installed."""
    wanted_by: tuple[str, ...]
    """Names of packages, or DIRECT."""


def pins(text: str) -> list[Pin]:
    """The packages of a lock file with hashes, in its order. Raises ValueError for a line that it does not understand."""
    found: list[Pin] = []
    for block in re.split(r"\n(?=\S)", text.strip()):
        head, *rest = block.splitlines()
        if head.startswith("#"):
            continue
        match = _PIN.match(head)
        if match is None:
            raise ValueError(f"not a pinned package: {head}")
        below = "\n".join(rest)
        hashes = tuple(sorted(_HASH.findall(below)))
        if not hashes:
            raise ValueError(f"{match['name']} has no hash")
        comments = [line.strip().lstrip("#").strip() for line in rest if line.strip().startswith("#")]
        wanted = tuple(
            sorted(word.removeprefix("via").strip() for word in comments if word not in ("via", ""))
        )
        found.append(
            Pin(
                name=match["name"],
                version=match["version"],
                marker=(match["marker"] or "").strip(),
                hashes=hashes,
                wanted_by=wanted,
            )
        )
    return found


def bill(
    packages: Sequence[Pin],
    project: Mapping[str, str],
    licences: Mapping[str, str],
    *,
    epoch: int | None = None,
) -> str:
    """The bill as JSON. `project` has name, version, description and license; `licences` are SPDX expressions or names by
    package; `epoch` is the time to put into it, in seconds."""
    root = Component(
        name=project["name"],
        version=project["version"],
        description=project["description"],
        type=ComponentType.APPLICATION,
        bom_ref=project["name"],
        licenses=_licence(project["license"]),
    )
    bom = Bom(components=[_component(pin, licences.get(pin.name, "")) for pin in packages])
    bom.metadata.component = root
    bom.metadata.timestamp = datetime.fromtimestamp(epoch, tz=UTC) if epoch is not None else None  # type: ignore[assignment]
    bom.dependencies = _dependencies(root, bom.components, packages)
    bom.serial_number = _serial(packages, project, licences)
    return JsonV1Dot6(bom).output_as_string(indent=2) + "\n"


def _component(pin: Pin, licence: str) -> Component:
    purl = PackageURL("pypi", None, pin.name.lower().replace("_", "-"), pin.version)
    hashes = [HashType(alg=HashAlgorithm.SHA_256, content=one) for one in pin.hashes]
    files = ExternalReference(
        type=ExternalReferenceType.DISTRIBUTION,
        url=XsUri(purl.to_string()),
        comment="the hash of each file that may be installed",
        hashes=hashes,
    )
    return Component(
        name=pin.name,
        version=pin.version,
        type=ComponentType.LIBRARY,
        bom_ref=pin.name,
        purl=purl,
        description=f"only where {pin.marker}" if pin.marker else None,
        external_references=[files],
        licenses=_licence(licence) if licence else None,
    )


def _licence(text: str) -> list[License]:
    return [LicenseFactory().make_from_string(text)]


def _dependencies(
    root: Component, components: Iterable[Component], packages: Sequence[Pin]
) -> list[Dependency]:
    refs = {component.name: component.bom_ref for component in components} | {DIRECT: root.bom_ref}
    wants: dict[str, list[Dependency]] = {name: [] for name in refs}
    for pin in packages:
        for who in pin.wanted_by:
            wants[who].append(Dependency(ref=refs[pin.name]))
    return [Dependency(ref=refs[name], dependencies=needed) for name, needed in wants.items()]


def _serial(packages: Sequence[Pin], project: Mapping[str, str], licences: Mapping[str, str]) -> uuid.UUID:
    content = repr((list(packages), sorted(project.items()), sorted(licences.items())))
    return uuid.UUID(bytes=hashlib.sha256(content.encode()).digest()[:16], version=4)


def stated_licences(packages: Sequence[Pin]) -> dict[str, str]:
    """What the installed packages say of their licence, by name; of those only that are of the pinned version."""
    found = {}
    for pin in packages:
        try:
            about = metadata.metadata(pin.name)
        except metadata.PackageNotFoundError:
            continue
        said = _said(about) if about["Version"] == pin.version else ""
        if said:
            found[pin.name] = said
    return found


def _said(about: metadata.PackageMetadata) -> str:
    def all_of(key: str) -> list[str]:
        return [str(one) for one in about.get_all(key) or ()]

    short = [one for one in all_of("License") if 0 < len(one) <= 60]
    classes = [one.rpartition(" :: ")[2] for one in all_of("Classifier") if one.startswith("License ::")]
    return next((" ".join(one.split()) for one in (*all_of("License-Expression"), *short, *classes)), "")


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Writes the bill and says where it is."""
    packages = pins((ROOT / "requirements/run.txt").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    about = {key: str(project[key]) for key in ("name", "version", "description", "license")}
    epoch = environ.get("SOURCE_DATE_EPOCH", "")
    text = bill(packages, about, stated_licences(packages), epoch=int(epoch) if epoch.isdigit() else None)
    path = Path(arguments[0] if arguments else OUTPUT)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    print(f"{path}: {len(packages)} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
