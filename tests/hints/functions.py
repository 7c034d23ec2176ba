"""Rows: functions of tensors with Keras's names, and those of arrays."""

from hints.rows import Row

ROWS = [
    Row(
        "graph.einsum('i2->i', x)",
        "graph.einsum('i2->i', x)",
        "graph.einsum('ij,jk->ik', x, x.T)",
        says='einsum("ij,jk->ik", x, y)',
    ),
    Row("graph.arange(0, 10, 0)", "arange(0, 10, 0)", "arange(0, 10, 2)"),
    Row(
        "graph.arange(graph.placeholder((), name='n'))",
        "graph.arange(graph.placeholder((), name='n'))",
        "graph.arange(0, 10, 2)",
        says="arange(0, 10, 2)",
    ),
    Row(
        "graph.diag(x[None])",
        "graph.diag(x[None])",
        "graph.diagonal(x[None], axis1=-2, axis2=-1)",
        says="axis1=-2, axis2=-1",
    ),
    Row("graph.quantile(x, q=2)", "q=2", "q=0.5"),
    Row(
        "layers.Input((3,)) @ graph.Variable(np.ones((3, 2)))",
        new="a subclass of Layer",
        sentence="the layer is the user's to write",
    ),
    Row(
        "ops.where(x > 0)",
        "ops.where(x > 0)",
        "ops.where(x > 0, x, 0.0)",
        says="ops.where(condition, x1, x2)",
    ),
    Row(
        "ops.segment_sum(x, labels)",
        "labels)",
        "labels, num_segments=3)",
        says="num_segments=3",
    ),
    Row("random.normal((2,), seed=-1)", "seed=-1", "seed=0"),
    Row(
        "config.set_image_data_format('channels_first')",
        new="numpy.moveaxis(x, 1, -1)",
        sentence="the images are the user's",
    ),
    Row(
        "preprocessing.image.ImageDataGenerator(shear_range=0.2)",
        "shear_range=0.2",
        "preprocessing_function=lambda image: image",
        says="preprocessing_function=f, a function of one image",
    ),
    Row(
        "preprocessing.image.ImageDataGenerator().flow(images)",
        "flow(images)",
        "flow(images[..., None])",
        says="x[..., None]",
    ),
    Row(
        "next(g.flow(images[..., None]))",
        "next(g.",
        "g.fit(images[..., None]); next(g.",
        before="g = preprocessing.image.ImageDataGenerator(featurewise_center=True)",
        says="generator.fit(x_train) before flow",
    ),
    Row(
        "models.clone_model(Own(), clone_function=lambda layer: layer)",
        "models.clone_model(Own(), clone_function=lambda layer: layer)",
        "models.clone_model(net())",
        before="class Own(models.Model): pass",
        says="models.clone_model(model)",
    ),
    Row("ops.multi_hot(labels)", "labels)", "labels, num_classes=10)", says="num_classes=10"),
    Row(
        "ops.scan(lambda s, _: (s + 1, s), 0)",
        ", 0)",
        ", 0, length=10)",
        says="length=10",
    ),
    Row(
        "ops.map(lambda row: row, layers.Input((3,)))",
        "ops.map(lambda row: row, layers.Input((3,)))",
        "layers.Lambda(lambda x: ops.map(lambda row: row, x))(layers.Input((3,)))",
        says="layers.Lambda(lambda x: ops.map(...))(symbol)",
    ),
    Row(
        "ops.max_pool(x[None, None], 2, data_format='channels_first')",
        "ops.max_pool(x[None, None], 2, data_format='channels_first')",
        "ops.max_pool(ops.transpose(x[None, None], (0, 2, 3, 1)), 2)",
        says="ops.transpose(x, (0, 2, 3, 1))",
    ),
]
