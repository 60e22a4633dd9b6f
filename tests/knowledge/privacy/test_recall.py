"""Generated values in sentences, plain and in adversarial spellings; see docs/measurements/privacy.py."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[3] / "docs" / "measurements" / "privacy.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("privacy_measurement", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_what_is_left_of_a_value_is_noticed(script: ModuleType) -> None:
    phone = script.Item(script.PersonalKind.PHONE, "", "打{}", "13800138000", "打13800138000", "")
    assert script.leaks(phone, "打138 00")
    assert script.leaks(phone, "打{{customer.phone}}八零零零")
    assert not script.leaks(phone, "打{{customer.phone}}")
    name = script.Item(script.PersonalKind.NAME, "", "我叫{}", "张小丽", "我叫张小丽", "")
    assert script.leaks(name, "我叫{{customer.name}}小丽")
    assert not script.leaks(name, "我叫{{customer.name}}")


def test_hardly_any_of_600_values_leaves_anything_behind(script: ModuleType) -> None:
    left = [item.text for item, is_left, _ in script.missed(600, 11) if is_left]
    assert len(left) <= 6, left


@pytest.mark.slow
def test_99_in_100_of_10000_values_leave_nothing_behind(script: ModuleType) -> None:
    left = [item.text for item, is_left, _ in script.missed(10_000, 12) if is_left]
    assert len(left) <= 100, left
