"""Functions of `keras.ops` that are absent: what to write, then the names it stands for."""

_LINEAR = "numpy.linalg, on arrays; ops.matmul, ops.einsum and ops.norm are there"
_COMPLEX = "numpy's function of this name, on arrays: the graph has no complex numbers"
_ARRAYS = "numpy's function of this name, on arrays"
_ARC = "numpy's function of this name, on arrays; ops.sin, ops.cos and ops.tanh have gradients"
_BITS = "x & y, x | y and ~x of booleans; numpy's function of this name on arrays of integers"
_DYNAMIC = "numpy's function of this name, on arrays: a tensor has its shape before its numbers"
_MOVES = "ops.reshape and ops.transpose"
_NOT_A_NUMBER = "ops.nan_to_num(x), or ops.where(ops.isnan(x), 0, x), and the function without nan"
_SHAPED = "ops.clip, ops.where and the functions of grafito.activations"
_ITSELF = "grafito.ops itself: from grafito import ops"

_TABLE = {
    _LINEAR: "cholesky,cholesky_inverse,det,eig,eigh,inv,linalg,logdet,lstsq,lu_factor,"
    "matrix_rank,pinv,qr,slogdet,solve,solve_triangular,svd",
    _COMPLEX: "angle,conj,conjugate,fft,fft2,ifft2,imag,irfft,isreal,istft,polar,real,rfft,stft,"
    "view_as_complex,view_as_real",
    _ARRAYS: "bartlett,blackman,corrcoef,correlate,extract_sequences,gcd,geomspace,hamming,hanning,"
    "histogram,i0,kaiser,kron,lcm,ldexp,logspace,nextafter,signbit,sinc,trapezoid,unravel_index,"
    "vander,vectorize,view",
    _ARC: "arccos,arccosh,arcsin,arcsinh,arctan,arctan2,arctanh",
    _BITS: "bitwise_and,bitwise_invert,bitwise_left_shift,bitwise_not,bitwise_or,"
    "bitwise_right_shift,bitwise_xor,left_shift,right_shift",
    _DYNAMIC: "argpartition,nonzero,unique",
    _MOVES: "depth_to_space,fold,rearrange,space_to_depth,unfold",
    _NOT_A_NUMBER: "nanargmax,nanargmin,nancumprod,nancumsum,nanmax,nanmean,nanmedian,nanmin,"
    "nanpercentile,nanprod,nanquantile,nanstd,nansum,nanvar",
    _SHAPED: "glu,hard_shrink,hard_tanh,soft_shrink,sparse_plus,sparse_sigmoid,sparsemax,"
    "squareplus,tanh_shrink,threshold",
    _ITSELF: "nn,numpy",
    "layers.RandomRotation and its kin, and layers.UpSampling2D": "image",
    "a subclass of graph.Op with a value and a gradient": "custom_gradient",
    "graph.gradients(y, x)": "jvp",
    "ops.average_pool or ops.max_pool with a pool_size": "adaptive_average_pool,adaptive_max_pool",
    "ops.all(ops.isclose(x, y))": "allclose",
    "ops.sign(x) * ops.abs(x) ** (1 / 3)": "cbrt",
    "ops.sqrt(ops.sum((x[:, None] - y[None]) ** 2, -1))": "cdist,psnr",
    "nothing: there is no loss of sequences": "ctc_decode,ctc_loss",
    "ops.exp(ops.cumsum(ops.log(x)))": "cumprod",
    "x * numpy.pi / 180": "deg2rad",
    "x * 180 / numpy.pi": "rad2deg",
    "ops.diag(ops.ravel(x))": "diagflat",
    "ops.split(x, 2, axis=1)": "array_split,dsplit,hsplit,vsplit",
    "ops.stack(xs, axis=-1)": "dstack",
    "ops.zeros_like": "empty_like",
    "1 - ops.erf(x)": "erfc",
    "2.0 ** x": "exp2",
    "ops.abs": "fabs",
    "ops.flip(x, axis=1), or axis=0": "fliplr,flipud",
    "ops.maximum": "fmax",
    "ops.minimum": "fmin",
    "ops.mod": "fmod",
    "ops.where(x > 0, 1.0, 0.0)": "heaviside",
    "ops.sqrt(x * x + y * y)": "hypot",
    "ops.any(ops.equal(ops.expand_dims(x, -1), values), axis=-1)": "isin",
    "ops.isinf(x) & (x > 0), or x < 0": "isneginf,isposinf",
    "y + ops.softplus(x - y)": "logaddexp,logaddexp2",
    "ops.quantile(x, 0.25)": "percentile",
    "ops.max(x) - ops.min(x)": "ptp",
    "ops.scan": "associative_scan",
    "ops.select(conditions, choices)": "switch",
    "ops.slice_update, or ops.where": "scatter_update",
    "ops.segment_sum(data, segment_ids, num_segments=3)": "segment_max,segment_min,segment_prod",
}

# Words in a row would be prose, which is translated; hence the commas.
OPS = {sentence: names.replace(",", " ") for sentence, names in _TABLE.items()}
