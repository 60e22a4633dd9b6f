import subprocess
import sys
from pathlib import Path

from models.encoders import prepare_encoder

HEAVY = ("torch", "sentence_transformers", "transformers", "onnx", "onnxruntime", "faiss", "huggingface_hub")
SHOW = "import sys, models.encoders, models.encoders.onnx; print(*[m for m in sys.argv[1:] if m in sys.modules])"


def test_importing_the_encoders_loads_nothing_heavy() -> None:
    shown = subprocess.run([sys.executable, "-c", SHOW, *HEAVY], capture_output=True, check=True, text=True)
    assert shown.stdout.split() == []


def test_serving_the_default_encoder_loads_no_pytorch(models_folder: Path) -> None:
    prepare_encoder("default", folder=models_folder)
    code = (
        "import sys; from pathlib import Path; from models.encoders import open_encoder\n"
        "open_encoder('default', folder=Path(sys.argv[1]), threads=1).encode_queries(['你好'])\n"
        "print(*[m for m in ('torch', 'transformers', 'onnx', 'sentence_transformers') if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code, str(models_folder)], capture_output=True, check=True, text=True)
    assert shown.stdout.split() == []
