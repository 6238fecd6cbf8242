"""Names of the engines that can compute a model; light to import, for help texts and settings."""

CPU = "cpu"
AUTO = "auto"
OPENVINO = "OpenVINO"
ENGINES = {
    "cuda": "CUDAExecutionProvider",
    "migraphx": "MIGraphXExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "openvino-bf16": OPENVINO,
    "openvino": OPENVINO,
    CPU: "CPUExecutionProvider",
    # Behind the CPU, so never taken by itself: it compiles for minutes, again for each new shape.
    "tensorrt": "TensorrtExecutionProvider",
}
"""Short name -> ONNX Runtime's name, or OpenVINO itself, in the order in which "auto" tries them (up to the CPU)."""

CHOICES = (AUTO, *ENGINES)
