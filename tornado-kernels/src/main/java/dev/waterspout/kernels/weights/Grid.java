package dev.waterspout.kernels.weights;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/**
 * A table of signed bytes that the IQ tensor types index: points with four or eight coordinates, or single values.
 * Points are read from a resource with 16 bits per point. Coordinate {@code j} has two or three of these bits, an index
 * into the levels of the grid.
 */
final class Grid {
    private final byte[] numbers;
    private final long[] eights;
    private final int[] fours;

    private Grid(byte[] numbers) {
        this.numbers = numbers;
        eights = new long[numbers.length / 8];
        fours = new int[numbers.length / 4];
        for (int i = numbers.length - 1; i >= 0; i--) {
            if (i / 8 < eights.length) {
                eights[i / 8] = eights[i / 8] << 8 | (numbers[i] & 0xff);
            }
            fours[i / 4] = fours[i / 4] << 8 | (numbers[i] & 0xff);
        }
    }

    /** {@return a grid of 16 single values} */
    static Grid of(int... numbers) {
        byte[] bytes = new byte[numbers.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) numbers[i];
        }
        return new Grid(bytes);
    }

    /** {@return all numbers} */
    byte[] numbers() {
        return numbers.clone();
    }

    /** {@return a grid of points with eight coordinates} */
    static Grid eights(String resource, int... levels) {
        return read(resource, 8, 2, levels);
    }

    /** {@return a grid of points with four coordinates} */
    static Grid fours(String resource, int... levels) {
        return read(resource, 4, 3, levels);
    }

    private static Grid read(String resource, int width, int bits, int... levels) {
        try (InputStream in = Grid.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException("resource " + resource + " is not beside " + Grid.class.getName());
            }
            byte[] packed = in.readAllBytes();
            byte[] numbers = new byte[packed.length / Short.BYTES * width];
            for (int i = 0; i < numbers.length; i++) {
                int at = i / width * Short.BYTES;
                int point = (packed[at] & 0xff) | (packed[at + 1] & 0xff) << 8;
                numbers[i] = (byte) levels[point >> (i % width * bits) & ((1 << bits) - 1)];
            }
            return new Grid(numbers);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** {@return copies of this grid, one per addend: each value is multiplied by a factor, and the addend is added} */
    Grid times(int factor, int... addends) {
        byte[] bytes = new byte[numbers.length * addends.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (numbers[i % numbers.length] * factor + addends[i / numbers.length]);
        }
        return new Grid(bytes);
    }

    /** {@return the coordinates of a point, the first one in the lowest byte} */
    long eight(int point) {
        return eights[point];
    }

    int four(int point) {
        return fours[point];
    }

    float value(int index) {
        return numbers[index];
    }

    /** Replaces the first numbers of a block, each an index of 0 to 15, by those of this grid. */
    void replace(QuantBlock block, int count) {
        for (int i = 0; i < count; i += 8) {
            long indices = block.get(i);
            long eight = 0;
            for (int j = Long.SIZE - Byte.SIZE; j >= 0; j -= Byte.SIZE) {
                eight = eight << 8 | (numbers[(int) (indices >>> j) & 0xf] & 0xff);
            }
            block.put(i, eight);
        }
    }
}
