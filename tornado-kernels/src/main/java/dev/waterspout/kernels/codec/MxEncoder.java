package dev.waterspout.kernels.codec;

import static jdk.incubator.vector.VectorOperators.I2B;
import static jdk.incubator.vector.VectorOperators.L2B;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Quantizes chunks in vector lanes, in passes over the whole chunk, so that no load waits for a recent store. The first
 * pass finds the largest magnitude of every block by a tree reduction, the second chooses the scales with one block per
 * lane, the last computes and packs the codes.
 *
 * <p>Where {@link BlockQuantizer} shifts and rounds the significand, the lanes let one addition round it: the sum of a
 * magnitude and {@code 2^(23 - mantissaBits)} times its power of two holds the rounded significand in its low bits.
 * That needs a normal f32 and room above it. A block with values near either end of the f32 range, with NaN or with
 * infinity does not satisfy this. It is first replaced by the output of {@link BlockQuantizer}: the elements' values,
 * with a scale of 1.
 */
final class MxEncoder {
    private static final int MIN_NORMAL_BITS = 0x800000;
    /** The even and the odd lanes of two vectors, one after the other. */
    private static final IntVector EVEN = IntVector.zero(MxLanes.INTS).addIndex(2);

    private static final IntVector ODD = EVEN.add(1);

    private final BlockQuantizer quantizer;
    private final ElementType element;
    private final ScaleType scale;
    private final int block;
    private final int blockShift;
    private final int bits;
    private final int signBit;
    private final int maxCode;
    private final int mantissaBits;
    private final int tieBit;
    private final int carry;
    private final int maxScaleExponent;
    /** The smallest normal element's exponent field with a scale of 1, in place. */
    private final int unitMinField;

    private final int smallestScale;
    private final int beyondLanes;
    private final Passes<MxChunk> passes;

    MxEncoder(MxFormat format) {
        quantizer = new BlockQuantizer(format);
        element = format.element();
        scale = format.scale();
        block = format.block();
        blockShift = Integer.numberOfTrailingZeros(block);
        bits = element.bits();
        signBit = element.signBit();
        maxCode = element.maxCode();
        mantissaBits = element.mantissaBits();
        tieBit = format.rounding() == Rounding.EVEN ? 0 : 1;
        carry = quantizer.carry();
        maxScaleExponent = format.maxScaleExponent();
        unitMinField = (element.minExponent() + 127) << 23;
        // From here up, a subnormal f32 is less than half of the smallest code.
        smallestScale = mantissaBits + 2 - 127 - element.minExponent();
        // From here up, the power of two 2^(23 - mantissaBits) times as large, or twice that where the rule has raised
        // the scale, is no f32.
        beyondLanes = (254 - 23 + mantissaBits) << 23;
        passes = new Passes<>(List.of(
                this::findLargest,
                scale.powerOfTwo() ? this::chooseExponents : this::chooseHalves,
                this::packScales,
                this::quantize));
    }

    /** Turns a chunk's values to its packed scales and codes. Values that its blocks lack count as 0. */
    void encode(MxChunk chunk) {
        passes.run(chunk);
    }

    private void findLargest(MxChunk chunk) {
        float[] values = chunk.values;
        int[] largest = chunk.largest;
        int padded = MxLanes.roundUp(chunk.blocks() * block);
        Arrays.fill(values, chunk.count(), padded, 0f);
        int span = block;
        int left = padded;
        if (span < 2 * MxLanes.COUNT) {
            for (int i = 0; i < left; i += MxLanes.COUNT) {
                magnitude(values, i).intoArray(largest, i);
            }
        } else {
            for (int i = 0; i < left; i += 2 * MxLanes.COUNT) {
                magnitude(values, i).max(magnitude(values, i + MxLanes.COUNT)).intoArray(largest, i / 2);
            }
            left /= 2;
            span /= 2;
        }
        for (; span >= 2 * MxLanes.COUNT; span /= 2, left /= 2) {
            for (int i = 0; i < left; i += 2 * MxLanes.COUNT) {
                lanes(largest, i).max(lanes(largest, i + MxLanes.COUNT)).intoArray(largest, i / 2);
            }
        }
        for (; span > 2; span /= 4, left /= 4) {
            for (int i = 0; i < left; i += 4 * MxLanes.COUNT) {
                IntVector lower = fold(lanes(largest, i), lanes(largest, i + MxLanes.COUNT));
                IntVector upper = fold(lanes(largest, i + 2 * MxLanes.COUNT), lanes(largest, i + 3 * MxLanes.COUNT));
                fold(lower, upper).intoArray(largest, i / 4);
            }
        }
        if (span > 1) {
            for (int i = 0; i < left; i += 2 * MxLanes.COUNT) {
                fold(lanes(largest, i), lanes(largest, i + MxLanes.COUNT)).intoArray(largest, i / 2);
            }
        }
    }

    private static IntVector fold(IntVector first, IntVector second) {
        return EVEN.selectFrom(first, second).max(ODD.selectFrom(first, second));
    }

    private static IntVector lanes(int[] from, int index) {
        return IntVector.fromArray(MxLanes.INTS, from, index);
    }

    private static IntVector magnitude(float[] values, int index) {
        return FloatVector.fromArray(MxLanes.FLOATS, values, index)
                .reinterpretAsInts()
                .and(0x7fffffff);
    }

    private void chooseExponents(MxChunk chunk) {
        int blocks = chunk.blocks();
        for (int first = 0; first < blocks; first += MxLanes.COUNT) {
            IntVector largest = lanes(chunk.largest, first);
            IntVector exponent = largest.add(carry)
                    .lanewise(LSHR, 23)
                    .sub(127 + element.maxExponent())
                    .max(-scale.bias())
                    .min(maxScaleExponent);
            exponent.add(scale.bias()).intoArray(chunk.scaleCodes, first);
            // A block of zeros has the smallest scale; any normal one serves it.
            exponent.add(element.minExponent() + 127).max(1).lanewise(LSHL, 23).intoArray(chunk.minFields, first);
            VectorMask<Integer> small = exponent.compare(VectorOperators.LT, smallestScale)
                    .or(largest.compare(VectorOperators.LT, MIN_NORMAL_BITS))
                    .and(largest.compare(VectorOperators.NE, 0));
            long left =
                    small.or(largest.compare(VectorOperators.GE, beyondLanes)).toLong();
            for (; left != 0; left &= left - 1) {
                int index = first + Long.numberOfTrailingZeros(left);
                if (index < blocks) {
                    replace(chunk, index);
                }
            }
        }
    }

    private void chooseHalves(MxChunk chunk) {
        for (int index = 0; index < chunk.blocks(); index++) {
            int largest = chunk.largest[index];
            int code = quantizer.scaleCode(largest);
            float half = scale.value(code);
            chunk.scaleCodes[index] = code;
            chunk.minFields[index] = unitMinField;
            chunk.scales[index] = largest == 0 ? 1 : half;
            if (largest >= beyondLanes || (half == 0 && largest != 0)) {
                replace(chunk, index);
            }
        }
    }

    /** Replaces the values of a block that the lanes cannot quantize. */
    private void replace(MxChunk chunk, int index) {
        int scaleCode = quantizer.scaleCode(chunk.largest[index]);
        boolean nan = quantizer.isNan(scaleCode);
        for (int i = index * block; i < (index + 1) * block; i++) {
            chunk.values[i] = nan ? 0 : element.value(quantizer.elementCode(chunk.values[i], scaleCode));
        }
        chunk.scaleCodes[index] = scaleCode;
        chunk.minFields[index] = unitMinField;
        chunk.scales[index] = 1;
    }

    private void packScales(MxChunk chunk) {
        int blocks = chunk.blocks();
        if (scale.bits() == Byte.SIZE) {
            for (int i = 0; i < blocks; i += MxLanes.COUNT) {
                bytes(lanes(chunk.scaleCodes, i)).intoArray(chunk.packedScales, i);
            }
            return;
        }
        Arrays.fill(chunk.packedScales, (byte) 0);
        MemorySegment packed = MemorySegment.ofArray(chunk.packedScales);
        for (int i = 0; i < blocks; i++) {
            PackedBits.put(packed, 0, (long) i * scale.bits(), scale.bits(), chunk.scaleCodes[i]);
        }
    }

    private void quantize(MxChunk chunk) {
        int end = MxLanes.roundUp(chunk.count());
        for (int i = 0; i < end; i += MxLanes.COUNT) {
            FloatVector ratios = FloatVector.fromArray(MxLanes.FLOATS, chunk.values, i);
            if (!scale.powerOfTwo()) {
                ratios = ratios.div(MxLanes.spread(chunk.scales, blockShift, i));
            }
            IntVector codes = codes(ratios.reinterpretAsInts(), MxLanes.spread(chunk.minFields, blockShift, i));
            if (bits == 4 && MxLanes.takePacked(bits)) {
                nibbles(codes).intoArray(chunk.packed, i / 2);
            } else {
                bytes(codes).intoArray(bits == 8 ? chunk.packed : chunk.codes, i);
            }
        }
        if (!MxLanes.takePacked(bits)) {
            ByteCodes.pack(chunk.codes, end, bits, chunk.packed);
        }
    }

    private IntVector codes(IntVector raw, IntVector minField) {
        IntVector field = raw.and(0x7f800000).max(minField);
        IntVector rounder = field.add((23 - mantissaBits) << 23);
        // A set last bit makes a tie more than a tie and changes nothing else: it rounds away from zero.
        FloatVector sum = raw.and(0x7fffffff).or(tieBit).reinterpretAsFloats().add(rounder.reinterpretAsFloats());
        IntVector magnitude = field.sub(minField)
                .lanewise(LSHR, 23 - mantissaBits)
                .add(sum.reinterpretAsInts().sub(rounder))
                .min(maxCode);
        return magnitude.or(raw.lanewise(LSHR, Integer.SIZE - bits).and(signBit));
    }

    private static ByteVector bytes(IntVector codes) {
        return (ByteVector) codes.convertShape(I2B, MxLanes.BYTES, 0);
    }

    /** {@return two codes per byte, the first in the lower half; bytes that no lane fills are 0} */
    private static ByteVector nibbles(IntVector codes) {
        LongVector pairs = codes.reinterpretAsLongs();
        return (ByteVector)
                pairs.or(pairs.lanewise(LSHR, Integer.SIZE - 4)).convertShape(L2B, ByteVector.SPECIES_64, 0);
    }
}
