package dev.waterspout.kernels.fpga;

/**
 * An estimate of the cycles and resources of a kernel on an FPGA, by a model. A work-item processes one block. It
 * starts every {@link #initiationInterval} cycles, and the pipeline drains at the end of each tile of 64. The
 * resources are those of the operators that one block needs at the same time. {@code docs/lab/fpga.md} derives the
 * figures. Only the vendor's place-and-route gives actual figures.
 *
 * @param kernel entry point
 * @param initiationInterval cycles from one block to the next
 * @param pipelineDepth cycles from a block's first input to its last output
 * @param cyclesPerTile cycles of 64 blocks
 * @param wordsPerTile words of 512 bits that are read from and written to memory per tile
 * @param dsp blocks for floating-point addition
 * @param lut 6-input look-up tables; half as many ALMs
 * @param bram blocks of 36 Kbit, for the buffers of a tile and of the memory ports
 */
public record FpgaEstimate(
        String kernel,
        int initiationInterval,
        int pipelineDepth,
        long cyclesPerTile,
        long wordsPerTile,
        int dsp,
        int lut,
        int bram) {
    private static final int WORD_BYTES = 64;
    private static final int WORD_FLOATS = 16;

    /** Cycles to find the exponent of a magnitude: count leading zeros, shift. */
    private static final int NORMALIZE_STAGES = 3;
    /** Cycles from the largest magnitude to the code of the scale. */
    private static final int SCALE_STAGES = 2;
    /** Cycles from significand and scale to a code: shift, add, saturate, pack. */
    private static final int ROUND_STAGES = 4;
    /** Cycles from a code to an f32. */
    private static final int DECODE_STAGES = 3;
    /** Cycles of an f32 addition at 250 to 300 MHz. */
    private static final int ADD_STAGES = 8;

    /** LUTs: leading zeros of 32 bits. */
    private static final int COUNT_ZEROS = 40;
    /** LUTs: a shift of 24 bits by any amount. */
    private static final int SHIFT = 72;
    /** LUTs: add, compare or choose, per bit. */
    private static final int PER_BIT = 1;
    /** LUTs of an f32 adder beside its DSP blocks. */
    private static final int ADDER = 200;
    /** LUTs of one 512-bit port to memory. */
    private static final int PORT = 2500;
    /** BRAM of one 512-bit port: bursts of 64 words, in and out. */
    private static final int PORT_BRAM = 15;
    /** BRAM of a buffer that is 512 bits wide, of at most 512 words: 72 bits each. */
    private static final int BUFFER_BRAM = 8;
    /** DSP blocks of an f32 adder: two DSP48E2; on Intel's devices with hard floating point, one. */
    private static final int ADDER_DSP_XILINX = 2;

    /** {@return the estimate of the kernel that encodes} */
    public static FpgaEstimate quantize(FpgaKernels kernels) {
        int block = kernels.format().block();
        int interval = block / WORD_FLOATS;
        int depth = interval
                + NORMALIZE_STAGES
                + (Integer.SIZE - Integer.numberOfLeadingZeros(block - 1))
                + SCALE_STAGES
                + ROUND_STAGES
                + 1;
        // Per element: sign and magnitude, leading zeros, three shifts (normalize, bias, round), exponent arithmetic of
        // 10 bits three
        // times, the rounding's addition of 25 bits, saturation and the choice of zero.
        int element = 31 * PER_BIT
                + COUNT_ZEROS
                + 3 * SHIFT
                + 3 * 10 * PER_BIT
                + 25 * PER_BIT
                + 2 * kernels.format().element().bits();
        int largest = (block - 1) * 2 * 31 * PER_BIT;
        int staged = tileWords(kernels) + 1;
        int lut = block * element + largest + 3 * PORT;
        int bram = (BUFFER_BRAM + 1) + 3 * PORT_BRAM;
        return new FpgaEstimate(
                FpgaKernels.QUANTIZE,
                interval,
                depth,
                (long) FpgaKernels.TILE_BLOCKS * interval + depth + staged,
                staged + partialWords(kernels),
                0,
                lut,
                bram);
    }

    /**
     * {@return the estimate of the kernel that sums}
     *
     * @param kernels kernels of a format
     * @param vendor vendor of the FPGA; their DSP blocks differ
     */
    public static FpgaEstimate dequantizeSum(FpgaKernels kernels, Vendor vendor) {
        int block = kernels.format().block();
        int ranks = kernels.ranks();
        int interval = block / WORD_FLOATS;
        int depth = interval + DECODE_STAGES + ranks * ADD_STAGES + 1;
        // The additions of a block share the adders of one word; ranks follow each other.
        int adders = ranks * WORD_FLOATS;
        int element = COUNT_ZEROS / 2 + SHIFT + (2 * 10 + 32) * PER_BIT;
        int staged = ranks * (tileWords(kernels) + 1);
        return new FpgaEstimate(
                FpgaKernels.DEQUANTIZE_SUM,
                interval,
                depth,
                (long) FpgaKernels.TILE_BLOCKS * interval + depth + staged,
                staged + 2 * partialWords(kernels),
                adders * (vendor == Vendor.XILINX ? ADDER_DSP_XILINX : 1),
                ranks * block * element + adders * ADDER + 4 * PORT,
                ranks * (BUFFER_BRAM + 1) + 4 * PORT_BRAM);
    }

    private static int tileWords(FpgaKernels kernels) {
        return FpgaKernels.TILE_BLOCKS * kernels.blockBytes() / WORD_BYTES;
    }

    private static long partialWords(FpgaKernels kernels) {
        return (long) FpgaKernels.TILE_BLOCKS * kernels.format().block() / WORD_FLOATS;
    }

    /**
     * {@return the cycles of a partial}
     *
     * @param kernels the kernels of this estimate
     * @param rows tokens
     * @param columns elements of a row
     */
    public long cycles(FpgaKernels kernels, int rows, int columns) {
        return tiles(kernels, rows, columns) * cyclesPerTile;
    }

    /**
     * {@return the seconds of a partial: the larger of the time of its cycles and the time of its bytes}
     *
     * @param kernels the kernels of this estimate
     * @param rows tokens
     * @param columns elements of a row
     * @param clock cycles per second
     * @param bandwidth bandwidth of the memory, in bytes per second
     */
    public double seconds(FpgaKernels kernels, int rows, int columns, double clock, double bandwidth) {
        double bytes = (double) tiles(kernels, rows, columns) * wordsPerTile * WORD_BYTES;
        return Math.max(cycles(kernels, rows, columns) / clock, bytes / bandwidth);
    }

    private static long tiles(FpgaKernels kernels, int rows, int columns) {
        return new BlockStream(kernels, rows, columns).tiles();
    }
}
