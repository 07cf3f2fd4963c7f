package dev.waterspout.kernels.device;

import dev.waterspout.kernels.codec.MxFormat;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.device.kernels.SumKernels;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The operands of one sum of packets. Selects the kernel by wire format.
 *
 * @param codec codec of the packets
 * @param packets packets of all ranks
 * @param residual [rows][columns], read and written
 */
record SumTask(DeviceCodec codec, DevicePackets packets, FloatArray residual) {

    /** Adds the kernel of f32 packets. */
    void addFloats(TaskGraph graph, String task, KernelContext context, IntArray step, FloatArray others) {
        graph.task(
                task,
                SumKernels::sumFloats,
                context,
                step,
                others,
                (FloatArray) packets.own(),
                residual,
                packets.ranks(),
                packets.ownRank(),
                packets.stride(),
                codec.columns());
    }

    /** Adds the kernel of block-quantized or bf16 packets. */
    void addBytes(
            TaskGraph graph,
            String task,
            KernelContext context,
            IntArray step,
            FloatArray powers,
            ByteArray others,
            KernelChoice choice) {
        ByteArray own = (ByteArray) packets.own();
        if (codec.format() instanceof MxFormat) {
            graph.task(
                    task,
                    choice.perItem() == 1 ? SumKernels::sumBlocks : SumKernels::sumRuns,
                    context,
                    step,
                    codec.parameters(),
                    powers,
                    others,
                    own,
                    residual,
                    packets.ranks(),
                    packets.ownRank(),
                    packets.stride());
        } else {
            codec.requireFormat(task, PlainFormat.BF16);
            graph.task(
                    task,
                    SumKernels::sumBf16,
                    context,
                    step,
                    powers,
                    others,
                    own,
                    residual,
                    packets.ranks(),
                    packets.ownRank(),
                    packets.stride(),
                    codec.columns());
        }
    }
}
