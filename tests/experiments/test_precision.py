import keras
import pytest

from zoo.experiments.train import precision


def test_the_policy_is_put_back_also_after_an_error():
    before = keras.config.dtype_policy().name
    with precision.precision("mixed_bfloat16"):
        assert keras.layers.Dense(1).compute_dtype == "bfloat16"
    assert keras.config.dtype_policy().name == before
    with pytest.raises(RuntimeError, match="stop"), precision.precision("mixed_bfloat16"):
        raise RuntimeError("stop")
    assert keras.config.dtype_policy().name == before


@pytest.mark.parametrize(
    ("flags", "device", "policy"),
    [
        ("flags : fpu avx512f avx512_bf16", "CPU x2", "mixed_bfloat16"),
        ("flags : fpu avx2", "CPU x2", "float32"),
        ("flags : fpu avx2", "Some GPU", "mixed_bfloat16"),
    ],
)
def test_bfloat16_where_the_hardware_has_it(tmp_path, monkeypatch, flags, device, policy):
    (tmp_path / "cpuinfo").write_text(flags)
    monkeypatch.setattr(precision, "Path", lambda _: tmp_path / "cpuinfo")
    monkeypatch.setattr(precision, "device", lambda: device)
    with precision.precision(precision.FASTEST):
        assert keras.config.dtype_policy().name == policy
