"""Run in a process of its own by test_export.py: load SavedModels where nothing called zoo can be imported.

argv: a folder of SavedModels; inputs.npz there holds <product>|<input>, outputs.npz gets <product>|<endpoint>|<output>.
"""

import sys
from pathlib import Path


class _Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "zoo":
            raise ImportError("zoo is blocked here")


sys.meta_path.insert(0, _Blocked())

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402


def _given(values, product, endpoint):
    found = {key.split("|")[2]: tf.constant(v) for key, v in values.items() if key.startswith(f"{product}|{endpoint}|")}
    return found if len(found) > 1 else next(iter(found.values()))


folder = Path(sys.argv[1])
with np.load(folder / "inputs.npz") as file:
    values = dict(file)
results = {}
for path in sorted(p for p in folder.iterdir() if p.is_dir()):
    loaded = tf.saved_model.load(path)
    for endpoint in ("serve", "serve_one", "differentiable"):
        given = _given(values, path.name, endpoint)
        for key, value in getattr(loaded, endpoint)(given).items():
            results[f"{path.name}|{endpoint}|{key}"] = np.asarray(value)
        if endpoint != "serve_one":
            none = getattr(loaded, endpoint)(tf.nest.map_structure(lambda value: value[:0], given))
            for key, value in none.items():
                results[f"{path.name}|{endpoint} of none|{key}"] = np.asarray(value)
    given = _given(values, path.name, "serve")
    for key, value in keras.layers.TFSMLayer(path, call_endpoint="serve")(given).items():
        np.testing.assert_array_equal(value, results[f"{path.name}|serve|{key}"])
    signature = loaded.signatures["serving_default"]
    batch = _given(values, path.name, "serve")
    named = signature(**batch) if isinstance(batch, dict) else signature(batch)
    assert set(named) == set(loaded.serve(batch))
    given = _given(values, path.name, "differentiable")
    with tf.GradientTape() as tape:
        tape.watch(given)
        found = loaded.differentiable(given)
        wanted = [v for v in found.values() if v.dtype == tf.float32]
        loss = tf.add_n([tf.reduce_sum(v * tf.random.stateless_normal(tf.shape(v), (1, 2))) for v in wanted])
    gradients = tf.nest.flatten(tape.gradient(loss, given))
    results[f"{path.name}|gradient"] = np.array([float(tf.reduce_max(tf.abs(g))) for g in gradients])
assert not any(name.partition(".")[0] == "zoo" for name in sys.modules)
np.savez(folder / "outputs.npz", **results)
