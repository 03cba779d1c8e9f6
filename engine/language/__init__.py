"""From text to tokens and back: tokenizers, prompts, patterns, kinds of sequences, measures of texts. No torch."""
