package dev.waterspout.kernels.device;

import dev.waterspout.kernels.codec.MxFormat;
import dev.waterspout.kernels.codec.PlainFormat;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.device.kernels.MxParameters;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * A wire format for rows of one length, with the device array of its parameters.
 *
 * @param format the format
 * @param columns elements of a row
 * @param parameters parameters for the kernels: to be transferred once to every device that uses the codec
 */
public record DeviceCodec(WireFormat format, int columns, IntArray parameters) {
    /** The exception for formats that only the host encodes. */
    public DeviceCodec {
        if (!(format instanceof MxFormat) && format != PlainFormat.F32 && format != PlainFormat.BF16) {
            throw unsupported(format);
        }
    }

    static IllegalArgumentException unsupported(WireFormat format) {
        return new IllegalArgumentException("wire format " + format.label()
                + " is for the host only: devices pack f32, bf16 and <element>[:block[:scale[:rule]]]");
    }

    /**
     * Returns the codec of a format.
     *
     * @param format the format
     * @param columns elements of a row, at least 1
     * @throws IllegalArgumentException if devices have no kernel for the format
     */
    public static DeviceCodec of(WireFormat format, int columns) {
        IntArray parameters =
                format instanceof MxFormat mx ? MxParameters.of(mx, columns) : new IntArray(MxParameters.SIZE);
        return new DeviceCodec(format, columns, parameters);
    }

    /** Checks that the type of a task's arrays fits the format. */
    void requireFormat(String task, WireFormat needed) {
        if (!format.equals(needed)) {
            throw new IllegalArgumentException(
                    "task " + task + " has packets of " + format.label() + " in an array for " + needed.label());
        }
    }

    /**
     * {@return the bytes of an encoded partial}
     *
     * @param rows tokens
     */
    public int packedBytes(int rows) {
        return Math.toIntExact(format.encodedBytes(rows, columns));
    }
}
