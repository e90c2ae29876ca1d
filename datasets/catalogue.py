"""The data sets that do not come with the packages, and how they are obtained."""

import dataclasses

OPEN_PHOTOGRAPHS_SPLITS = ("train", "validation", "calibration", "test")
"""Here because the command line names them before the list itself is read."""


@dataclasses.dataclass(frozen=True)
class DataSet:
    """A data set by the name that ``--dataset`` takes."""

    name: str
    downloaded: bool = False
    """Whether TensorFlow Datasets downloads it; else that is done by hand, and ``--data-dir`` says where it lies."""
    command: str = ""
    """The command that downloads it to where it is looked for without ``--data-dir``."""


DATA_SETS = (
    DataSet("open_photographs", command="zoo download open_photographs"),
    DataSet("clic", downloaded=True),
    DataSet("cifar10", downloaded=True),
    DataSet("imagenette", downloaded=True),
    DataSet("imagenet2012"),
    DataSet("raise8k"),
    DataSet("holidays"),
    DataSet("live_iqa"),
    DataSet("tid2013"),
    DataSet("casia2"),
    DataSet("nips17_dev"),
    DataSet("mit_fivek"),
    DataSet("sid"),
    DataSet("clothing"),
)
