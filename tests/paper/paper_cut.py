"""What the rehearsal of the paper's scale cuts: how many epochs, steps and pictures there are, and nothing else.

python tests/paper/paper_cut.py prints it, as `make test-paper` does first.
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Cut:
    """Counts of the rehearsal, in place of the paper's."""

    contrast_epochs: tuple[int, int, int] = (2, 1, 1)
    """Unaware, aware and control; the paper 3, 3, and no control."""
    contrast_steps: int = 1
    """Of 32 patches; the paper 125,000."""
    raise8k: tuple[int, int, int] = (4, 1, 2)
    """Photographs to train, validate and test on, of 300 x 330 pixels, to test on of two patches alone."""
    steganography_epochs: int = 2
    steganography_steps: int = 1
    steganography_pairs: int = 1
    """Pairs a batch, to train and to validate, of 224 x 224 pixels; the paper's batch is 16."""
    steganography_lambdas: tuple[float, ...] = (0.75,)
    steganography_scenes: int = 2
    """Generated scenes of the additional rows; 64 otherwise."""
    imagenet: tuple[int, int] = (6, 4)
    """Photographs of the two splits; the paper trains on 15,000."""
    quality_splits: int = 1
    """Of each of the five experiments; the paper 100 or 10."""
    quality_epochs: int = 1
    """Of each stage, at most; the paper 80 and 200."""
    quality_patches: int = 8
    """Of an image, at most, of 713 and more."""
    quality_references: int = 5
    """LIVE has 29, TID2013 25."""
    forgery_hosts: int = 3
    """Authentic pictures of CASIA-2, each with two tampered ones, of 128 x 192 pixels; it has 7,491, and 5,123."""
    forgery_epochs: int = 1
    """Of each of three networks, at most; the paper 80 and 200."""
    forgery_pairs: int = 8
    """A batch of the ranking network; else 128."""
    camera: int = 5
    """Photographs of a camera, of 272 x 288 pixels; the paper 150, whole."""
    imaging_epochs: int = 2
    """Of a network alone, and of camera network and FAN; the paper 50,000 at most, and 1,001."""
    imaging_steps: int = 1
    """An epoch; the paper 6."""
    imaging_patches: int = 1
    """A batch; the paper 20."""
    imaging_lambdas: tuple[float, ...] = (0.1,)
    """The paper has ten."""
    imaging_repetitions: int = 1
    """The paper has ten."""
    imaging_fitted: str = "canon_eos_5d"
    """The camera of Table 1 whose networks are trained; the other seven take copies of them."""
    imaging_timed: tuple[int, int] = (1, 1)
    """Steps that Table 1 times, and patches of each; the paper's batch is 20."""
    adversarial_widths: tuple[int, ...] = (8, 8, 16, 16, 32, 48, 64)
    """Filters of OverFeat's layers; its own have 96 to 4,096, and 583 MB."""
    adversarial_classes: int = 4
    """Of InceptionV3, whose layers are all there; ImageNet has 1,000, as OverFeat has here too."""
    adversarial_database: int = 24
    """Photographs of the training set of InceptionV3's features; of OverFeat's there is one of each class."""
    adversarial_validation: int = 40
    """Photographs that set thresholds or are chosen from; ImageNet has 50,000."""
    adversarial_development: int = 6
    """Of the NIPS 2017 DEV set's 1,000."""
    adversarial_neighbours: int = 5
    """The paper's k is 1,000."""
    adversarial_components: int = 8
    """Of PCA; the paper 256."""
    adversarial_evaluations: int = 8
    """Of a run of L-BFGS, at most; the paper 150."""
    adversarial_few: int = 4
    """Pictures that L-BFGS is tried on; the paper 1,000."""
    adversarial_bootstrap: int = 20
    """Samples of an interval; else 500."""
    adversarial_rows: int = 256
    """Photographs after which a killed run goes on; else 1,024."""
    dark: tuple[int, int] = (2, 1)
    """Scenes of See-in-the-Dark for a fingerprint and for PCE; the paper 100 and 20."""


CUT = Cut()


def main() -> None:
    """Print the cut, a count a line."""
    print("The rehearsal of the paper's scale cuts these counts, and nothing else:")
    for field in dataclasses.fields(CUT):
        print(f"  {field.name}: {getattr(CUT, field.name)}")


if __name__ == "__main__":
    main()
