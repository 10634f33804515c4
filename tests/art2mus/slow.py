"""What the published Art2Mus does, written out step by step: one item, no cache, no batches."""

from __future__ import annotations

from typing import Any

import torch
from diffusers import DDIMScheduler
from torch.nn.functional import normalize
from transformers import GPT2Model

Parts = dict[str, Any]


def loa(language_model: GPT2Model, tokens: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
    """Everything anew for each of eight tokens."""
    mask = torch.ones(tokens.shape[:2], dtype=torch.long) if mask is None else mask
    for _ in range(8):
        states = language_model(inputs_embeds=tokens, attention_mask=mask).last_hidden_state
        tokens = torch.cat([tokens, states[:, -1:]], dim=1)
        mask = torch.cat([mask, torch.ones(1, 1, dtype=torch.long)], dim=1)
    return tokens[:, -8:]


def t5(parts: Parts, text: str, length: int | None = None) -> tuple[torch.Tensor, torch.Tensor]:
    """States and mask, cut or padded to a length if there is one."""
    options = {} if length is None else {"padding": "max_length", "max_length": length, "truncation": True}
    tokens = parts["tokenizer_2"]([text], return_tensors="pt", **options)
    return parts["text_encoder_2"](**tokens).last_hidden_state, tokens.attention_mask


def clap(parts: Parts, text: str) -> torch.Tensor:
    encoder, ids = parts["text_encoder"], parts["tokenizer"]([text], return_tensors="pt").input_ids
    if hasattr(encoder, "get_text_features"):
        return normalize(encoder.text_projection(encoder.text_model(ids).pooler_output), dim=-1)
    return encoder(ids).text_embeds


def sentence(parts: Parts, text: str, length: int | None = None) -> tuple[torch.Tensor, torch.Tensor]:
    """[SOS, CLAP, EOS, SOS1, T5…, EOS1] and its mask."""
    model = parts["projection_model"]
    states, mask = t5(parts, text, length)
    ends = [end[None, None] for end in (model.sos_embed, model.eos_embed, model.sos_embed_1, model.eos_embed_1)]
    pooled = model.projection(clap(parts, text))[None]
    tokens = torch.cat([ends[0], pooled, ends[1], ends[2], model.projection_1(states), ends[3]], dim=1)
    one = torch.ones(1, 1, dtype=torch.long)
    return tokens, torch.cat([one, one, one, one, mask, one], dim=1)


def art2mus(
    parts: Parts,
    weights: dict[str, torch.Tensor],
    image_embeds: torch.Tensor,
    noise: torch.Tensor,
    *,
    prompt: str | None = None,
    negative: str = "Low quality.",
    framed: bool = False,
    image_first: bool = False,
    guidance_scale: float = 3.5,
    num_steps: int = 3,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Make music for one picture.

    Shape: image_embeds (1, 1024); noise (1, 8, T, 16); results latents likewise, and waveform (samples,).
    """
    hidden = torch.tanh(image_embeds @ weights["projection1.weight"].T + weights["projection1.bias"])
    flat = hidden @ weights["projection2.weight"].T + weights["projection2.bias"]
    tokens = flat.reshape(1, -1, parts["language_model"].config.n_embd)
    if framed:
        model = parts["projection_model"]
        tokens = torch.cat([model.sos_embed[None, None], tokens, model.eos_embed[None, None]], dim=1)
    length = None
    if prompt is not None:
        words = sentence(parts, prompt)[0]
        length = words.shape[1] - 5
        tokens = torch.cat([tokens, words] if image_first else [words, tokens], dim=1)
    branches = [
        (loa(parts["language_model"], *sentence(parts, negative, length)), *t5(parts, negative, length)),
        (
            loa(parts["language_model"], tokens),
            *t5(parts, prompt or "Music representing the content of this artwork"),
        ),
    ]
    scheduler = DDIMScheduler.from_config(parts["scheduler"].config)
    scheduler.set_timesteps(num_steps)
    latents = noise
    for timestep in scheduler.timesteps:
        away, towards = (
            parts["unet"](
                latents,
                timestep,
                encoder_hidden_states=branch,
                encoder_hidden_states_1=states,
                encoder_attention_mask_1=mask,
            ).sample
            for branch, states, mask in branches
        )
        latents = scheduler.step(away + guidance_scale * (towards - away), timestep, latents).prev_sample
    mel = parts["vae"].decode(latents / parts["vae"].config.scaling_factor).sample
    return latents, parts["vocoder"](mel[0, 0])
