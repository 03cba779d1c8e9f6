"""Text to token ids and back, on the `tokenizers` library; imports no torch. (Grown below by the checkpoint work.)"""
