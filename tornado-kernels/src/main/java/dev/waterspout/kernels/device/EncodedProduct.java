package dev.waterspout.kernels.device;

import dev.waterspout.kernels.codec.MxFormat;
import dev.waterspout.kernels.device.kernels.EncodedProductKernels;
import dev.waterspout.kernels.device.kernels.GateKernels;
import dev.waterspout.kernels.device.kernels.MxParameters;
import dev.waterspout.kernels.device.kernels.RoundedEncodedKernels;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

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
        int startIndex = graph.matrixStarts.add(task, w);
        LinearTask product = new LinearTask(
                w,
                startIndex,
                bias == null ? graph.powers : bias,
                bias == null ? 0 : w.rows(),
                GateKernels.NONE,
                x,
                partial);
        if (choice.cut() == KernelCut.WARP) {
            byWarp(task, product, codec, packed, choice);
        } else {
            byGroup(task, product, codec, packed, choice);
        }
    }

    private void byGroup(String task, LinearTask product, DeviceCodec codec, ByteArray packed, KernelChoice choice) {
        graph.graph.task(
                task,
                graph.device.rounds(product.w())
                        ? RoundedEncodedKernels::roundedAndEncoded
                        : EncodedProductKernels::multiplyAndEncode,
                graph.context,
                graph.step,
                product.w().words(),
                product.x(),
                product.bias(),
                product.y(),
                codec.parameters(),
                graph.powers,
                packed,
                product.w().rows(),
                product.w().columns(),
                product.startIndex(),
                product.biasStride(),
                product.w().kernelFormat(),
                choice.local());
        int items = items(choice);
        graph.launches.add(task, groups(product.w()) * items, items, 1, RowCount.CHUNK);
    }

    private void byWarp(String task, LinearTask product, DeviceCodec codec, ByteArray packed, KernelChoice choice) {
        IntArray shape = product.shape();
        graph.graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, shape);
        graph.graph.task(
                task,
                EncodedProductKernels::multiplyAndEncodeByWarp,
                graph.context,
                graph.step,
                shape,
                product.w().words(),
                product.x(),
                product.bias(),
                product.y(),
                codec.parameters(),
                graph.powers,
                packed,
                product.w().kernelFormat(),
                choice.perItem(),
                choice.local());
        WarpTask.launch(graph, task, groups(product.w()), choice);
    }

    private static long groups(DeviceWeights w) {
        return w.rows() / EncodedProductKernels.OUTPUTS;
    }

    /** {@return the work-items of a work-group} */
    private static int items(KernelChoice choice) {
        return choice.cut() == KernelCut.GROUP ? EncodedProductKernels.PANELS * choice.local() : choice.local();
    }

    private boolean suits(DeviceWeights w, DeviceCodec codec, KernelChoice choice) {
        int items = items(choice);
        return w.isInPanels()
                && (choice.cut() == KernelCut.GROUP || choice.cut() == KernelCut.WARP)
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
