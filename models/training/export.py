"""Write a checkpoint as a GGUF file.

    python export.py runs/small.pt ../abacus-small.gguf [--type f16|q8_0|f32]

F16 is what is shipped: greedy answers equal PyTorch's; Q8_0 flips some near ties.
"""

import argparse
from pathlib import Path

import gguf
import numpy as np
import torch

import tokenizer
from model import CONTEXT, NORM_EPSILON, ROPE_BASE

CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
SIZE_LABELS = {"small": "0.3M", "medium": "1.1M", "large": "4.2M"}
DESCRIPTION = "A tiny model that does small sums, sorting, words and numbers, in English and Chinese."
FILE_TYPES = {"f32": 0, "f16": 1, "q8_0": 7}
LAYER_TENSORS = {
    "attention_norm": "attn_norm",
    "query": "attn_q",
    "key": "attn_k",
    "value": "attn_v",
    "output": "attn_output",
    "feed_norm": "ffn_norm",
    "gate": "ffn_gate",
    "up": "ffn_up",
    "down": "ffn_down",
}


def interleave(weight, heads):
    """Rows of a query or key matrix from rotate-half order to llama.cpp's interleaved pairs, head by head."""
    rows, columns = weight.shape
    return weight.reshape(heads, 2, rows // heads // 2, columns).transpose(1, 2).reshape(rows, columns)


def add_metadata(writer, checkpoint, file_type):
    size, shape = checkpoint["size"], checkpoint["shape"]
    writer.add_name(f"Abacus {size.capitalize()}")
    writer.add_author("Baimo")
    writer.add_organization("Baimo")
    writer.add_basename("abacus")
    writer.add_size_label(SIZE_LABELS[size])
    writer.add_license("apache-2.0")
    writer.add_languages(["en", "zh"])
    writer.add_description(DESCRIPTION)
    # Engines that read it answer greedily when a request names no temperature.
    writer.add_float32("general.sampling.temp", 0.0)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(shape["width"])
    writer.add_block_count(shape["layers"])
    writer.add_feed_forward_length(shape["hidden"])
    writer.add_head_count(shape["heads"])
    writer.add_head_count_kv(shape["heads"])
    writer.add_rope_dimension_count(shape["width"] // shape["heads"])
    writer.add_rope_freq_base(ROPE_BASE)
    writer.add_layer_norm_rms_eps(NORM_EPSILON)
    writer.add_vocab_size(len(tokenizer.VOCABULARY))
    writer.add_file_type(FILE_TYPES[file_type])


def add_tokenizer(writer):
    """Control tokens keep their raw text, with the line break that belongs to three of them."""
    kinds = {True: gguf.TokenType.CONTROL, False: gguf.TokenType.NORMAL}
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokenizer.VOCABULARY)
    writer.add_token_types([kinds[token in tokenizer.CONTROL] for token in tokenizer.VOCABULARY])
    writer.add_token_merges([f"{left} {right}" for left, right in tokenizer.MERGES])
    writer.add_bos_token_id(tokenizer.BOS)
    writer.add_eos_token_id(tokenizer.END)
    writer.add_pad_token_id(tokenizer.BOS)
    writer.add_add_bos_token(True)
    writer.add_chat_template(CHAT_TEMPLATE)


def add_weights(writer, checkpoint, file_type):
    """Matrices in the file's type, vectors in F32.  No output.weight: it is tied to the embedding."""
    shape, weights = checkpoint["shape"], checkpoint["model"]

    def add(name, tensor):
        values = tensor.float().numpy()
        if values.ndim == 1 or file_type == "f32":
            writer.add_tensor(name, values)
        elif file_type == "f16":
            writer.add_tensor(name, values.astype(np.float16))
        else:
            kind = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(name, gguf.quants.quantize(values, kind), raw_dtype=kind)

    add("token_embd.weight", weights["embedding.weight"])
    add("output_norm.weight", weights["norm.weight"])
    for layer in range(shape["layers"]):
        for ours, theirs in LAYER_TENSORS.items():
            tensor = weights[f"blocks.{layer}.{ours}.weight"]
            if ours in ("query", "key"):
                tensor = interleave(tensor, shape["heads"])
            add(f"blk.{layer}.{theirs}.weight", tensor)


def export(source: Path, target: Path, file_type: str = "f16"):
    checkpoint = torch.load(source, weights_only=False)
    partial = target.with_suffix(".partial")
    writer = gguf.GGUFWriter(str(partial), "llama")
    add_metadata(writer, checkpoint, file_type)
    add_tokenizer(writer)
    add_weights(writer, checkpoint, file_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    partial.replace(target)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--type", choices=FILE_TYPES, default="f16")
    options = parser.parse_args()
    export(options.source, options.target, options.type)
