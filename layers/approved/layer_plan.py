"""Decides what goes into the layer: most used first, each with all that it requires, while it fits."""

from collections.abc import Mapping, Sequence

from layers.approved.lockfile import Lock

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: code and layers together, unzipped.
LAMBDA_BYTES = 250 * 1024 * 1024
# Room for the function's own code, the manifest and what grows between two builds.
RESERVED_BYTES = 8 * 1024 * 1024


def plan_layer(
    lock: Lock,
    order: Sequence[str],
    sizes: Mapping[str, int],
    *,
    always: Sequence[str] = (),
    budget_bytes: int = LAMBDA_BYTES - RESERVED_BYTES,
) -> frozenset[str]:
    """The layer's distributions, closed under requirement.

    `order` are distributions by use; `sizes` are unpacked bytes with byte code: one that has no size is left
    out, with whatever requires it. `always` goes in whatever it weighs (the core). A package that does not
    fit is passed over, and smaller ones after it still get their chance.
    """
    chosen = lock.closure(always)
    used = sum(sizes.get(name, 0) for name in chosen)
    for name in order:
        added = lock.closure([name]) - chosen
        if not all(part in sizes for part in added):
            continue
        cost = sum(sizes[part] for part in added)
        if used + cost <= budget_bytes:
            chosen |= added
            used += cost
    return frozenset(chosen)
