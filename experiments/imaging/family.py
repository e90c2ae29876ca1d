"""Korus and Memon 2019: trainings, tables, figures, commands, data sets and lines of the README."""

from zoo.experiments.family import Experiments, Headline, Listed, Training

EXPERIMENTS = Experiments(
    name="imaging",
    tables={
        "table_1": Listed(
            "Neural imaging pipelines, Table 1", "zoo.experiments.imaging.developing.tables.table_1:TABLE"
        ),
        "table_2": Listed(
            "Neural imaging pipelines, Table 2", "zoo.experiments.imaging.developing.tables.table_2:TABLE"
        ),
        "table_3": Listed(
            "PRNU under a low-light pipeline, Table 3", "zoo.experiments.imaging.prnu.tables.table_3:TABLE"
        ),
        "table_4": Listed("Neural imaging pipelines, Table 4", "zoo.experiments.imaging.joint.tables.table_4:TABLE"),
        "table_s1": Listed(
            "Neural imaging pipelines, Table S1", "zoo.experiments.imaging.joint.tables.table_s1_and_figure_9:TABLE_S1"
        ),
        "identification": Listed(
            "PRNU: this body, other bodies, other models", "zoo.experiments.imaging.prnu.tables.identification:TABLE"
        ),
        "false_alarms": Listed(
            "PRNU: false alarms, by kind of crop", "zoo.experiments.imaging.prnu.tables.false_alarms:TABLE"
        ),
        "silence": Listed(
            "PRNU: pictures that cannot tell their camera", "zoo.experiments.imaging.prnu.tables.silence:TABLE"
        ),
        "inside": Listed("Traces of F+N inside a picture", "zoo.experiments.imaging.joint.tables.inside:TABLE"),
        "splices": Listed(
            "Splices of differently processed parts", "zoo.experiments.imaging.joint.tables.splices:TABLE"
        ),
        "calibrated": Listed(
            "Manipulations: the calibration of the package on other photographs",
            "zoo.experiments.imaging.joint.tables.calibrated:TABLE",
        ),
        "figure_3": Listed(
            "One photograph by each pipeline, Figure 3",
            "zoo.experiments.imaging.developing.tables.figures_3_and_4:FIGURE_3",
        ),
        "figure_4": Listed(
            "Demosaicing and noise of each pipeline, Figure 4",
            "zoo.experiments.imaging.developing.tables.figures_3_and_4:FIGURE_4",
        ),
        "figure_5": Listed(
            "PRNU across imaging pipelines, Figure 5", "zoo.experiments.imaging.prnu.tables.figure_5:TABLE"
        ),
        "figure_7": Listed(
            "Manipulations before and after the channel, Figure 7",
            "zoo.experiments.imaging.joint.tables.figure_7:TABLE",
        ),
        "figure_8": Listed("Progress of F and F+N, Figure 8", "zoo.experiments.imaging.joint.tables.figure_8:TABLE"),
        "figure_9": Listed(
            "Fidelity against accuracy, Figures 9, S2, S3",
            "zoo.experiments.imaging.joint.tables.table_s1_and_figure_9:FIGURE_9",
        ),
        "figure_10": Listed("Learned distortions, Figure 10", "zoo.experiments.imaging.joint.tables.figure_10:TABLE"),
        "figure_s1": Listed(
            "PRNU across imaging pipelines, all cameras, Figure S1",
            "zoo.experiments.imaging.prnu.tables.figure_5:FIGURE_S1",
        ),
        "figure_s4": Listed(
            "Distortions of DNet, Figure S4", "zoo.experiments.imaging.joint.tables.figures_s4_and_s5:FIGURE_S4"
        ),
        "figure_s5": Listed(
            "Distortions of UNet, Figure S5", "zoo.experiments.imaging.joint.tables.figures_s4_and_s5:FIGURE_S5"
        ),
    },
    plan="zoo.experiments.imaging.plan:plan",
    commands="zoo.experiments.imaging.commands:add",
    calibrations={
        "imaging": "zoo.experiments.imaging.joint.commands:QUESTION",
        "prnu": "zoo.experiments.imaging.prnu.commands:QUESTION",
    },
    not_calibrated={
        "imaging prnu": "it needs a camera's fingerprint; `zoo imaging prnu match` gives a p-value, and with "
        "--calibration a likelihood ratio",
    },
    scores={
        "imaging": "zoo.experiments.imaging.joint.commands:PRODUCT",
        "prnu": "zoo.experiments.imaging.prnu.commands:PRODUCT",
    },
    trainings=(
        Training(
            "zoo.experiments.imaging.developing.commands:pretrain",
            help="INet, UNet and DNet",
            stored=(("photographs", "open_photographs"),),
            parts="zoo.experiments.imaging.developing.commands:parts",
        ),
        Training(
            "zoo.experiments.imaging.joint.commands:pretrain",
            "joint",
            "camera and forensic network together, after the default training",
            stored=(("photographs", "open_photographs"),),
            parts="zoo.experiments.imaging.joint.commands:parts",
        ),
        Training("zoo.experiments.imaging.prnu.commands:pretrain", "low-light", "the low-light network of Table 3"),
    ),
    data_sets=("open_photographs", "sid"),
    headlines=(
        Headline(
            "table_1",
            "UNet, photographs through the synthetic camera",
            "PSNR",
            ("UNet", "photographs"),
            "INet",
            ("INet", "photographs"),
            dataset="open_photographs",
        ),
        Headline(
            "table_4",
            "manipulation, plain camera, photographs",
            "accuracy",
            ("a F", "as trained"),
            "band energies",
            ("baseline: band energies, a F", "as trained"),
            dataset="open_photographs",
        ),
        Headline(
            "table_4",
            "manipulation, jointly trained camera, photographs",
            "accuracy",
            ("c 0.1", "as trained"),
            "band energies",
            ("baseline: band energies, c 0.1", "as trained"),
            dataset="open_photographs",
        ),
        Headline(
            "inside",
            "the same inside a picture",
            "accuracy",
            ("unet, lambda 0.1, margin 16", "inside a picture"),
            "FAN trained alone",
            ("unet, F", "inside a picture"),
            dataset="open_photographs",
        ),
        Headline(
            "figure_5",
            "PRNU tampering, synthetic camera, best pair",
            "F1",
            ("highest", "all that ran"),
            "all tampered",
            ("baseline: everything tampered", "Menon"),
            decimals=2,
        ),
    ),
    stands_for="zoo.experiments.imaging.joint.scales:stands_for",
)
