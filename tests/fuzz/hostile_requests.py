"""Hostile requests with what is right to answer to each, made from a seed.

make_case(seed, number, target) is a pure function: a case that failed can be made again from its seed and number.
Each family, in the files hostile_*.py, knows by construction which statuses are right. Where the contract leaves room,
the set has more than one; a 5xx is never in it.
"""

import random

# In this order: which families a storm of a seed has depends on it.
import hostile_contents  # noqa: F401
import hostile_headers  # noqa: F401
import hostile_targets  # noqa: F401
import hostile_framing  # noqa: F401
from hostile_cases import FAMILIES, Case

WEIGHTS = [weight for weight, _ in FAMILIES]
FUNCTIONS = [function for _, function in FAMILIES]


def make_case(seed, number, target):
    # Every family comes up early, so that a short run is a fair sample.
    r = random.Random(f"{seed}:{number}")
    function = FUNCTIONS[number] if number < len(FUNCTIONS) else r.choices(FUNCTIONS, WEIGHTS)[0]
    case = function(target, r)
    return Case(case.family, case.data, case.answers, case.end, case.half_close, number)
