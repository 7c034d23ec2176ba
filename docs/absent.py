"""The table of names of Keras that are absent, in docs/differences.md: `python -m docs.absent`.

It is made from `grafito.foreign`, of which it shows the names that people reach for.
"""

from __future__ import annotations

from pathlib import Path

from grafito import foreign

PAGE = Path(__file__).with_name("differences.md")
BEGIN, END = "<!-- made by python -m docs.absent -->\n", "<!-- end -->"
REACHED = {  # module: names, each shown while it is absent
    "grafito.layers": "LSTM GRU SimpleRNN RNN Bidirectional ConvLSTM2D TimeDistributed Masking "
    "MultiHeadAttention Attention AdditiveAttention TextVectorization StringLookup IntegerLookup "
    "Hashing Conv3D MaxPooling3D GlobalAveragePooling3D EinsumDense RMSNormalization "
    "SpectralNormalization RandomErasing RandomHue RandomShear MixUp CutMix "
    "AdaptiveAveragePooling2D MelSpectrogram TorchModuleWrapper JaxLayer",
    "grafito.utils": "plot_model model_to_dot load_img img_to_array save_img array_to_img "
    "image_dataset_from_directory text_dataset_from_directory timeseries_dataset_from_array "
    "split_dataset get_file Progbar FeatureSpace",
    "grafito": "applications wrappers dtype_policies quantizers tree KerasTensor "
    "device name_scope export",
    "grafito.callbacks": "TensorBoard SwapEMAWeights RemoteMonitor",
    "grafito.losses": "CTC Tversky Circle",
    "grafito.metrics": "BinaryIoU PrecisionAtRecall PearsonCorrelation",
    "grafito.optimizers": "Adafactor Ftrl Lamb Muon LossScaleOptimizer legacy",
    "grafito.datasets": "reuters",
    "grafito.ops": "linalg fft image nonzero unique custom_gradient",
    "grafito.saving": "KerasFileEditor",
}


def table() -> str:
    """The rows, names with the same answer in one."""
    rows: dict[str, list[str]] = {}
    for module, names in REACHED.items():
        for name in names.split():
            fix = foreign.attribute(module, name)
            if fix is not None:
                short = ".".join([*module.split(".")[1:], name])
                rows.setdefault(fix, []).append(f"`{short}`")
    lines = [f"| {', '.join(names)} | {fix} |" for fix, names in rows.items()]
    return "\n".join(["| name in Keras | what to write |", "| --- | --- |", *lines, ""])


def page() -> str:
    """The page with the present table."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    return before + BEGIN + table() + END + rest.partition(END)[2]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
