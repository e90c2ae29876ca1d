"""The papers, by family: what a network, a table or a card is cited by."""

PAPERS = {
    "contrast": (
        "M. Barni, A. Costanzo, E. Nowroozi, B. Tondi, CNN-based detection of generic contrast adjustment with JPEG "
        "post-processing, IEEE International Conference on Image Processing, 2018"
    ),
    "adversarial": (
        "F. Carrara, F. Falchi, R. Caldelli, G. Amato, R. Becarelli, Adversarial image detection in deep neural "
        "networks, Multimedia Tools and Applications, 2018"
    ),
    "steganography": (
        "Pham Van Toan, Dinh Hoang Thoi, Ta Minh Thanh, Simultaneous convolutional neural network for highly efficient "
        "image steganography, 2019"
    ),
    "imaging": (
        "P. Korus, N. Memon, Neural imaging pipelines - the scourge or hope of forensics?, arXiv:1902.10707, 2019"
    ),
    "hyperimage": (
        "P. S. Chandakkar, B. Li, Capturing localized image artifacts through a CNN-based hyper-image representation, "
        "arXiv:1711.04945, 2017"
    ),
}
