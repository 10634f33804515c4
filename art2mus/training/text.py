"""A tokenizer and two text encoders small enough to be trained from nothing."""

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import (
    ClapTextConfig,
    ClapTextModelWithProjection,
    PreTrainedTokenizerFast,
    T5Config,
    T5EncoderModel,
)

from art2mus.data.captions import vocabulary

MAX_TOKENS = 32
SPECIAL_TOKENS = ("<s>", "<pad>", "</s>", "<unk>")
"""In the places where CLAP's text model expects them."""


def make_tokenizer() -> PreTrainedTokenizerFast:
    """Make a tokenizer of whole lower-case words without punctuation; a word outside its vocabulary is `<unk>`."""
    words = (*SPECIAL_TOKENS, *vocabulary())
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"[^\w]+"), "removed")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        model_max_length=MAX_TOKENS,
    )


def make_text_encoder(vocab_size: int, width: int, num_layers: int, affect_dim: int) -> ClapTextModelWithProjection:
    """Make the encoder in CLAP's place: a whole text becomes one affect."""
    return ClapTextModelWithProjection(
        ClapTextConfig(
            vocab_size=vocab_size,
            hidden_size=width,
            num_hidden_layers=num_layers,
            num_attention_heads=width // 24,
            intermediate_size=2 * width,
            max_position_embeddings=MAX_TOKENS + 2,
            projection_dim=affect_dim,
            projection_hidden_act="linear",
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            type_vocab_size=1,
            pad_token_id=1,
            bos_token_id=0,
            eos_token_id=2,
        )
    )


def make_text_encoder_2(vocab_size: int, width: int, num_layers: int) -> T5EncoderModel:
    """Make the encoder in FLAN-T5's place: a text becomes one vector for each of its tokens."""
    return T5EncoderModel(
        T5Config(
            vocab_size=vocab_size,
            d_model=width,
            d_kv=24,
            d_ff=2 * width,
            num_layers=num_layers,
            num_heads=width // 24,
            dropout_rate=0.0,
            feed_forward_proj="gated-gelu",
            pad_token_id=1,
            eos_token_id=2,
        )
    )
