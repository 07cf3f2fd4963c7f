package dev.waterspout.engine.tornado;

import dev.waterspout.engine.forward.Overlap;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.model.Architecture.Block;
import dev.waterspout.engine.model.ModelConfig;
import dev.waterspout.kernels.codec.WireFormat;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * The rows of a divided pass while the device computes another part: what a half layer leaves for the sum of its
 * partials and for the next half layer. Of a phase; the arrays have room for its largest pass.
 *
 * @param hidden residual stream, [rows][width]
 * @param normed normalized residual stream, [rows][width]; null unless the second half layer reads that of the first
 * @param packet this rank's encoded partials
 */
record StoredRows(FloatArray hidden, @Nullable FloatArray normed, TornadoNativeArray packet) {
    /**
     * Returns whether passes of a phase may be divided.
     *
     * @param options options of the run
     * @param ranks ranks of the group
     * @param most rows of the phase's largest pass
     */
    static boolean needed(RankOptions options, int ranks, int most) {
        return ranks > 1 && options.overlap() != Overlap.OFF && Overlap.parts(options.schedule(), most) > 1;
    }

    /**
     * Allocates the arrays.
     *
     * @param config configuration of the model
     * @param rows rows of the phase's largest pass
     * @param packet the array that the phase encodes partials to
     * @param arrays the arrays that stay on the device, to which these are added
     */
    static StoredRows of(ModelConfig config, int rows, TornadoNativeArray packet, DeviceArrays arrays) {
        return new StoredRows(
                arrays.floats(rows, config.width()),
                keepsNormed(config) ? arrays.floats(rows, config.width()) : null,
                packet instanceof ByteArray bytes
                        ? arrays.keepCleared(new ByteArray(bytes.getSize()))
                        : arrays.floats(rows, config.width()));
    }

    /**
     * Computes the bytes of the arrays, without their headers.
     *
     * @param config configuration of the model
     * @param rows rows of the phase's largest pass
     * @param format wire format of partials
     */
    static long bytes(ModelConfig config, int rows, WireFormat format) {
        long ofFloats = (long) rows * config.width() * Float.BYTES;
        return (keepsNormed(config) ? 2 : 1) * ofFloats + format.encodedBytes(rows, config.width());
    }

    private static boolean keepsNormed(ModelConfig config) {
        return config.architecture().block() == Block.PARALLEL;
    }
}
