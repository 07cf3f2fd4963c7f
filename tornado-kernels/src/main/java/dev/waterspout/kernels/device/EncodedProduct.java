package dev.waterspout.kernels.device;

import dev.waterspout.kernels.codec.MxFormat;
import dev.waterspout.kernels.device.kernels.EncodedProductKernels;
import dev.waterspout.kernels.device.kernels.MxParameters;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * Products whose outputs are encoded for the exchange.
 *
 * @param graph graph that the tasks are added to
 */
public record EncodedProduct(KernelGraph graph) {
    /**
     * Adds a product and the encoding of its outputs, with the results of {@link KernelGraph#linear} and
     * {@link KernelGraph#quantize}. They are one task if a work-group computes whole blocks of the wire format: the
     * weights lie in panels, a work-group shares a row, and the scales of 32 elements fill whole bytes.
     *
     * @param task name of the product; the encoding of its own has the suffix {@code Quantize}
     * @param w weights
     * @param bias [layers of the model][rows of w], or null
     * @param x [rows][columns of w]
     * @param partial receives the outputs, [rows][rows of w]
     * @param codec block-quantized or bf16; the caller transfers its parameters
     * @param packed receives {@code codec.packedBytes(rows)} bytes
     */
    public void add(
            String task,
            DeviceWeights w,
            @Nullable FloatArray bias,
            FloatArray x,
            FloatArray partial,
            DeviceCodec codec,
            ByteArray packed) {
        KernelChoice choice = graph.choice(w);
        if (!suits(w, codec, choice)) {
            graph.linear(task, w, bias, x, partial);
            graph.quantize(task + "Quantize", codec, partial, packed);
            return;
        }
        ArrayChecks.requireProduct(graph.maxRows, w, bias, x, partial, 1);
        ArrayChecks.requireSize("packed", packed, codec.packedBytes(graph.maxRows));
        graph.graph.task(
                task,
                EncodedProductKernels::multiplyAndEncode,
                graph.context,
                graph.step,
                w.words(),
                x,
                bias == null ? graph.powers : bias,
                partial,
                codec.parameters(),
                graph.powers,
                packed,
                w.rows(),
                w.columns(),
                graph.matrixStarts.add(task, w),
                bias == null ? 0 : w.rows(),
                w.kernelFormat(),
                choice.local());
        int items = EncodedProductKernels.PANELS * choice.local();
        long groups = w.rows() / EncodedProductKernels.OUTPUTS;
        graph.launches.add(task, groups * items, items, 1, RowCount.CHUNK);
    }

    private boolean suits(DeviceWeights w, DeviceCodec codec, KernelChoice choice) {
        int items = EncodedProductKernels.PANELS * choice.local();
        return w.isInPanels()
                && choice.cut() == KernelCut.GROUP
                && items
                        <= Math.min(
                                EncodedProductKernels.MOST_ITEMS,
                                graph.device.limits().groupItems())
                && items <= graph.device.limits().groupX()
                && w.rows() % EncodedProductKernels.OUTPUTS == 0
                && codec.format() instanceof MxFormat mx
                && MxParameters.elementsOfScales(mx) <= EncodedProductKernels.OUTPUTS;
    }
}
