"""Curves of trainings: read from logs beside weights, drawn for each model."""

import json

from keyfill_extension.engine.evaluation.comparison.training_curves import (
    read_curves,
    training_charts,
    trainings_table,
)


def write_log(folder, network, rows):
    lines = [json.dumps(row) for row in rows]
    (folder / f"{network}.log.jsonl").write_text("\n".join(lines) + "\n")


def test_held_out_figures_are_read_with_their_minutes(tmp_path):
    write_log(tmp_path, "masked", [
        {"step": 50, "seconds": 30.0, "nll": 6.0},
        {"step": 100, "seconds": 60.0, "nll": 5.5, "val_nll": 5.0},
        {"step": 200, "seconds": 120.0, "nll": 5.1, "val_nll": 4.5},
    ])  # fmt: skip
    write_log(tmp_path, "tokenizer", [{"step": 9, "seconds": 90.0, "val_all_mm": 20.0}])
    assert read_curves(tmp_path) == {
        "val_nll": {"masked": [(1.0, 5.0), (2.0, 4.5)]},
        "val_all_mm": {"tokenizer": [(1.5, 20.0)]},
    }


def test_a_cut_line_and_the_predictor_of_lengths_are_passed_over(tmp_path):
    write_log(tmp_path, "gpt", [{"step": 9, "seconds": 60.0, "val_nll": 4.0}])
    with (tmp_path / "gpt.log.jsonl").open("a") as log:
        log.write('{"step": 10, "seco')
    write_log(tmp_path, "length", [{"step": 9, "seconds": 60.0, "val_nll": 3.0}])
    assert read_curves(tmp_path) == {"val_nll": {"gpt": [(1.0, 4.0)]}}


def test_a_resumed_run_goes_on_where_its_clock_stood(tmp_path):
    write_log(tmp_path, "masked", [
        {"step": 1, "seconds": 60.0, "val_nll": 5.0},
        {"step": 2, "seconds": 90.0},
        {"step": 3, "seconds": 30.0, "val_nll": 4.0},
        {"step": 4, "seconds": 60.0, "val_nll": 3.0},
    ])  # fmt: skip
    points = read_curves(tmp_path)["val_nll"]["masked"]
    assert points == [(1.0, 5.0), (2.0, 4.0), (2.5, 3.0)]


def test_a_network_of_stages_has_the_mean_of_its_stages(tmp_path):
    write_log(tmp_path, "residual", [
        {"step": 9, "seconds": 60.0, "val_nll_1": 4.0, "val_nll_2": 5.0, "val_accuracy_1": 0.1},
    ])  # fmt: skip
    write_log(tmp_path, "gpt", [{"seconds": 60.0, "val_nll": 4.0, "val_nll_base": 2.0}])
    assert read_curves(tmp_path) == {"val_nll": {"residual": [(1.0, 4.5)], "gpt": [(1.0, 4.0)]}}


def test_the_table_tells_first_best_and_last_figures():
    training = {"val_nll": {"masked": [[1.0, 5.0], [2.0, 4.25], [3.4, 4.5]]}}
    rows = trainings_table({"one": {"training": training}}).splitlines()
    assert rows[-1] == "| one, masked | 3 | 5 | 4.25 | 4.5 |"


def test_a_folder_without_logs_has_no_curves(tmp_path):
    assert read_curves(tmp_path) == {}


def test_each_models_networks_share_its_colour():
    models = [
        ("one", {"training": {"val_nll": {"masked": [[1.0, 5.0]], "upper": [[1.0, 4.0]]}}}),
        ("two", {"training": {"val_all_mm": {"tokenizer": [[1.0, 30.0]]}}}),
    ]
    charts = dict(training_charts(models))
    likelihood = charts["training-transformers"].lines
    assert [(line.name, line.colour, line.is_dashed) for line in likelihood] == [
        ("one, masked", 0, False), ("one, upper", 0, True),
    ]  # fmt: skip
    errors = charts["training-tokenizers"].lines
    assert [(line.name, line.colour, line.points) for line in errors] == [
        ("two, tokenizer", 1, ((1.0, 30.0),))
    ]
