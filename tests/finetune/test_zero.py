"""What of DeepSpeed's settings holds; that it trains as one process does is in test_processes."""

from __future__ import annotations

import copy

import pytest
from accelerate.utils import DeepSpeedPlugin
from accelerate.utils.deepspeed import HfDeepSpeedConfig

from codeshift.errors import ParameterError
from codeshift.finetune import TrainingConfig
from codeshift.finetune.zero import check_settings, configured, uses_deepspeed

PLAIN = {"zero_optimization": {"stage": 2}, "gradient_clipping": "auto", "bf16": {"enabled": False}}


@pytest.mark.parametrize(
    ("settings", "config", "message"),
    [
        ({"zero_optimization": {"stage": 0}}, {}, "zero_optimization.stage must be 1, 2 or 3, got 0: without ZeRO"),
        ({"zero_optimization": {"stage": 3}}, {"l2_sp": 0.1}, "l2_sp must be 0 in ZeRO's stage 3, got 0.1"),
        (
            {"zero_optimization": {"stage": 3, "offload_param": {"device": "nvme"}}},
            {},
            "offload_param.device must be none or cpu, got 'nvme'",
        ),
        ({"optimizer": {"type": "Adam"}}, {}, "optimizer must be absent"),
        ({"scheduler": {"type": "WarmupLR"}}, {}, "scheduler must be absent"),
        ({"torch_autocast": {"enabled": True}}, {}, "torch_autocast must be absent"),
        ({"fp16": {"enabled": True}}, {}, "fp16.enabled must be 'auto', false or absent, got True"),
        ({"bf16": {"enabled": True}}, {"precision": "bf16"}, "bf16.enabled must be 'auto', false or absent, got True"),
        (
            {"gradient_clipping": 1.0},
            {"max_grad_norm": None},
            "gradient_clipping must be max_grad_norm .0.0. or 'auto'",
        ),
        ({"gradient_clipping": 0.5}, {}, "gradient_clipping must be max_grad_norm .1.0. or 'auto', got 0.5"),
        ({}, {"precision": "fp16"}, "precision must be fp32 or bf16 with DeepSpeed, got 'fp16'"),
        ({}, {"weights": "bf16"}, "weights must be fp32 with DeepSpeed, got 'bf16'"),
    ],
)
def test_what_cannot_hold_is_refused(settings, config, message):
    """Where DeepSpeed's file and the TrainingConfig disagree, an error names both and the way out."""
    with pytest.raises(ParameterError, match=message):
        check_settings(PLAIN | settings, TrainingConfig(**config))


@pytest.mark.parametrize("stage", [1, 2, 3])
@pytest.mark.parametrize("clipping", ["auto", 1.0, None])
def test_what_agrees_is_taken(stage, clipping):
    """All stages, with clipping as the config has it, left to it, or not named."""
    settings = PLAIN | {"zero_optimization": {"stage": stage}, "gradient_clipping": clipping}
    check_settings({name: value for name, value in settings.items() if value is not None}, TrainingConfig())


def test_settings_of_a_run_end_with_it():
    """Inside, what the loop needs stands beside what the file says; afterwards the file's own settings do."""
    given = PLAIN | {"train_batch_size": "auto", "gradient_accumulation_steps": 4, "communication_data_type": "fp32"}
    plugin = DeepSpeedPlugin(hf_ds_config=HfDeepSpeedConfig(given))
    before = copy.deepcopy(plugin.deepspeed_config)
    with configured(plugin, TrainingConfig(max_grad_norm=0.7, precision="bf16")):
        inside = plugin.deepspeed_config
        assert plugin.get_value("gradient_clipping") == 0.7
        assert (
            plugin.get_value("gradient_accumulation_steps") == plugin.get_value("train_micro_batch_size_per_gpu") == 1
        )
        assert plugin.get_value("communication_data_type") == "fp32"
        assert plugin.get_value("torch_autocast.dtype") == "bfloat16"
        assert "train_batch_size" not in inside
    assert plugin.deepspeed_config == before
    assert plugin.hf_ds_config.config is plugin.deepspeed_config
    with configured(plugin, TrainingConfig(max_grad_norm=None)):
        assert plugin.get_value("gradient_clipping") == 0.0
        assert plugin.get_value("torch_autocast") is None


def test_the_launcher_says_whether(monkeypatch):
    """``accelerate launch --use_deepspeed`` sets this variable."""
    assert not uses_deepspeed()
    monkeypatch.setenv("ACCELERATE_USE_DEEPSPEED", "true")
    assert uses_deepspeed()
