"""Habits that people bring from torch, NumPy, Keras, micrograd and Python, and what to write here instead.

Tables alone, read by :mod:`autodiff.habits.answers`. Of each row the left side holds the names, apart by blanks, the
right side what is said; ``{0}`` in it is the name that was asked for.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = [
    "ATTRIBUTES",
    "CALLS",
    "COMPARING",
    "FORMS",
    "KEYWORDS",
    "LACKING",
    "LAYERS",
    "MICROGRAD",
    "MODULES",
    "OPERATORS",
    "OPTIMISER",
    "OPTIMISERS",
    "OPTIONS",
    "PACKAGE",
    "SAME",
    "SEQUENCE",
    "TRUTH",
    "VIZ",
]

Table = Mapping[str, str]
Options = Mapping[str, tuple[object, str]]

# How micrograd writes what an operation is called in its pictures.
MICROGRAD: Table = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "negative": "-",
    "power": "**",
    "relu": "ReLU",
}

_OWN = (
    "a Value holds no attributes of yours, so that recording stays fast and a slip is an error; keep what belongs to "
    "it "
    "in a dict keyed by the Value: {0} = {{p: 0.0}}, then {0}[p]"
)

# What people ask of a Value, or put into it.
ATTRIBUTES: Table = {
    "item numpy tolist cpu cuda to double half long int bool val value number scalar values real as_numpy to_numpy "
    "astype type type_as get getvalue asscalar": "its number is x.data, a Python float",
    "detach_": "x.detach() answers a new leaf; a leaf's number is changed in place by x.data = ...",
    "requires_grad requires_grad_": "every Value records; x.detach() or autodiff.no_grad() make constants",
    "retain_grad retains_grad": "every node keeps its gradient: after backward() read x.grad of any of them",
    "is_leaf grad_fn next_functions creator": "x.op is the row that computed it, None for a leaf; x.parents are its "
    "operands",
    "zero_grad zero_grad_ clear_grad reset_grad": "forget a gradient by x.grad = None (or set x.grad = 0); a module "
    "or optimiser forgets all by .zero_grad()",
    "zero_ fill_ copy_ add_ sub_ mul_ div_ addcmul_ addcdiv_ clamp_ uniform_ normal_ set_ relu_ tanh_ sigmoid_ exp_ "
    "neg_ pow_ sqrt_ abs_": "nothing changes a node in place; write a leaf's number, x.data = ..., or record a new "
    "Value",
    "derivative gradient adjoint dv d_data dx": "the gradient is x.grad, after backward()",
    "shape size ndim dim numel nelement T mT H reshape view view_as flatten ravel squeeze unsqueeze transpose permute "
    "swapaxes expand expand_as repeat tile broadcast_to contiguous split chunk unbind gather scatter index_select "
    "masked_fill unfold narrow select append nonzero": "it is one number and has no shape; a vector or grid is a list "
    "(of lists) of Values, or a NumPy array of them",
    "sum mean prod std var norm cumsum cumprod dot matmul mm mv bmm inner outer trace": "it is one number; over a list "
    "of Values write sum(values), sum(values) / len(values), sum(a * b for a, b in zip(u, v))",
    "max min amax amin argmax argmin topk sort argsort maximum minimum": "it is one number; write "
    "maximum(*values), minimum(*values), and compare numbers: max(values, key=lambda v: v.data)",
    "softmax log_softmax logsumexp log_sigmoid logsigmoid": "autodiff.softmax(*values) and autodiff.logsumexp(*values) "
    "take the values themselves; log softmax is v - logsumexp(*values)",
    "equal eq ne lt le gt ge greater less isclose allclose where": "compare numbers, a.data < b.data, or record the "
    "choice: autodiff.where(greater(a, b), x, y)",
    "add sub subtract mul multiply div divide true_divide pow power neg negative mod remainder fmod "
    "floor_divide": "write a + b, a - b, a * b, a / b, a**b, -a",
    "absolute": "write abs(x)",
    "square": "write x**2",
    "reciprocal": "write 1 / x",
    "rsqrt": "write 1 / x.sqrt()",
    "erfinv lgamma digamma floor ceil trunc frac": "there is no such row; autodiff.operation(signature, value, slope) "
    "adds "
    "one; of its number: math.floor(x.data)",
    "clip": "write x.clamp(low, high)",
    "swish": "write x.silu()",
    "ReLU Tanh Sigmoid": "write x.relu(), x.tanh(), x.sigmoid()",
    "register_hook register_full_backward_hook hook hooks register_post_accumulate_grad_hook": "autodiff.steps(y) "
    "tells "
    "every step of the backward pass; to change what flows, change the formula",
    "clone copy deepcopy": "write copy.copy(x) or copy.deepcopy(x), or x.detach() for a leaf of the same number",
    "dtype device layout is_cuda is_sparse": "it is a float64 of Python's",
    "save load": "pickle keeps a Value, Graph(y).to_json() a graph, net.save(path) the parameters of a Module",
    "draw plot show visualize visualise draw_dot render graph": "write viz.draw(y), or viz.step(y) for the page",
    "topo build_topo topo_sort topological_sort toposort topological_order": "autodiff.Graph(y) goes through all "
    "nodes, parents before children; Graph(y).values are the Values",
    "forward _forward": "y.data is there already; after a change of leaves Graph(y).forward() computes it anew",
    "children child inputs prev operands args_ left right src sources previous predecessors": "the Values it was "
    "computed from are x.parents, constants included x.args",
    "_local_grads local_grads local_grad _local_grad local_derivatives": "x.op.local_derivatives(*operands, out) gives "
    "the slopes, and autodiff.steps(y) tells each",
    "operation operator op_name _operation": "the row that computed it is x.op, with x.op.name and x.op.symbol",
    "backwards backprop backpropagate backward_ grad_backward": "write y.backward()",
    "m v s t u r g h k w b n s1 s2 mt vt mom moment moments moment1 moment2 momentum momentum_buffer vel velocity "
    "speed "
    "cache buf buffer state history exp_avg exp_avg_sq max_exp_avg_sq grad_sq grad_squared square_avg acc_grad "
    "acc_delta "
    "grad_sum sum_sq acc accum accumulator delta prev_grad old_grad last_grad grad_history data_history old_data "
    "prev_data best lr_ mask frozen trainable "
    "_vis_color vis_color color colour fillcolor shape_ style _id id uid uuid node_id idx index key tag tags "
    "visited _visited seen depth level layer rank order pos position x_pos y_pos "
    "meta metadata info note notes comment desc description group role kind": _OWN,
}

# What NumPy's and Python's functions call; they lose what an AttributeError says, so these are refused in calling.
CALLS: Table = {
    "log2": "np.log2(x) records nothing; write x.log() / math.log(2)",
    "log10": "np.log10(x) records nothing; write x.log() / math.log(10)",
    "exp2": "np.exp2(x) records nothing; write 2**x",
    "cbrt": "np.cbrt(x) records nothing; write x ** (1 / 3), which is nan below 0",
    "arctan2": "np.arctan2(y, x) records nothing; write autodiff.atan2(y, x)",
    "arcsinh": "np.arcsinh(x) records nothing; write (x + (x * x + 1).sqrt()).log()",
    "arccosh": "np.arccosh(x) records nothing; write (x + (x * x - 1).sqrt()).log()",
    "arctanh": "np.arctanh(x) records nothing; write (x.log1p() - (-x).log1p()) / 2",
    "__invert__": "~ is for whole numbers; of a comparison that is recorded write 1 - p, of numbers: not a.data > 0",
    "logical_xor": "np.logical_xor(x, y) records nothing; write (x.data != 0) != (y.data != 0)",
    "rint": "np.rint is not recorded, for its slope is 0; round the number: round(x.data, 2)",
    "degrees rad2deg": "np.{0}(x) records nothing; write x * (180 / math.pi)",
    "radians deg2rad": "np.{0}(x) records nothing; write x * (math.pi / 180)",
    "as_integer_ratio": "the functions of statistics and fractions record nothing; a mean that is recorded is "
    "sum(values) / len(values); of numbers: statistics.mean(v.data for v in values)",
    "__round__ __trunc__": "rounding (round, np.trunc) is not recorded, for its slope is 0; round the number: "
    "round(x.data, 2)",
}

# NumPy's names of functions that are rows here: np.arctan(x) is recorded.
SAME: Table = {
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "fabs": "__abs__",
    "conjugate": "__pos__",
}

# NumPy's functions that compare, and what to write for each entry, or for all.
COMPARING: Table = {
    "maximum fmax": "autodiff.maximum(a, b) for each entry: [maximum(0, v) for v in values]",
    "minimum fmin": "autodiff.minimum(a, b) for each entry: [minimum(1, v) for v in values]",
    "max amax nanmax": "autodiff.maximum(*values), or maximum(a, b) of two",
    "min amin nanmin": "autodiff.minimum(*values), or minimum(a, b) of two",
    "ptp": "autodiff.maximum(*values) - autodiff.minimum(*values)",
    "clip": "autodiff.clamp(v, low, high) for each entry",
    "sign": "autodiff.sign(v) for each entry",
    "argmax argmin nanargmax nanargmin": "max(range(len(values)), key=lambda i: values[i].data), of the numbers",
    "sort argsort sort_complex lexsort partition argpartition median percentile quantile nanmedian unique searchsorted "
    "histogram": "sorted(values, key=lambda v: v.data), by their numbers",
    "less less_equal greater greater_equal equal not_equal": "autodiff.{0}(a, b) for each entry, recorded as 1 or 0",
    "isclose allclose": "numpy.{0}([v.data for v in values], ...), of the numbers",
    "where select": "autodiff.where(autodiff.greater(a, b), x, y) for each entry",
}

# What Python asks of a sequence: len(x), v in x. (x[0] and `for v in x` are Python's to answer: with a __getitem__ it
# would be a sequence to NumPy, which then hides what is said of np.array(values, dtype=float), with an __iter__ an
# Iterable to whoever flattens lists.)
SEQUENCE: Table = {
    "__contains__": "a Value is one number, and nothing is in it; a vector is a list of Values, [Value(1.0), "
    "Value(2.0)]",
    "__len__": "a Value is one number, without a length; a vector is a list of Values, [Value(1.0), Value(2.0)]",
}

# NumPy's functions that ask what is true: every Value is, whatever its number.
TRUTH: Table = {
    "any all": "{0}(v.data != 0 for v in values)",
    "logical_and": "a.data != 0 and b.data != 0, of the numbers; of comparisons that are recorded multiply(p, q)",
    "logical_or": "a.data != 0 or b.data != 0, of the numbers; of comparisons that are recorded maximum(p, q)",
    "logical_not": "a.data == 0, of the number; of a comparison that is recorded 1 - p",
    "count_nonzero": "sum(v.data != 0 for v in values)",
    "nonzero flatnonzero argwhere": "[i for i, v in enumerate(values) if v.data != 0]",
    "where": "autodiff.where(condition, x, y) for each entry, whose condition is a number: where(greater(a, b), x, y)",
}

# Operators of Python that are not recorded: what stands between two operands, and what is said.
OPERATORS: Table = {
    "xor": "^ is not a power in Python: write x**2",
    "mod": "% (np.mod, np.remainder) is not recorded, for its slope jumps; of numbers: x.data % 2",
    "floordiv": "// (np.floor_divide) is not recorded, for its slope is 0; write x / y, or of numbers: x.data // 2",
    "divmod": "divmod is not recorded, for its slope jumps; of numbers: divmod(x.data, 2)",
    "matmul": "@ is for arrays: numpy.array(u) @ numpy.array(v), or sum(a * b for a, b in zip(u, v))",
    "and": "& is for whole numbers; a choice that is recorded is where(greater(a, b), x, y), of numbers: a.data > 0 "
    "and b.data > 0",
    "or": "| is for whole numbers; a choice that is recorded is where(greater(a, b), x, y), of numbers: a.data > 0 or "
    "b.data > 0",
    "lshift": "<< is for whole numbers: write x * 2**n",
    "rshift": ">> is for whole numbers: write x / 2**n",
}

# What people look for in the package.
PACKAGE: Table = {
    "tensor Tensor as_tensor from_numpy array asarray FloatTensor DoubleTensor Variable Scalar scalar Parameter Var "
    "constant": "a number that records is autodiff.Value(data, name); a vector is a list of them",
    "zeros ones full empty rand randn randint arange linspace eye zeros_like ones_like rand_like randn_like": "a "
    "vector "
    "is a list of Values: [Value(0.0) for _ in range(n)]",
    "stack cat concatenate concat vstack hstack": "vectors are lists: write u + v, or [u, v]",
    "sum mean prod dot matmul mm norm std var": "write sum(values), sum(values) / len(values), "
    "sum(a * b for a, b in zip(u, v)); all are recorded",
    "max amax fmax": "write autodiff.maximum(*values)",
    "min amin fmin": "write autodiff.minimum(*values)",
    "argmax argmin topk sort": "compare numbers: max(range(len(v)), key=lambda i: v[i].data)",
    "pow square": "write x**2",
    "log_softmax": "log softmax is v - autodiff.logsumexp(*values)",
    "log2 log10": "write autodiff.log(x) / math.log(2)",
    "arcsin arccos arctan arctan2 arcsinh arccosh arctanh": "the inverse functions are asin, acos, atan, atan2 and so "
    "on",
    "clip clamp_min clamp_max": "write autodiff.clamp(x, low, high)",
    "swish": "write autodiff.silu(x)",
    "round floor ceil trunc remainder fmod mod": "rounding is not recorded, for its slope is 0; round numbers, x.data",
    "enable_grad set_grad_enabled inference_mode is_grad_enabled stop_gradient nograd": "`with autodiff.no_grad():` "
    "records nothing, and autodiff.stop(x) is a constant to every derivative",
    "backward vjp value_and_grad autograd Function custom_vjp custom_jvp GradientTape Tape": "write y.backward(), or "
    "autodiff.grad(y, x) for derivatives as Values; an operation of your own is autodiff.operation(...)",
    "jit vmap compile tape": "autodiff.Program(y, inputs) replays a graph over a batch",
    "functional F": "functions stand in autodiff itself, autodiff.relu(x), and losses in autodiff.nn",
    "manual_seed random seed": "weights are drawn with Python's random: random.seed(1), or rng= of a layer",
    "save load": "write net.save(path) and net.load(path) for a Module, Graph(y).to_json() for a graph",
    "float float16 float32 float64 double half int32 int64 long bfloat16 dtype device cuda cpu backends": "numbers are "
    "float64 of Python's, on the processor; Program runs batches fast",
    "Neuron Layer MLP Module Linear Conv2d MaxPool2d AvgPool2d Sequential ReLU Tanh Sigmoid cross_entropy mse hinge "
    "fit "
    "Dense": "networks and losses are in autodiff.nn",
    "SGD Adam AdamW Optimizer": "optimisers are in autodiff.optim",
    "draw draw_dot make_dot step_through animate pool render plot viz": "pictures are in viz: import viz; viz.draw(y)",
    "engine core micrograd": "write `from autodiff import Value`, and `from autodiff.nn import MLP`",
    "max_pool avg_pool MaxPool maxpool MaxPool1d AvgPool1d max_pool_2d maxpool2d avgpool2d": "write "
    "autodiff.max_pool1d, max_pool2d, avg_pool1d or avg_pool2d",
}

_ELEMENTWISE = "Sequential and Elementwise take any function of a Value: Sequential(Linear(2, 3), autodiff.{})"
_ACTIVATIONS = {
    "LeakyReLU LeakyRelu leaky_relu": "leaky_relu",
    "ELU Elu elu": "elu",
    "GELU Gelu gelu": "gelu",
    "SiLU Swish silu swish": "silu",
    "Softplus softplus": "softplus",
    "Exp exp": "exp",
    "Abs": "abs",
    "relu": "relu",
    "tanh": "tanh",
    "sigmoid": "sigmoid",
}

# What people look for among the layers and losses.
LAYERS: Table = {
    "CrossEntropyLoss NLLLoss SparseCategoricalCrossentropy CategoricalCrossentropy nll_loss crossentropy "
    "CrossEntropy categorical_crossentropy softmax_cross_entropy": "write nn.cross_entropy(scores, label), of the "
    "scores "
    "of one sample before softmax",
    "MSELoss MeanSquaredError mse_loss MSE mean_squared_error": "write nn.mse(predictions, targets)",
    "HingeEmbeddingLoss MarginRankingLoss MultiMarginLoss Hinge SVMLoss svm_loss hinge_loss max_margin": "write "
    "nn.hinge(scores, labels), for labels -1 and 1",
    "BCELoss BCEWithLogitsLoss BinaryCrossentropy bce bce_loss binary_cross_entropy binary_cross_entropy_with_logits "
    "sigmoid_cross_entropy": "write autodiff.binary_cross_entropy(p, target) of a probability, or "
    "autodiff.binary_cross_entropy_with_logits(score, target), which is exact at any magnitude",
    "L1Loss l1_loss MAE mae MeanAbsoluteError mean_absolute_error SmoothL1Loss HuberLoss smooth_l1_loss "
    "huber_loss": "a loss is any Value: sum(abs(p - t) for p, t in zip(predictions, targets)) / len(targets)",
    "KLDivLoss PoissonNLLLoss GaussianNLLLoss CosineEmbeddingLoss TripletMarginLoss CTCLoss Loss": "a loss is any "
    "Value; write its formula, or take nn.mse, nn.hinge, nn.cross_entropy",
    "functional F": "functions stand in autodiff itself, autodiff.relu(x), and losses here: nn.cross_entropy(scores, "
    "label)",
    **{names: _ELEMENTWISE.format(ours) for names, ours in _ACTIVATIONS.items()},
    "ReLU6 Hardtanh Hardsigmoid Hardswish SELU CELU Mish PReLU Softsign Tanhshrink LogSigmoid Threshold GLU Activation "
    "Lambda": "write the formula of a Value in a function, and nn.Elementwise(function)",
    "Softmax softmax LogSoftmax log_softmax Softmax2d": "write autodiff.softmax(*scores); nn.cross_entropy takes the "
    "scores themselves",
    "Dense Fc FC FullyConnected DenseLayer LazyLinear Affine LinearLayer Linear_": "write nn.Linear(in_features, "
    "out_features), then nn.ReLU() or another function",
    "Conv2D Convolution2D LazyConv2d": "write nn.Conv2d(in_channels, out_channels, kernel_size)",
    "Conv1d Conv1D Conv3d Conv3D ConvTranspose2d ConvTranspose1d Conv2DTranspose DepthwiseConv2D Unfold Fold": "there "
    "is "
    "nn.Conv2d; one row is an image of one row, with kernel_size=(1, 3)",
    "MaxPooling2D MaxPool2D MaxPooling AdaptiveMaxPool2d GlobalMaxPooling2D MaxPool MaxPool3d": "write "
    "nn.MaxPool2d(kernel_size, stride)",
    "AveragePooling2D AvgPool2D AdaptiveAvgPool2d GlobalAveragePooling2D AvgPool AvgPool3d GlobalAvgPool2d": "write "
    "nn.AvgPool2d(kernel_size, stride)",
    "MaxPool1d MaxPooling1D max_pool1d": "write autodiff.max_pool1d(cells, kernel_size, stride)",
    "AvgPool1d AveragePooling1D avg_pool1d": "write autodiff.avg_pool1d(cells, kernel_size, stride)",
    "max_pool2d": "write nn.MaxPool2d(kernel_size)(image), or autodiff.max_pool2d(cells, kernel_size)",
    "avg_pool2d": "write nn.AvgPool2d(kernel_size)(image), or autodiff.avg_pool2d(cells, kernel_size)",
    "linear conv2d": "write nn.Linear(...)(x), nn.Conv2d(...)(image)",
    "MaxUnpool2d": "autodiff.routes(output) says which cell won each window",
    "Parameter Parameters ParameterList ParameterDict Buffer": "a parameter is a leaf: self.w = Value(0.5), in lists "
    "and "
    "dicts too, found by Module.parameters()",
    "ModuleList ModuleDict": "keep Modules in a list or dict; Module.parameters() finds them there",
    "Dropout Dropout1d Dropout2d AlphaDropout": "there is none: all that is recorded is the same in every run",
    "BatchNorm1d BatchNorm2d BatchNormalization BatchNorm LayerNorm GroupNorm InstanceNorm2d LocalResponseNorm "
    "RMSNorm": (
        "there is none: write (x - mean) / (variance + 1e-5)**0.5 of the Values of one sample in a Module of your own"
    ),
    "Embedding EmbeddingBag": "an embedding is a list of rows of Values: rows[i]",
    "RNN LSTM GRU RNNCell LSTMCell GRUCell Transformer TransformerEncoder TransformerEncoderLayer MultiheadAttention "
    "Attention Bilinear Upsample PixelShuffle ZeroPad2d Unflatten Reshape Permute": "there is none: write a Module of "
    "your "
    "own, with forward(self, x) on Values",
    "Input InputLayer": "inputs are lists of numbers or Values; nn.placeholder(rows, columns) for fit and Program",
    "init utils parameter": "weights are drawn as in torch; write numbers with net.load_state_dict(...), or p.data = "
    "...",
    "DataParallel DistributedDataParallel DataLoader Dataset TensorDataset utils_data": "nn.fit(loss, inputs, data, "
    "batch_size=32) takes the samples as lists or arrays",
    "train Trainer trainer compile": "write nn.fit(loss, inputs, data, params=net, epochs=10)",
    "Model Network NeuralNetwork Net NN MultiLayerPerceptron MLPClassifier MLPRegressor Perceptron": "write "
    "nn.MLP(nin, [16, 1]), or nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 1))",
    "SGD Adam AdamW optim": "optimisers are in autodiff.optim",
    "Value": "write `from autodiff import Value`",
    "no_grad": "write `from autodiff import no_grad`",
}

# What people look for among the pictures.
VIZ: Table = {
    "draw_dot make_dot draw_graph plot plot_graph show show_graph visualize visualise display to_dot graphviz "
    "Digraph": "write viz.draw(y), a picture that shows itself in a notebook, and saves itself",
    "trace build build_topo topo nodes edges": "autodiff.Graph(y) lists all nodes, parents before children; its "
    "picture is viz.draw(y)",
    "render save savefig save_svg save_png save_gif to_svg to_png to_html export write": "a picture saves itself: "
    "viz.draw(y).save('y.svg'), a page viz.step(y).save_html('y.html')",
    "animation animated film gif movie": "write viz.animate(y, 'y.svg')",
    "stepper walk debug interactive step_through widget": "write viz.step(y), a page that goes through all steps",
    "heatmap imshow max_pool max_pool2d avg_pool2d pooling plot_pool draw_pool": "write viz.pool(p) of what a pool "
    "answered",
    "Value Graph Program grad explain steps routes backward nn optim": "it is in autodiff: autodiff.{0}",
    "set_theme style use rcParams themes": "theme= of draw, animate, pool and step takes 'light', 'dark' or a "
    "viz.Theme",
}

# What people look for among the optimisers.
OPTIMISERS: Table = {
    "RMSprop RMSProp rmsprop Adagrad AdaGrad Adadelta Adamax NAdam Nadam RAdam LBFGS ASGD Rprop Lion Lamb SparseAdam "
    "Ftrl Nesterov": "there are SGD (with momentum), Adam and AdamW; one of your own: p.data -= lr * p.grad for each "
    "parameter p",
    "Momentum MomentumOptimizer SGDMomentum": "write SGD(params, lr=0.01, momentum=0.9)",
    "GradientDescent GD SGDOptimizer sgd gradient_descent": "write SGD(params, lr=0.01)",
    "adam AdamOptimizer": "write Adam(params, lr=0.001)",
    "adamw": "write AdamW(params, lr=0.001)",
    "lr_scheduler StepLR MultiStepLR CosineAnnealingLR LinearLR ExponentialLR LambdaLR ReduceLROnPlateau OneCycleLR "
    "Scheduler LRScheduler ConstantLR PolynomialLR CosineDecay ExponentialDecay PiecewiseConstantDecay "
    "LearningRateSchedule": "lr= takes a function of the step's number: optim.cosine(1.0, 100), optim.linear, "
    "optim.step, "
    "or lambda i: 0.9**i",
    "clip_grad_norm_ clip_grad_value_ clip_by_global_norm apply_updates swa_utils": "gradients are p.grad, which may "
    "be "
    "written before step()",
    "minimize": "write loss.backward(), then optimizer.step()",
}

# What people ask of a Module.
MODULES: Table = {
    "to cpu cuda double float half bfloat16 type": "numbers are float64 of Python's; leave it out",
    "children named_children named_modules get_submodule": "net.modules() goes through all, the net itself first",
    "apply": "write for module in net.modules(): ...",
    "add_module register_module register_parameter register_buffer": "a Module or leaf in an attribute is found",
    "buffers named_buffers": "all its numbers are parameters; there are no buffers",
    "requires_grad_ requires_grad freeze unfreeze trainable": "an optimiser changes the parameters that it is given: "
    "Adam(net[2].parameters())",
    "register_forward_hook register_forward_pre_hook register_full_backward_hook register_backward_hook": (
        "autodiff.steps(y) tells every step; a Module of your own may look at what goes through it"
    ),
    "fit train_on_batch fit_generator partial_fit": "write nn.fit(loss, inputs, data, params=net)",
    "predict predict_proba predict_on_batch evaluate score decision_function": "write net(x) for one sample, "
    "Program(scores, inputs, net).value(samples) for many",
    "compile": "nn.fit and Program compile what was recorded",
    "summary": "write print(net), and net.state_dict() for its numbers",
    "count_params num_parameters n_params n_parameters": "write len(net.parameters())",
    "trainable_weights trainable_variables variables weights params get_weights coefs_ intercepts_ W": "write "
    "net.parameters(), or net.state_dict() for numbers by name",
    "set_weights load_weights": "write net.load_state_dict(...), or net.load('net.json')",
    "save_weights save_pretrained": "write net.save('net.json')",
    "append extend insert add pop": "a Sequential keeps its layers: write Sequential(*net, layer)",
    "grad gradients get_gradients": "write [p.grad for p in net.parameters()]",
    "backward": "it is the loss that is differentiated: loss.backward()",
    "step update optimizer": "an optimiser changes the parameters: SGD(net, lr=0.1).step()",
}

# What people ask of an optimiser.
OPTIMISER: Table = {
    "param_groups defaults add_param_group": "its numbers are attributes, optimizer.lr = 0.01; for groups of "
    "parameters make an optimiser for each",
    "learning_rate alpha eta": "here it is lr",
    "get_last_lr get_lr last_epoch current_lr": "the next step's rate is optimizer.rate, and optimizer.steps counts",
    "minimize apply_gradients apply_grads compute_gradients": "write loss.backward(), then optimizer.step()",
    "iterations t step_count": "here it is steps",
    "parameters variables": "here it is params",
    "clear_grad clear_grads zero_gradients": "write optimizer.zero_grad()",
    "get_weights get_config": "write optimizer.state_dict()",
    "set_weights from_config": "write optimizer.load_state_dict(...)",
    "save load": "write json.dump(optimizer.state_dict(), file), or pickle the optimiser",
}

# Keywords by other names: what is meant by them here, by the first of these that a function has.
KEYWORDS: Table = {
    "learning_rate learn_rate learningrate step_size stepsize eta alpha lrate rate learning_rate_init lr_rate": "lr",
    "beta1 beta_1 b1 beta2 beta_2 b2 beta rho": "betas=(beta1,beta2) momentum",
    "epsilon e": "eps",
    "decay wd l2 weightdecay l2_reg lambda_ reg l2_penalty": "weight_decay",
    "mu gamma_": "momentum",
    "parameters variables model weights model_parameters var_list": "params",
    "pool_size poolsize kernel ksize kernel_shape filter_size window window_size window_shape kernel_dim size k": (
        "kernel_size"
    ),
    "strides step_size_ subsample window_strides s": "stride",
    "pad pads paddings p": "padding",
    "dilation_rate dilations": "dilation",
    "filters num_filters n_filters nb_filter out_planes out_channel output_channels n_out_channels "
    "out_ch": "out_channels",
    "in_planes in_channel input_channels channels n_channels in_ch n_in_channels": "in_channels",
    "units output_dim out_dim n_out nout fan_out out output_size num_outputs n_outputs dim_out output_features "
    "out_size d_out n_neurons neurons": "out_features nout nouts out_channels",
    "input_dim in_dim n_in nin fan_in input_size num_inputs n_inputs dim_in input_features in_size d_in "
    "n_inputs_": "in_features nin in_channels",
    "use_bias has_bias with_bias fit_intercept": "bias",
    "seed random_state generator random_seed": "rng",
    "activation act act_fn activation_function activ nonlinearity non_lin non_linear activation_fn func": "nonlin",
    "hidden_layer_sizes hidden hidden_sizes layers sizes layer_sizes hidden_units hidden_layers nout_ dims": "nouts",
    "n_epochs num_epochs max_iter nb_epoch epoch n_iter iterations steps_": "epochs",
    "batchsize bs batch minibatch_size minibatch": "batch_size",
    "verbose disp show_progress": "progress",
    "callbacks callback on_epoch_end": "after_epoch",
    "optim opt solver": "optimizer",
    "gradient grad_tensors grad_output grad_outputs dout": "upstream",
    "label": "name",
    "input inputs logits y_pred pred preds prediction output outputs y_hat yhat x": "scores predictions outputs output",
    "target targets labels y_true y truth": "label labels targets",
    "cell image array grid data": "cells",
}

# How some functions are called, for whom their parameters alone say too little.
FORMS: Table = {
    "draw": "write draw(y), a picture that saves itself: draw(y).save_svg('y.svg')",
    "step": "write step(y), a page that saves itself: step(y).save_html('y.html')",
    "animate": "write animate(y, 'y.svg'), of one Value y; of several animate(sum(values), 'y.svg')",
    "pool": "write pool(cells, kernel_size=2, stride=1), or pool(p) of what a pool answered",
    "gradcheck": "write x = Value(1.0); gradcheck(f(x), [x])",
    "Flatten": "write Flatten()(image)",
}

# Keywords that nothing here has.
LACKING: Table = {
    "retain_graph keep_graph": "a graph stays until it is dropped, so backward() may be called again; leave "
    "retain_graph out",
    "create_graph": "backward() leaves numbers; autodiff.grad(y, x) gives derivatives as Values, which are "
    "differentiated "
    "again",
    "inputs wrt": "autodiff.grad(y, [x1, x2]) answers the derivatives for these alone",
    "grad_outputs": "multiply the output by the factor: grad(0.7 * y, x)",
    "allow_unused materialize_grads": "where no path leads the derivative is 0; leave it out",
    "is_grads_batched only_inputs": "leave it out",
    "set_to_none": "zero_grad() always forgets, as set_to_none=True does; leave it out",
    "closure": "call loss.backward(), then step()",
    "strict": "names and shapes must be the same; leave strict out, or pass only what this model has",
    "return_indices": "autodiff.routes(output) says which cell won each window, and the route of every gradient",
    "inplace": "nothing changes a node in place; leave inplace out",
    "activation act act_fn activation_fn nonlinearity": "put the function after the layer: Sequential(Linear(2, 3), "
    "ReLU())",
    "device dtype": "numbers are float64 of Python's; leave it out",
    "data_format channels_last": "an image is a list of channels, each a list of rows",
    "kernel_initializer bias_initializer weight_init init initializer": "weights are drawn as in torch; write others "
    "with "
    "load_state_dict(...), or p.data = ...",
    "kernel_regularizer l1 regularizer": "add it to the loss: loss + 1e-4 * sum(p * p for p in net.parameters()), or "
    "weight_decay= of the optimiser",
    "input_shape batch_input_shape": "the first layer says how many inputs there are: Linear(in_features, "
    "out_features)",
    "dropout": "there is none: all that is recorded is the same in every run",
    "start_dim end_dim": "Flatten makes one list of all Values of one sample; leave it out",
    "recurse": "parameters() finds those of all Modules within; leave it out",
    "dim axis keepdim keepdims": "values are given one by one, as in maximum(*values); there are no axes",
    "amsgrad foreach fused capturable differentiable centered clipnorm clipvalue": "there is none here; "
    "gradients are p.grad, which may be written before step()",
    "validation_data validation_split": "keep the samples for validation apart, and call Program(...).value(them) in "
    "after_epoch",
    "requires_grad": "every Value records; autodiff.no_grad() and x.detach() make constants",
    "filename path outfile file save directory view cleanup render_format": "a picture saves itself: "
    "viz.draw(y).save_svg('y.svg'), .save_png, .save_dot",
    "format fmt": "a picture is saved as its name says: viz.draw(y).save('y.png')",
    "show_attrs show_saved labels_ var_names": "names= takes a dict, names={{'w': w}}; and a Value may be called so: "
    "w.name = 'w'",
    "direction orientation": "write rankdir='TB', or 'LR'",
    "divisor_override": "multiply what comes out by the window's area over that divisor",
    "metrics loss_fn criterion": "the loss is a Value, recorded for one sample: fit(loss, inputs, data)",
    "shuffle": "the order is drawn with seed=; batch_size=None takes all samples at once",
}

_AT_ONCE = "all numbers are moved at once where they are arrays (update, fit)"
_STEPS: Options = {
    "foreach": (None, _AT_ONCE),
    "fused": (None, _AT_ONCE),
    "capturable": (False, "there is no CUDA graph to capture it in"),
    "differentiable": (False, "a step is not recorded; record the rule itself: w1 = w0 - lr * grad(loss, w0)"),
}
_ADAMS: Options = {
    **_STEPS,
    "amsgrad": (False, "use Adam without it, or an Optimizer with a rule of your own"),
    "decoupled_weight_decay": (False, "write AdamW(...)"),
}
_MEANS: Options = {
    "size_average": (None, 'write reduction="mean" or "sum"'),
    "reduce": (None, 'write reduction="none"'),
}

# Keywords of torch's that one of ours lacks, each with the value that says nothing there, which is let pass.
OPTIONS: Mapping[str, Options] = {
    "Conv2d": {
        "groups": (1, "make a Conv2d for each group of channels, in a Module of your own"),
        "padding_mode": ("zeros", "padding is zeros; lay other cells around the image before the layer"),
        "device": (None, "numbers are float64 of Python's; leave it out"),
        "dtype": (None, "numbers are float64 of Python's; leave it out"),
    },
    "MaxPool2d": {"return_indices": (False, "autodiff.routes(output) says which cell won each window")},
    "AvgPool2d": {"divisor_override": (None, "multiply what comes out by the kernel's area over that divisor")},
    "mse": {"weight": (None, 'multiply the terms of reduction="none" by their weights, and add them'), **_MEANS},
    "hinge": {"margin": (1.0, "multiply the scores by 1 / margin, and the loss by margin"), **_MEANS},
    "cross_entropy": {
        "label_smoothing": (
            0.0,
            "give the probabilities as the label: for e and k classes 1 - e + e/k, and e/k for the others",
        ),
        "weight": (None, "multiply the loss of a sample by the weight of its class"),
        "ignore_index": (-100, "leave such samples out, or multiply their loss by 0"),
        **_MEANS,
    },
    "SGD": _STEPS,
    "Adam": _ADAMS,
    "AdamW": _ADAMS,
}
