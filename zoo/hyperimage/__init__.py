"""Quality and forgery from localised artefacts by hyper-image networks (Chandakkar and Li, 2017)."""

from zoo.hyperimage.hyper_image import HyperImage, last_hidden
from zoo.hyperimage.model import (
    CNNIQA,
    DeepEndToEnd,
    ForgeryChannel,
    ForgeryEndToEnd,
    ForgeryStageTwo,
    LIVEStageTwo,
    ShallowEndToEnd,
    SyntheticPatchNet,
    SyntheticStageTwo,
    TIDStageTwo,
    VGGPatchNet,
)
from zoo.hyperimage.ranking import RankingHinge, RankingNet
from zoo.hyperimage.theano_weights import DecayingSGD, from_theano
from zoo.hyperimage.two_stage import FIRST_STAGE, SECOND_STAGE, Recipe, TwoStage

__all__ = [
    "CNNIQA",
    "FIRST_STAGE",
    "SECOND_STAGE",
    "DecayingSGD",
    "DeepEndToEnd",
    "ForgeryChannel",
    "ForgeryEndToEnd",
    "ForgeryStageTwo",
    "HyperImage",
    "LIVEStageTwo",
    "RankingHinge",
    "RankingNet",
    "Recipe",
    "ShallowEndToEnd",
    "SyntheticPatchNet",
    "SyntheticStageTwo",
    "TIDStageTwo",
    "TwoStage",
    "VGGPatchNet",
    "from_theano",
    "last_hidden",
]
