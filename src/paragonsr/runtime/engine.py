"""Names of the engines that can compute a model; light to import, for help texts and settings."""

CPU = "cpu"
AUTO = "auto"
OPENVINO = "OpenVINO"
ENGINES = {
    "cuda": "CUDAExecutionProvider",
    "migraphx": "MIGraphXExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "openvino": OPENVINO,
    CPU: "CPUExecutionProvider",
    # Behind the CPU, so never taken by itself: one compiles for minutes, again for each new shape; one is not exact.
    "tensorrt": "TensorrtExecutionProvider",
    "openvino-bf16": OPENVINO,
}
"""Short name -> ONNX Runtime's name, or OpenVINO itself, in the order in which "auto" tries them (up to the CPU)."""

CHOICES = (AUTO, *ENGINES)
