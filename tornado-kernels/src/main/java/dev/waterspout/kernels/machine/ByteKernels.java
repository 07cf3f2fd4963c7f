package dev.waterspout.kernels.machine;

import dev.waterspout.kernels.vector.Layouts;
import dev.waterspout.kernels.vector.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Products of weights and inputs of 8 bits for any number of tokens, see {@link ByteTile}. All addresses are of memory
 * that the caller keeps alive.
 */
public final class ByteKernels implements MachineCode.Checked {
    /** Columns of a tile. */
    public static final int CHUNK = ByteLayout.CHUNK;

    /** Columns that share a scale of inputs; the number of columns is a multiple of it. */
    public static final int BLOCK = ByteLayout.BLOCK;

    /** Bytes of a token's inputs of a chunk, of which a shorter one uses the first blocks. */
    public static final int INPUT_CHUNK = ByteLayout.INPUT_CHUNK;

    /** Bytes of the constants that {@link #prepare} writes. */
    public static final int CONSTANTS = InputRounding.CONSTANTS;

    private final MachineCode machine;
    private final Isa isa;
    private final Quants quants;
    private final MachineCode.Function round;
    private final MachineCode.Function interleave;
    private final MachineCode.Function copy;
    private final Map<TileReader, Reader> readers = new ConcurrentHashMap<>();
    private final Map<RowProducts, Optional<RowKernels>> rowKernels = new ConcurrentHashMap<>();

    /** The function for a number of tokens. */
    private final MachineCode.Function[] functions;

    ByteKernels(MachineCode machine, Quants quants) {
        this.machine = machine;
        isa = machine.isa();
        this.quants = quants;
        InputRounding rounding = new InputRounding(quants.group());
        round = machine.function(rounding, rounding::emit);
        ByteInterleave interleaving = new ByteInterleave(isa);
        interleave = machine.function(interleaving, interleaving::emit);
        CopyRows copying = new CopyRows(isa);
        copy = machine.function(copying, copying::emit);
        functions = new MachineCode.Function[isa.tokens() + 1];
        for (int tokens = 1; tokens < functions.length; tokens++) {
            ByteTile tile = new ByteTile(isa, quants, tokens);
            functions[tokens] = machine.function(tile, tile::emit);
        }
    }

    /** {@return the rows of a tile} */
    public int rows() {
        return isa.rows();
    }

    /** {@return the bytes of a tile} */
    public int tileBytes() {
        return ByteLayout.tile(isa);
    }

    /** {@return the offset in a tile of the first group's scales} */
    public int scales() {
        return ByteLayout.scales(isa);
    }

    /** {@return the offset in a tile of the first group's offsets} */
    public int offsets() {
        return ByteLayout.offsets(isa);
    }

    /** {@return the bytes from a group's scales, or offsets, to the next one's; rows follow each other} */
    public int groupStride() {
        return Isa.VECTORS * isa.bytes();
    }

    /**
     * Writes the constants that the kernels read.
     *
     * @param tile {@link #tileBytes} of memory for weights
     * @param constants {@link #CONSTANTS} bytes
     */
    public void prepare(MemorySegment tile, MemorySegment constants) {
        ByteLayout.prepare(tile, quants.shift(isa));
        InputRounding.constants(constants, quants.shift(isa));
    }

    /**
     * Rounds inputs of one token.
     *
     * @param x address of the inputs, f32
     * @param inputs receives {@value ByteLayout#INPUT_BLOCK} bytes per block
     * @param constants see {@link #prepare}
     * @param blocks number of blocks, at least 1
     */
    public void round(long x, long inputs, long constants, int blocks) {
        round.call(x, inputs, constants, blocks, 0, 0);
    }

    /**
     * Fills the numbers of a tile.
     *
     * @param tile its address
     * @param panel address of {@link #rows} rows of {@value #CHUNK} bytes with sign
     * @param columns number of columns, a multiple of 16
     */
    public void interleave(long tile, long panel, int columns) {
        interleave.call(tile, panel, columns / Transpose.BYTES, 0, 0, 0);
    }

    /** A function that fills a tile from rows as a file stores them. */
    public interface Reader {
        /**
         * Fills a tile.
         *
         * @param tile its address
         * @param rows address of the chunk of the panel's first row
         * @param blocks number of blocks, at least 1
         * @param next address of the first row that is needed next, plus {@link #rowsPerStream} times the bytes that
         *     the chunk is away from the beginning of its row
         */
        void read(long tile, long rows, int blocks, long next);
    }

    /** {@return the number of rows in one prefetch stream of a panel} */
    public int rowsPerStream() {
        return isa.rows() / TileReader.STREAMS;
    }

    /**
     * {@return a function that fills tiles}
     *
     * @param block block layout of the type
     * @param rowStride bytes from a row to the next
     */
    public Reader reader(BlockReader block, int rowStride) {
        TileReader reader = new TileReader(isa, block, rowStride);
        return readers.computeIfAbsent(reader, key -> {
            MachineCode.Function function = machine.function(key, key::emit);
            long numbers = numbers(block).address();
            return (tile, rows, blocks, next) -> function.call(tile, rows, blocks, next, numbers, 0);
        });
    }

    /**
     * {@return the kernels of one token's products, or nothing if they do not work here}
     *
     * @param block block layout of the type
     * @param rowStride bytes from a row to the next, at most {@value RowKernels#LONGEST_STRIDE}
     * @param columns number of columns
     */
    public Optional<RowKernels> rows(BlockReader block, int rowStride, int columns) {
        RowProducts shape = new RowProducts(isa, block, quants, rowStride, columns / block.blockElements());
        return rowKernels.computeIfAbsent(
                shape, key -> MachineCode.checked(new RowKernels(this, machine, key, numbers(block))));
    }

    /** {@return memory with the numbers that a type looks up, as tiles have them, once per 16 bytes of a vector} */
    private MemorySegment numbers(BlockReader block) {
        byte[] numbers = block.numbers();
        if (numbers.length == 0) {
            return MemorySegment.NULL;
        }
        MemorySegment vector = Arena.global().allocate(Memory.LINE, Memory.LINE);
        for (int i = 0; i < Memory.LINE; i++) {
            vector.set(Layouts.I8, i, (byte) (numbers[i % numbers.length] - quants.shift(isa)));
        }
        return vector;
    }

    /**
     * Adds the products of a tile with some tokens' inputs to results.
     *
     * @param tile its address
     * @param inputs address of the first token's rounded inputs of the chunk; the next token's follow
     *     {@value ByteLayout#INPUT_CHUNK} bytes on
     * @param results address of the first token's results, an f32 per row of the tile; the next token's follow
     * @param tokens number of tokens, at least 1
     * @param columns number of columns, a multiple of {@value #BLOCK}
     */
    public void multiply(long tile, long inputs, long results, int tokens, int columns) {
        int most = functions.length - 1;
        int groups = tokens / most;
        int blocks = columns / BLOCK;
        if (groups > 0) {
            functions[most].call(tile, inputs, results, groups, blocks, 0);
        }
        int rest = tokens - groups * most;
        if (rest > 0) {
            long done = (long) groups * most;
            long x = inputs + done * INPUT_CHUNK;
            functions[rest].call(tile, x, results + done * groupStride(), 1, blocks, 0);
        }
    }

    /**
     * Copies results of all rows of a tile.
     *
     * @param y address of the first token's outputs
     * @param results address of the first token's results
     * @param stride bytes from a token's outputs to the next one's
     * @param tokens number of tokens, at least 1
     */
    public void copy(long y, long results, long stride, int tokens) {
        copy.call(y, results, stride, tokens, 0, 0);
    }

    @Override
    public boolean works() {
        try (Arena arena = Arena.ofConfined()) {
            return new ByteKernelsCheck(this, isa, quants, arena).passes();
        }
    }

    @Override
    public String toString() {
        return isa + " " + quants;
    }
}
