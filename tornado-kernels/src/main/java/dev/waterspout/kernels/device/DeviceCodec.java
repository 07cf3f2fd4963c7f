package dev.waterspout.kernels.device;

import dev.waterspout.kernels.codec.MxFormat;
import dev.waterspout.kernels.codec.WireFormat;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * A wire format for rows of a number of columns, with the device array of its parameters.
 *
 * @param format the format
 * @param columns elements of a row
 * @param parameters what the kernels read: to be transferred once to every device that uses the codec
 */
public record DeviceCodec(WireFormat format, int columns, IntArray parameters) {
    /**
     * {@return the codec of a format}
     *
     * @param format the format
     * @param columns elements of a row, at least 1
     */
    public static DeviceCodec of(WireFormat format, int columns) {
        IntArray parameters =
                format instanceof MxFormat mx ? MxParameters.of(mx, columns) : new IntArray(MxParameters.SIZE);
        return new DeviceCodec(format, columns, parameters);
    }

    /**
     * {@return the bytes of a packed partial}
     *
     * @param rows tokens
     */
    public int packedBytes(int rows) {
        return Math.toIntExact(format.encodedBytes(rows, columns));
    }
}
