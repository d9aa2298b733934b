"""Published kinds of pipelines, small enough for a test: they have learnt nothing, but every class is the real one."""

from pathlib import Path
from typing import Any

import diffusers
import torch
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from storywright.critic import encoder

from . import conftest as tiny

_WINDOW = 16


def saved(kind: str, folder: Path) -> Path:
    """A pipeline of this kind in a folder: sd, turbo, lcm, xl, sd3, or sd3-16 with as many channels as a real one."""
    torch.manual_seed(0)
    pipeline = {"sd": _sd, "turbo": _turbo, "lcm": _lcm, "xl": _xl, "sd3": _sd3, "sd3-16": _sd3_16}[kind]()
    pipeline.save_pretrained(folder, safe_serialization=True)
    return folder


def adapter(folder: Path) -> Path:
    """An AnimateDiff adapter for the small pipeline sd."""
    torch.manual_seed(1)
    made = diffusers.MotionAdapter(
        block_out_channels=(16, 32), motion_layers_per_block=1, motion_norm_num_groups=8,
        motion_num_attention_heads=2, motion_max_seq_length=8,
    )  # fmt: skip
    made.save_pretrained(folder)
    return folder


def _sd(scheduler: Any = None, **unet: Any) -> Any:
    return diffusers.StableDiffusionPipeline(
        vae=_vae(),
        unet=_unet(cross_attention_dim=32, **unet),
        text_encoder=CLIPTextModel(_words()),
        tokenizer=_tokenizer(),
        scheduler=scheduler or diffusers.PNDMScheduler(skip_prk_steps=True, beta_schedule="scaled_linear"),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def _turbo() -> Any:
    return _sd(diffusers.EulerAncestralDiscreteScheduler(timestep_spacing="trailing"))


def _lcm() -> Any:
    return _sd(diffusers.LCMScheduler(), time_cond_proj_dim=8)


def _xl() -> Any:
    unet = _unet(
        cross_attention_dim=64, addition_embed_type="text_time", addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=6 * 8 + 32,
    )  # fmt: skip
    return diffusers.StableDiffusionXLPipeline(
        vae=_vae(),
        unet=unet,
        text_encoder=CLIPTextModel(_words()),
        text_encoder_2=CLIPTextModelWithProjection(_words()),
        tokenizer=_tokenizer(),
        tokenizer_2=_tokenizer(),
        scheduler=diffusers.EulerDiscreteScheduler(beta_schedule="scaled_linear", timestep_spacing="leading"),
    )


def _sd3_16() -> Any:
    return _sd3(channels=16)


def _sd3(channels: int = 4) -> Any:
    transformer = diffusers.SD3Transformer2DModel(
        sample_size=16, patch_size=2, in_channels=channels, out_channels=channels, num_layers=1, attention_head_dim=8,
        num_attention_heads=4, caption_projection_dim=32, joint_attention_dim=64, pooled_projection_dim=64,
    )  # fmt: skip
    return diffusers.StableDiffusion3Pipeline(
        vae=_vae(channels, shift_factor=0.06, use_quant_conv=False, use_post_quant_conv=False),
        transformer=transformer,
        text_encoder=CLIPTextModelWithProjection(_words()),
        text_encoder_2=CLIPTextModelWithProjection(_words()),
        text_encoder_3=None,
        tokenizer=_tokenizer(),
        tokenizer_2=_tokenizer(),
        tokenizer_3=None,
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0),
    )


def _unet(**values: Any) -> Any:
    return diffusers.UNet2DConditionModel(
        sample_size=32, in_channels=4, out_channels=4, block_out_channels=(16, 32), layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=2, norm_num_groups=8, **values,
    )  # fmt: skip


def _vae(latent_channels: int = 4, **values: Any) -> Any:
    return diffusers.AutoencoderKL(
        block_out_channels=(8, 16), down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2, latent_channels=latent_channels, norm_num_groups=4, **values,
    )  # fmt: skip


def _tokenizer() -> Any:
    return encoder.new_tokenizer(tiny.PROMPTS, vocabulary=700, window=_WINDOW)


def _words() -> CLIPTextConfig:
    tokenizer = _tokenizer()
    return CLIPTextConfig(
        hidden_size=32, intermediate_size=37, num_attention_heads=4, num_hidden_layers=2, projection_dim=32,
        vocab_size=len(tokenizer), max_position_embeddings=_WINDOW, bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
