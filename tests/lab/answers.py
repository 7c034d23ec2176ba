"""Answers of students to `grafito build`: right ones, and wrong ones that are typical."""

from __future__ import annotations

SECOND = "momentum(w1, gradient, v1, rate, beta)[0]"

# The bodies of each file in the order of its stubs, in place of `raise NotImplementedError`.
RIGHT = {
    "activation": [
        "return 1 / (1 + np.exp(-z))",
        "s = sigmoid(z)\nreturn s * (1 - s)",
    ],
    "dense": [
        "return x @ self.W + self.b",
        "self.dW = self.x.T @ gradient\nself.db = gradient.sum(axis=0)\nreturn gradient @ self.W.T",
    ],
    "mse": [
        "return np.mean((y_pred - y_true) ** 2)",
        "return 2 * (y_pred - y_true) / y_pred.size",
    ],
    "svm": [
        "n = len(scores)\n"
        "own = scores[np.arange(n), y_true][:, None]\n"
        "margins = np.maximum(0, 1 + scores - own)\n"
        "margins[np.arange(n), y_true] = 0\n"
        "return margins.sum() / n",
        "n = len(scores)\n"
        "own = scores[np.arange(n), y_true][:, None]\n"
        "g = (1 + scores - own > 0).astype(float)\n"
        "g[np.arange(n), y_true] = 0\n"
        "g[np.arange(n), y_true] = -g.sum(axis=1)\n"
        "return g / n",
    ],
    "cce": [
        "s = scores - scores.max(axis=1, keepdims=True)\n"
        "logs = s - np.log(np.exp(s).sum(axis=1, keepdims=True))\n"
        "return -logs[np.arange(len(s)), y_true].mean()",
        "p = np.exp(scores - scores.max(axis=1, keepdims=True))\n"
        "p /= p.sum(axis=1, keepdims=True)\n"
        "p[np.arange(len(p)), y_true] -= 1\n"
        "return p / len(p)",
    ],
    "l2": ["return factor * np.sum(W**2)", "return 2 * factor * W"],
    "sgd": ["return w - rate * gradient"],
    "momentum": ["v = beta * v - rate * gradient\nreturn w + v, v"],
    "training": [
        "for layer in self.layers[:-1]:\n"
        "    self.z.append(layer.forward(x))\n"
        "    x = sigmoid(self.z[-1])\n"
        "return self.layers[-1].forward(x)",
        "gradient = self.layers[-1].backward(gradient)\n"
        "for layer, z in zip(self.layers[-2::-1], self.z[::-1]):\n"
        "    gradient = layer.backward(gradient * sigmoid_derivative(z))",
        "for i, layer in enumerate(self.layers):\n"
        "    vW, vb = self.v[i]\n"
        "    dW = layer.dW + l2_gradient(layer.W, self.factor)\n"
        "    layer.W, vW = momentum(layer.W, dW, vW, self.rate, self.beta)\n"
        "    layer.b, vb = momentum(layer.b, layer.db, vb, self.rate, self.beta)\n"
        "    self.v[i] = vW, vb",
        "losses = []\n"
        "for _ in range(epochs):\n"
        "    of_batches = []\n"
        "    for i in range(0, len(x), batch_size):\n"
        "        y_true = y[i : i + batch_size]\n"
        "        y_pred = self.forward(x[i : i + batch_size])\n"
        "        penalty = sum(l2(layer.W, self.factor) for layer in self.layers)\n"
        "        of_batches.append(self.loss(y_true, y_pred) + penalty)\n"
        "        self.backward(self.loss_gradient(y_true, y_pred))\n"
        "        self.update()\n"
        "    losses.append(np.mean(of_batches))\n"
        "return losses",
    ],
}

# Of each piece: what is replaced in the right answer, by what, where it shows, and what is said.
WRONG = {
    "activation": [
        ("np.exp(-z)", "np.exp(z)", "sigmoid(z)", "sign in the exponent"),
        ("s * (1 - s)", "1 - s", "sigmoid_derivative(z)", "at z = 0 it is 1/4"),
        ("s = sigmoid(z)", "s = z", "sigmoid_derivative(z)", "12 of 12 numbers differ"),
    ],
    "dense": [
        ("@ self.W.T", "@ self.W", "layer.backward(gradient)", "ValueError"),
        ("self.x.T @ gradient", "gradient.T @ self.x", "layer.dW", "transposed"),
        (
            "gradient.sum(axis=0)",
            "gradient.mean(axis=0)",
            "layer.db",
            "a mean over the examples where their sum is due",
        ),
        ("gradient.sum(axis=0)", "gradient.sum(axis=1)", "layer.db", "shape is (4,), not (3,)"),
    ],
    "mse": [
        ("np.mean(", "np.sum(", "mse(y_true, y_pred)", "a sum over all numbers"),
        ("(y_pred - y_true) /", "(y_true - y_pred) /", "mse_gradient(y_true, y_pred)", "sign"),
        ("return 2 *", "return", "mse_gradient(y_true, y_pred)", "a factor 2 that is missing"),
        ("y_pred.size", "len(y_pred)", "mse_gradient(y_true, y_pred)", "3 times the right one"),
    ],
    "svm": [
        ("margins[np.arange(n), y_true] = 0\n", "", "svm(y_true, scores)", "left out of the sum"),
        ("margins.sum() / n", "margins.sum()", "svm(y_true, scores)", "a sum over the examples"),
        ("-g.sum(axis=1)", "g.sum(axis=1)", "svm_gradient(y_true, scores)", "numbers differ"),
        ("= -g.sum(axis=1)", "= -1", "svm_gradient(y_true, scores)", "pushes its own score"),
    ],
    "cce": [
        ("return -logs", "return logs", "cce(y_true, scores)", "wrong sign"),
        ("p[np.arange(len(p)), y_true] -= 1\n", "", "cce_gradient(y_true, scores)", "minus"),
        ("return p / len(p)", "return p", "cce_gradient(y_true, scores)", "a sum over"),
        (
            "s - np.log(np.exp(s).sum(axis=1, keepdims=True))",
            "np.log(np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True))",
            "cce(y_true, 1000 * scores)",
            "Not all of its numbers are finite",
        ),
    ],
    "l2": [
        ("factor * np.sum(W**2)", "factor * np.mean(W**2)", "l2(W, factor)", "a sum, not a mean"),
        ("factor * np.sum(W**2)", "factor * np.sum(W**2) / 2", "l2(W, factor)", "factor 2"),
        ("2 * factor * W", "factor * W", "l2_gradient(W, factor)", "a factor 2 that is missing"),
        ("2 * factor * W", "2 * factor * abs(W)", "l2_gradient(W, factor)", "numbers differ"),
    ],
    "sgd": [
        ("w - rate", "w + rate", "sgd(w, gradient, rate)", "it is to fall"),
        ("w - rate * gradient", "-rate * gradient", "sgd(w, gradient, rate)", "differ"),
        ("rate * gradient", "gradient", "sgd(w, gradient, rate)", "differ"),
    ],
    "momentum": [
        ("beta * v -", "beta * v +", "momentum(w, gradient, zero, rate, beta)[0]", "differ"),
        ("beta * v - rate * gradient", "rate * (beta * v - gradient)", SECOND, "velocity"),
        ("w + v, v", "w + v, -v", SECOND, "differ"),
        ("v = beta * v - rate * gradient\nreturn w + v, v",
         "return w + beta * v - rate * gradient, v", SECOND, "not the old one"),
    ],
    "training": [
        ("x = sigmoid(self.z[-1])", "x = self.z[-1]", "network.forward(x)", "sigmoid"),
        ("gradient * sigmoid_derivative(z)", "gradient", "network.layers[0].dW", "multiply by"),
        ("self.layers[-2::-1], self.z[::-1]", "self.layers[-2::-1], self.z[:0]",
         "network.layers[0].dW", "AttributeError"),
        ("layer.dW + l2_gradient(layer.W, self.factor)", "layer.dW",
         "network.update(); network.layers[1].W", "penalty"),
        ("    self.v[i] = vW, vb", "    pass", "new().fit(x, y, 4, 4)", "differ"),
        ("+ penalty)", ")", "new().fit(x, y, 4, 4)", "loss plus penalties"),
        ("np.mean(of_batches)", "np.sum(of_batches)", "new().fit(x, y, 4, 4)", "too much"),
    ],
}  # fmt: skip

# Answers that are none: the body of `sgd`, and what is said of it.
BROKEN = {
    "empty": ("raise NotImplementedError", "Not written yet."),
    "nothing returned": ("w - rate * gradient", "is there a `return`"),
    "endless": ("while True: pass", "a loop that never ends"),
    "asleep": ("import time; time.sleep(999)", "a loop that never ends"),
    "huge print": ("while True: print('x' * 1000)", "printed more than 100 kB"),
    "print": ("print('w is', w.shape); return w - rate * gradient", "| w is (5, 3)"),
    "exception": ("return w[99]", "IndexError"),
    "place": ("return w[99]", "In sgd.py, line 6: return w[99]"),
    "syntax error": ("return w - (rate * gradient", "SyntaxError"),
    "name": ("return w - rate * grad", "name 'grad' is not defined"),
    "wrong shape": ("return w.T", "Its shape is (3, 5), not (5, 3)."),
    "transposed": ("return (w - rate * gradient).T", "the right ones, transposed"),
    "NaN": ("return w * float('nan')", "Not all of its numbers are finite."),
    "infinite": ("return w / 0.0", "Not all of its numbers are finite."),
    "text": ("return 'w'", "no numbers, but str"),
    "ragged": ("return [[1], [2, 3]]", "no numbers, but list"),
    "complex": ("return w * 1j", "no numbers, but ndarray"),
    "too large": ("import numpy; return numpy.zeros(200_000)", "Its shape is (200000,)"),
    "memory": ("import numpy; return numpy.ones(10**10)", "more than 2 GiB of memory"),
    "deep": ("return sgd(w, gradient, rate)", "RecursionError"),
    "exit": ("raise SystemExit(3)", "SystemExit"),
    "abrupt exit": ("import os; os._exit(0)", "ended before it gave an answer"),
    "killed": ("import os; os.kill(os.getpid(), 9)", "ended before it gave an answer"),
    "interrupt": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "question": ("return float(input('w? '))", "EOFError"),
}
