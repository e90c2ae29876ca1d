"""Print the numbers that tests/test_calibration.py has from lir 1.8.0 (Netherlands Forensic Institute).

In an environment of its own, since lir needs Python 3.12 and is no dependency of the zoo:
``pip install --no-deps lir==1.8.0 scikit-learn scipy numpy joblib threadpoolctl; python tests/parity/make_lir.py``
"""

import numpy as np
from lir.algorithms.bayeserror import elub
from lir.algorithms.isotonic_regression import IsotonicCalibrator
from lir.algorithms.logistic_regression import LogitCalibrator
from lir.data.models import LLRData
from lir.metrics import cllr, cllr_min
from lir.plotting.expected_calibration_error import calculate_ece

FALSE = np.array([-1.9, -1.4, -1.3, -1.1, -0.8, -0.75, -0.4, -0.3, -0.1, 0.0, 0.35, 0.5, 1.2])
TRUE = np.array([-1.2, -0.35, 0.1, 0.3, 0.45, 0.6, 0.9, 1.0, 1.25, 1.5, 1.6, 1.7, 2.1, 2.2, 2.5])

values, truth = np.concatenate([FALSE, TRUE]), np.repeat([0, 1], [len(FALSE), len(TRUE)])
data = LLRData(features=values, hypothesis=truth)
print("CLLR, CLLR_MIN =", cllr(data), ",", cllr_min(data))
print("ELUB =", elub(data, step_size=1e-5))
print("ECE =", calculate_ece(10**values, truth, 1 / (1 + 10.0 ** -np.array([-2, -1, 0, 0.5, 1.5]))).tolist())
print("PAV =", IsotonicCalibrator().fit_apply(data).llrs.tolist())
print("LOGISTIC =", LogitCalibrator(C=1e9, tol=1e-10).fit_apply(data).llrs[[0, 13, 27]].tolist())
