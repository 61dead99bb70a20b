"""How the models that videmo ships were made, how to make them again, and how to make one's own.

Only `network.in_torch`, `network.in_keras`, `network.in_onnx`, `fit` and `export` import PyTorch,
Keras, TensorFlow or ONNX (the extra ``train``); reading pictures and measuring a model
need no more than videmo itself does.
"""
