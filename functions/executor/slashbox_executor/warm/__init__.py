"""Warm parents: clean interpreters that have imported what runs need; each run is forked from one.

A parent holds nothing secret and never runs a user's code itself. The executor's side is `parents` and
`parent`; `zygote`, `spare` and `preload` run inside the parent; `wire` is what the two say to each other.
"""
