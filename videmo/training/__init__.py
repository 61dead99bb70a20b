"""How the model that videmo ships was made, and how to make it again.

Only `network`, `fit` and `export` import Keras, TensorFlow or PyTorch (``pip install
videmo[train]``); reading the faces needs no more than videmo itself does.
"""
