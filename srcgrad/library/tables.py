"""Dicts with keys known only at run time: a list of the keys and one of the values, searched from the last key."""

from __future__ import annotations


def place_of(keys, key):
    """Return where a key stands among others; their number where it does not."""
    place = len(keys)
    for i in range(len(keys) - 1, -1, -1):
        if keys[i] == key:
            place = i
            break
    return place


def place_of_pair(keys, others, key, other):
    """Return where a key of two parts stands among others; their number where it does not."""
    place = len(keys)
    for i in range(len(keys) - 1, -1, -1):
        if keys[i] == key and others[i] == other:
            place = i
            break
    return place


def found_at(keys, key):
    """Return where a key stands that has to be there."""
    place = place_of(keys, key)
    if place == len(keys):
        raise KeyError("no such key")
    return place


def found_at_pair(keys, others, key, other):
    """Return where a key of two parts stands that has to be there."""
    place = place_of_pair(keys, others, key, other)
    if place == len(keys):
        raise KeyError("no such key")
    return place


def value_or(keys, values, key, otherwise):
    """Return the value of a key, or what there is instead where it is not there."""
    place = place_of(keys, key)
    value = otherwise
    if place < len(keys):
        value = values[place]
    return value


def value_or_pair(keys, others, values, key, other, otherwise):
    """Return the value of a key of two parts, or what there is instead where it is not there."""
    place = place_of_pair(keys, others, key, other)
    value = otherwise
    if place < len(keys):
        value = values[place]
    return value


def first_place(items, value):
    """Return where a value first stands in a list that has it."""
    place = -1
    for i in range(len(items)):
        if items[i] >= value and items[i] <= value:  # to find a place is no step: nothing warns of it
            place = i
            break
    if place < 0:
        raise ValueError("no such item in the list")
    return place


def times_in(items, value):
    """Return how often a value stands in a list."""
    times = 0
    for i in range(len(items)):
        if items[i] >= value and items[i] <= value:
            times += 1
    return times
