"""Convolutions and the gradients of their inputs and weights."""
