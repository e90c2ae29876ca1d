"""The data sets that do not come with the packages, and how they are obtained."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class DataSet:
    """A data set by the name that ``--dataset`` takes."""

    name: str
    downloaded: bool = False
    """Whether TensorFlow Datasets downloads it; else that is done by hand, and ``--data-dir`` says where it lies."""


DATA_SETS = (
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
)
