"""A small llama in PyTorch: RMSNorm, rotary positions, SwiGLU, tied embedding, no biases."""

import torch
import torch.nn.functional as F
from torch import nn

SHAPES = {
    "small": dict(width=64, hidden=192, layers=5, heads=2),
    "medium": dict(width=128, hidden=352, layers=5, heads=4),
    "large": dict(width=256, hidden=704, layers=5, heads=8),
}
CONTEXT = 512
NORM_EPSILON = 1e-5
ROPE_BASE = 10_000.0


class Norm(nn.Module):
    """RMSNorm over the last dimension."""

    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return F.rms_norm(x, x.shape[-1:], self.weight, NORM_EPSILON)


def rotate(x, cos, sin):
    """Rotary positions in the rotate-half layout; export.py permutes to llama.cpp's interleaved pairs.

    x: (batch, heads, tokens, head size); cos, sin: (tokens, head size / 2).
    """
    first, second = x.chunk(2, -1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), -1)


class Block(nn.Module):
    """One layer: attention and a gated feed-forward network, each behind a norm, each added to its input."""

    def __init__(self, width, hidden, heads):
        super().__init__()
        self.heads = heads
        self.attention_norm = Norm(width)
        self.feed_norm = Norm(width)
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width, bias=False)
        self.output = nn.Linear(width, width, bias=False)
        self.gate = nn.Linear(width, hidden, bias=False)
        self.up = nn.Linear(width, hidden, bias=False)
        self.down = nn.Linear(hidden, width, bias=False)

    def forward(self, x, cos, sin, only=None):
        """x: (batch, tokens, width).

        With `only`, a boolean (batch, tokens), the layer goes on for those positions alone and returns
        (positions, width): the last layer need not compute what no loss looks at.
        """
        batch, tokens, width = x.shape
        y = self.attention_norm(x)
        # One multiplication for query, key and value, and one for gate and up: fewer passes over y.
        joined = torch.cat((self.query.weight, self.key.weight, self.value.weight))
        query, key, value = (
            t.view(batch, tokens, self.heads, -1).transpose(1, 2) for t in F.linear(y, joined).chunk(3, -1)
        )
        cos, sin = cos.to(query.dtype), sin.to(query.dtype)
        query, key = rotate(query, cos, sin), rotate(key, cos, sin)
        # Written out, because the fused attention's backward pass is slow on a CPU.
        scores = (query @ key.transpose(-1, -2)).float() * query.shape[-1] ** -0.5
        scores = scores + torch.full((tokens, tokens), -1e9).triu(1)
        mixed = (scores.softmax(-1).to(value.dtype) @ value).transpose(1, 2).reshape(batch, tokens, width)
        if only is not None:
            x, mixed = x[only], mixed[only]
        x = x + self.output(mixed)
        joined = torch.cat((self.gate.weight, self.up.weight))
        gate, up = F.linear(self.feed_norm(x), joined).chunk(2, -1)
        return x + self.down(F.silu(gate) * up)


class Llama(nn.Module):
    """The whole model; `forward` gives logits over the vocabulary."""

    def __init__(self, vocabulary, width, hidden, layers, heads):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.blocks = nn.ModuleList(Block(width, hidden, heads) for _ in range(layers))
        self.norm = Norm(width)
        head_size = width // heads
        frequencies = ROPE_BASE ** (-torch.arange(0, head_size, 2) / head_size)
        angles = torch.arange(CONTEXT)[:, None] * frequencies
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)
        nn.init.normal_(self.embedding.weight, std=0.05)
        for block in self.blocks:
            for layer in (block.query, block.key, block.value, block.gate, block.up):
                nn.init.normal_(layer.weight, std=layer.in_features**-0.5)
            nn.init.zeros_(block.output.weight)
            nn.init.zeros_(block.down.weight)

    def forward(self, ids, only=None):
        """ids: (batch, tokens) -> logits (batch, tokens, vocabulary); with `only` (positions, vocabulary)."""
        x = self.embedding(ids)
        tokens = ids.shape[1]
        cos, sin = self.cos[:tokens], self.sin[:tokens]
        for block in self.blocks:
            x = block(x, cos, sin, only if block is self.blocks[-1] else None)
        return F.linear(self.norm(x), self.embedding.weight)


def load(checkpoint) -> Llama:
    """The model of a checkpoint made by train.py, in float32."""
    model = Llama(checkpoint["vocabulary"], **checkpoint["shape"])
    model.load_state_dict(checkpoint["model"])
    return model.eval()
