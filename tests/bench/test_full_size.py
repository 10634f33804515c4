"""What is compared at full size, on tiny models; how fast these are is nobody's business."""

import pytest
import torch
from rich.console import Console

from bench.full_clips import DIFFERENCES, WAYS, Cost, compare_precisions, cost_of, measure
from bench.full_size import (
    DTYPES,
    StepCost,
    clip_table,
    clips_reach,
    difference_table,
    step_costs,
    step_table,
    steps_reach,
)


def printed(table: object) -> str:
    console = Console(width=160, record=True)
    console.print(table)
    return console.export_text()


def test_both_precisions_are_compared_with_stock_in_fp32() -> None:
    steps = step_costs("tiny", num_rounds=1)
    assert steps.keys() == {f"{who}, {name}" for who in ("stock", "ours") for name in DTYPES}
    assert steps["stock, fp32"].difference == 0
    assert steps["ours, fp32"].difference < 1e-5
    assert 1e-4 < steps["ours, bf16"].difference < 0.2
    assert 0 < steps["ours, fp32"].work < steps["stock, fp32"].work, "what is shared is not done twice"
    text = printed(step_table(steps, dict.fromkeys(DTYPES, 1e12)))
    assert all(name in text for name in steps)


def test_the_work_of_attention_is_counted() -> None:
    from bench.full_size import work_of

    query = torch.zeros(1, 2, 8, 4)
    product = work_of(lambda: query @ query.mT)
    assert product == 2 * 2 * 8 * 8 * 4
    assert work_of(lambda: torch.nn.functional.scaled_dot_product_attention(query, query, query)) == 2 * product


@pytest.mark.parametrize("way", WAYS)
def test_every_way_makes_a_clip(way: str) -> None:
    cost = cost_of(way, "tiny", 3)
    assert torch.get_default_dtype() is torch.float32
    assert min(cost.step_s, cost.memory_gb) > 0
    assert cost.seconds(10) == pytest.approx(cost.rest_s + 10 * cost.step_s)
    assert cost.num_steps == WAYS[way][0]


def test_a_way_has_a_process_of_its_own() -> None:
    cost = measure("ours", "tiny", 3)
    assert "ours" in printed(clip_table({"stock": cost, "ours": cost}, 3))


def test_precisions_differ_and_not_by_much() -> None:
    found = compare_precisions("tiny", 3)
    assert found.keys() == {"latents", "mel"}
    assert all(1e-4 < share < 0.2 for share in found.values())
    assert "mel" in printed(difference_table(found))
    assert DIFFERENCES not in WAYS


def test_goals_are_held_against_what_was_measured() -> None:
    steps = {"stock, bf16": StepCost(1.4, 2.8, 1e12, 0), "ours, bf16": StepCost(1.0, 2.0, 1e12, 0)}
    assert steps_reach(steps, {"bf16": 1.8e12}) == [True, True]
    assert steps_reach(steps, {"bf16": 1.9e12}) == [True, False]
    stock, ours = Cost(2.0, 0.0, 200, 6.0), Cost(1.0, 0.0, 20, 3.0)
    assert clips_reach({"stock": stock, "ours": ours}) == [True, True]
    assert clips_reach({"stock": Cost(1.9, 0.0, 200, 5.9), "ours": ours}) == [False, False]
