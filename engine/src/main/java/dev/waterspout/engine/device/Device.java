package dev.waterspout.engine.device;

import dev.waterspout.engine.forward.ShardFactory;
import org.jspecify.annotations.Nullable;

/**
 * A device that a rank can run on.
 *
 * @param name its name on the command line, such as {@code host} or {@code tornado:opencl:0}
 * @param details hardware, memory and limits, as readable text
 * @param accelerator whether it is a default where the user names no device
 * @param shards factory of shards on it
 * @param codec runs the FPGA kernels on it; null for the host
 */
public record Device(
        String name,
        String details,
        boolean accelerator,
        ShardFactory shards,
        @Nullable CodecDevice codec) {}
