"""Convolutions and pooling, with images as lanes."""
