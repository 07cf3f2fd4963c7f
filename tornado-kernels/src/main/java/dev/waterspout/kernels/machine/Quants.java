package dev.waterspout.kernels.machine;

/**
 * The 8-bit numbers of a tensor type's weights: weight {@code q * scale + offset}, where scale and offset belong to a
 * group.
 *
 * @param group columns that share a scale: 16 or 32
 * @param hasOffsets whether groups have offsets
 * @param least the least number that occurs, -128 to 0
 * @param most the largest number that occurs, up to 127
 */
public record Quants(int group, boolean hasOffsets, int least, int most) {
    /** How many bits the numbers take once they start at zero. */
    enum Width {
        NIBBLES,
        SIX_BITS,
        SEVEN_BITS,
        BYTES
    }

    /** Checks the ranges. */
    public Quants {
        if (group != 16 && group != 32) {
            throw new IllegalArgumentException("group=" + group + ": groups have 16 or 32 columns");
        }
        if (least < Byte.MIN_VALUE || least > 0 || most < least || most > Byte.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "numbers from " + least + " to " + most + ": they are signed bytes and zero is one of them");
        }
    }

    Width width() {
        int range = most - least;
        if (range < 1 << 4) {
            return Width.NIBBLES;
        }
        if (range < 1 << 6) {
            return Width.SIX_BITS;
        }
        return range < 1 << 7 ? Width.SEVEN_BITS : Width.BYTES;
    }

    /** {@return the value subtracted from numbers in a tile for these instructions} */
    int shift(Isa isa) {
        return isa.dotProducts() || width() != Width.BYTES ? least : 0;
    }
}
