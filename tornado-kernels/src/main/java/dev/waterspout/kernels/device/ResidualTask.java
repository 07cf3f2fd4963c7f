package dev.waterspout.kernels.device;

import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.device.kernels.ResidualKernels;
import dev.waterspout.kernels.device.kernels.ResidualShape;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The operands of the beginning of a half layer. Selects the kernel by device and wire format.
 *
 * @param sum what is added
 * @param norm norm of the residual stream, or null
 * @param y [rows][columns], receives the normalized residual stream
 * @param chosen the row of {@code sum} of each row of {@code y}, whose residual stream stays as it is; null for all
 * @param embedding what the residual stream is in layer 0; null where rows are chosen, and for half layers that begin
 *     no pass
 */
record ResidualTask(
        ResidualSum sum,
        @Nullable DeviceNorm norm,
        FloatArray y,
        @Nullable IntArray chosen,
        @Nullable DeviceEmbedding embedding) {
    void requireRoom(String task, int maxRows) {
        long columns = sum.codec().columns();
        ArrayChecks.requireDistinct(task, "residual", sum.residual(), "y", y);
        ArrayChecks.requireSize("residual", sum.residual(), sum.rows() * columns);
        ArrayChecks.requireSize("y", y, maxRows * columns);
        if (chosen == null) {
            ArrayChecks.requireSize("residual", sum.residual(), maxRows * columns);
        } else {
            ArrayChecks.requireSize("chosen", chosen, maxRows);
        }
        if (embedding != null) {
            embedding.requireRoom(task, sum.codec().columns());
        }
        boolean floats = sum.packets().others() instanceof FloatArray;
        if (floats) {
            sum.codec().requireFormat(task, PlainFormat.F32);
        } else if (sum.codec().format() == PlainFormat.F32) {
            sum.codec().requireFormat(task, PlainFormat.BF16);
        }
        sum.packets().requireRoom(floats ? sum.rows() * columns : sum.codec().packedBytes(sum.rows()));
    }

    private static int kind(@Nullable DeviceNorm norm) {
        if (norm == null) {
            return ResidualShape.NO_NORM;
        }
        return switch (norm.kind()) {
            case RMS -> ResidualShape.RMS;
            case LAYER -> ResidualShape.LAYER_NORM;
        };
    }

    private IntArray shape() {
        DeviceNorm post = sum.post();
        IntArray shape = new IntArray(ResidualShape.SIZE);
        shape.set(ResidualShape.WIDTH, sum.codec().columns());
        shape.set(ResidualShape.PACKET_STRIDE, sum.packets().stride());
        shape.set(ResidualShape.POST, kind(post));
        shape.set(ResidualShape.POST_STRIDE, post == null ? 0 : post.layerStride());
        shape.set(ResidualShape.LAYERS_BEFORE, sum.layersBefore());
        shape.set(ResidualShape.NORM, kind(norm));
        shape.set(ResidualShape.NORM_STRIDE, norm == null ? 0 : norm.layerStride());
        shape.set(ResidualShape.BIASED, norm == null || norm.bias() == null ? 0 : 1);
        shape.set(ResidualShape.CHOSEN, chosen == null ? 0 : 1);
        shape.set(
                ResidualShape.ROWS_FROM,
                embedding == null ? 0 : embedding.places().firstToken());
        shape.set(
                ResidualShape.TABLE_FIRST,
                embedding == null ? 0 : embedding.table().first());
        return shape;
    }

    private FloatArray factors() {
        DeviceNorm post = sum.post();
        FloatArray factors = new FloatArray(ResidualShape.FACTORS);
        factors.set(ResidualShape.EPSILON, norm == null ? 0 : norm.epsilon());
        factors.set(ResidualShape.POST_EPSILON, post == null ? 0 : post.epsilon());
        factors.set(ResidualShape.SCALE, sum.scale());
        factors.set(ResidualShape.EMBEDDING_SCALE, embedding == null ? 1 : embedding.scale());
        return factors;
    }

    private IntArray rows(IntArray none) {
        if (embedding != null) {
            return embedding.places().data();
        }
        return chosen == null ? none : chosen;
    }

    /** Adds the task. */
    void add(KernelGraph graph, String task) {
        IntArray shape = shape();
        FloatArray factors = factors();
        TaskGraph tasks = graph.graph;
        tasks.transferToDevice(DataTransferMode.FIRST_EXECUTION, shape, factors);
        DeviceNorm post = sum.post();
        FloatArray weight = norm == null ? factors : norm.weight();
        FloatArray bias = norm == null || norm.bias() == null ? factors : norm.bias();
        FloatArray postWeight = post == null ? factors : post.weight();
        boolean groups = graph.device.variant() == KernelVariant.GROUPS;
        IntArray rows = rows(shape);
        DeviceWeights table = embedding == null ? null : embedding.table();
        FloatArray tableFloats = table == null || table.isInPanels() ? factors : table.floats();
        IntArray tableWords = table == null || !table.isInPanels() ? shape : table.words();
        int tableType = DeviceEmbedding.type(embedding);
        if (sum.packets().others() instanceof FloatArray others) {
            tasks.task(
                    task,
                    groups ? ResidualKernels::addFloatsByGroup : ResidualKernels::addFloatsByItem,
                    graph.context,
                    graph.step,
                    shape,
                    factors,
                    others,
                    (FloatArray) sum.packets().own(),
                    sum.residual(),
                    y,
                    weight,
                    bias,
                    postWeight,
                    rows,
                    tableFloats,
                    tableWords,
                    tableType);
        } else {
            tasks.task(
                    task,
                    groups ? ResidualKernels::addBytesByGroup : ResidualKernels::addBytesByItem,
                    graph.context,
                    graph.step,
                    shape,
                    factors,
                    sum.codec().parameters(),
                    graph.powers,
                    (ByteArray) sum.packets().others(),
                    (ByteArray) sum.packets().own(),
                    sum.residual(),
                    y,
                    weight,
                    bias,
                    postWeight,
                    rows,
                    tableFloats,
                    tableWords,
                    tableType);
        }
        int items = groups ? ResidualKernels.GROUP : 1;
        graph.launches.add(task, items, items, 1, RowCount.CHUNK);
    }
}
