"""What is compared, on one round; how fast it is here is nobody's business."""

from pathlib import Path

import pytest
from rich.console import Console

from bench.training import OBJECTIVES, measure, table_of


@pytest.mark.slow
def test_both_orders_of_work_take_the_same_loss(tmp_path: Path) -> None:
    rates, difference = measure(tmp_path, num_rounds=1)
    assert rates.keys() == {"published", *OBJECTIVES}
    assert min(rates.values()) > 0
    assert difference < 1e-5
    console = Console(width=120, record=True)
    console.print(table_of(rates, difference))
    assert all(name in console.export_text(clear=False) for name in rates)
