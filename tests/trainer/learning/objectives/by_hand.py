"""The losses once more, photo by photo in plain loops, as their papers write them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float64]
Labels = Sequence[int]


def softmax_share(wanted: float, others: Sequence[float]) -> float:
    """-log of the share of ``wanted`` among itself and ``others``."""
    return math.log(math.exp(wanted) + sum(math.exp(other) for other in others)) - wanted


def supcon(e: Vectors, labels: Labels, temperature: float, weights: Sequence[float] | None = None) -> float:
    w = weights or [1.0] * len(labels)
    total = counted = 0.0
    for a in range(len(labels)):
        others = [k for k in range(len(labels)) if k != a]
        # A photo of weight 0 is neither a positive nor a negative where its label says it is a positive.
        others = [k for k in others if labels[k] != labels[a] or w[k] > 0]
        positives = [k for k in others if labels[k] == labels[a]]
        if not positives or not w[a]:
            continue
        terms = [
            softmax_share(e[a] @ e[p] / temperature, [e[a] @ e[k] / temperature for k in others if k != p])
            for p in positives
        ]
        total += (
            w[a] * sum(w[p] * term for p, term in zip(positives, terms, strict=True)) / sum(w[p] for p in positives)
        )
        counted += w[a]
    return total / counted


def nt_xent(e: Vectors, labels: Labels, temperature: float, weights: Sequence[float] | None = None) -> float:
    w = weights or [1.0] * len(labels)
    total = counted = 0.0
    for a in range(len(labels)):
        negatives = [e[a] @ e[n] / temperature for n in range(len(labels)) if labels[n] != labels[a]]
        for p in range(len(labels)):
            if p != a and labels[p] == labels[a] and negatives:
                total += w[a] * w[p] * softmax_share(e[a] @ e[p] / temperature, negatives)
                counted += w[a] * w[p]
    return total / counted


def triplets_of(labels: Labels) -> list[tuple[int, int, int]]:
    every = range(len(labels))
    return [
        (a, p, n)
        for a in every
        for p in every
        for n in every
        if a != p and labels[a] == labels[p] and labels[a] != labels[n]
    ]


def distance(a: Vectors, b: Vectors) -> float:
    return float(np.linalg.norm(a - b))


def triplet(
    e: Vectors,
    triplets: Sequence[tuple[int, int, int]],
    margin: float,
    *,
    only_above_zero: bool,
    weights: Sequence[float] | None = None,
) -> float:
    total = counted = 0.0
    for a, p, n in triplets:
        loss = max(0.0, distance(e[a], e[p]) - distance(e[a], e[n]) + margin)
        weight = 1.0 if weights is None else weights[a] * weights[p] * weights[n]
        if loss or not only_above_zero:
            total, counted = total + weight * loss, counted + weight
    return total / counted


def contrastive(e: Vectors, labels: Labels, margin: float, weights: Sequence[float] | None = None) -> float:
    kinds: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
    for a in range(len(labels)):
        for b in range(len(labels)):
            if a == b:
                continue
            same = labels[a] == labels[b]
            loss = distance(e[a], e[b]) if same else max(0.0, margin - distance(e[a], e[b]))
            if loss:
                kinds[same].append((loss, 1.0 if weights is None else weights[a] * weights[b]))
    return sum(sum(x * w for x, w in kind) / sum(w for _, w in kind) for kind in kinds.values())


def multi_similarity(
    e: Vectors, labels: Labels, margin: float, temperature: float, weights: Sequence[float] | None = None
) -> float:
    w = weights or [1.0] * len(labels)
    alpha, beta, total = 2.0, 1 / temperature, 0.0
    for a in range(len(labels)):
        positives = [e[a] @ e[k] for k in range(len(labels)) if k != a and labels[k] == labels[a]]
        negatives = [e[a] @ e[k] for k in range(len(labels)) if labels[k] != labels[a]]
        pull = math.log(1 + sum(math.exp(-alpha * (s - margin)) for s in positives)) / alpha
        push = math.log(1 + sum(math.exp(beta * (s - margin)) for s in negatives)) / beta
        total += w[a] * (pull + push)
    return total / sum(w)


def n_pair(e: Vectors, labels: Labels, temperature: float, weights: Sequence[float] | None = None) -> float:
    queues = {label: [k for k in range(len(labels)) if labels[k] == label] for label in sorted(set(labels))}
    total = counted = 0.0
    while len(pairs := [(queue.pop(0), queue.pop(0)) for queue in queues.values() if len(queue) > 1]) > 1:
        for a, p in pairs:
            others = [e[a] @ e[q] / temperature for _, q in pairs if q != p]
            weight = 1.0 if weights is None else weights[a]
            total += weight * softmax_share(e[a] @ e[p] / temperature, others)
            counted += weight
    return total / counted


def unit(vectors: Vectors) -> Vectors:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def proxy_anchor(e: Vectors, labels: Labels, proxies: Vectors, margin: float, temperature: float) -> float:
    alpha, proxies = 1 / temperature, unit(proxies)
    pull = push = 0.0
    present = set(labels)
    for proxy in range(len(proxies)):
        own = [e[k] @ proxies[proxy] for k in range(len(labels)) if labels[k] == proxy]
        other = [e[k] @ proxies[proxy] for k in range(len(labels)) if labels[k] != proxy]
        pull += math.log(1 + sum(math.exp(-alpha * (s - margin)) for s in own)) if own else 0.0
        push += math.log(1 + sum(math.exp(alpha * (s + margin)) for s in other))
    return pull / len(present) + push / len(proxies)


def arcface(
    e: Vectors,
    labels: Labels,
    centres: NDArray[np.float64],
    margin: float,
    temperature: float,
    weights: Sequence[float] | None = None,
) -> float:
    """``centres`` [labels, centres of each, d]."""
    w = weights or [1.0] * len(labels)
    total = 0.0
    for k, label in enumerate(labels):
        cosines = [max(float(e[k] @ centre) for centre in unit(own)) for own in centres]
        angle = math.acos(cosines[label])
        # Beyond 180 degrees the cosine would rise again; a straight line goes on from there.
        right = math.cos(angle + margin) if angle + margin <= math.pi else cosines[label] - margin * math.sin(margin)
        others = [c / temperature for other, c in enumerate(cosines) if other != label]
        total += w[k] * softmax_share(right / temperature, others)
    return total / sum(w)
