package dev.waterspout.kernels.weights;

import dev.waterspout.kernels.vector.Memory;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Stores rows of a matrix in {@link Panels}. One thread at a time may use it. */
public final class PanelPacker {
    /** The sign bit of each byte of a word. */
    private static final int SIGNS = 0x80808080;

    private static final int ONES = 0x01010101;

    /** Fours of columns that share words. */
    private static final int FOURS = 8;

    private static final int ENTRIES = 16;

    private final WeightFormat format;
    private final int columns;
    private final PanelLayout layout;
    private final int panelWords;
    private final int[] block;
    private final PanelHeader header;
    private final QuantBlock numbers = new QuantBlock();
    private final int[] fours = new int[FOURS];
    /** The code of each number, by its lowest byte; empty where a code is the number plus a constant. */
    private final byte[] codes;

    /**
     * Makes a packer for the rows of some matrices.
     *
     * @param format tensor type
     * @param columns columns of a row
     * @throws IllegalArgumentException if there are no panels for them
     */
    public PanelPacker(WeightFormat format, int columns) {
        this.format = format;
        this.columns = columns;
        this.layout = Panels.required(format);
        if (columns % layout.block() != 0) {
            throw new IllegalArgumentException("columns=" + columns + ": a row of " + format
                    + " in panels is cut into blocks of " + layout.block());
        }
        this.panelWords = Panels.panelWords(columns, layout.code());
        this.block = new int[Panels.blockWords(layout.code())];
        this.header = new PanelHeader(layout, block);
        this.codes = codes(layout);
        numbers.placeInOwnMemory();
    }

    private static byte[] codes(PanelLayout layout) {
        if (layout.values() == 0) {
            return new byte[0];
        }
        byte[] codes = new byte[256];
        for (int code = Math.min(ENTRIES, 1 << (layout.lowBits() + layout.highBits())) - 1; code >= 0; code--) {
            codes[PanelValues.value(code, layout.values()) & 0xff] = (byte) code;
        }
        return codes;
    }

    /**
     * Stores a row.
     *
     * @param source holds the row as in a file, off-heap
     * @param offset offset of the row
     * @param words receives the row
     * @param start word at which the matrix begins
     * @param row number of the row in the matrix
     */
    public void store(MemorySegment source, long offset, IntArray words, int start, int row) {
        long bytes = format.rowBytes(layout.block());
        MemorySegment stored = source.asSlice(offset, format.rowBytes(columns));
        long address = Memory.address(stored);
        int at = start + row / Panels.ROWS * panelWords + row % Panels.ROWS;
        for (int first = 0; first < columns; first += layout.block()) {
            Arrays.fill(block, 0);
            if (format.type() instanceof ScaledQuants type) {
                type.header(address, header);
                type.read(address, numbers);
                storeCodes();
            } else {
                for (int i = 0; i < block.length; i++) {
                    block[i] = Stored.four(address + (long) Integer.BYTES * i);
                }
            }
            for (int word : block) {
                words.set(at, word);
                at += Panels.ROWS;
            }
            address += bytes;
        }
    }

    private void storeCodes() {
        for (int first = 0; first < layout.block(); first += PanelLayout.LEAST_BLOCK) {
            for (int i = 0; i < FOURS; i += 2) {
                long eight = numbers.get(first + 4 * i);
                fours[i] = code((int) eight);
                fours[i + 1] = code((int) (eight >>> 32));
            }
            int at = Panels.lowWord(first, layout.code());
            storeBits(at, layout.lowBits(), 0);
            storeBits(at + layout.lowBits(), layout.highBits(), layout.lowBits());
        }
    }

    /** {@return the codes of four numbers} */
    private int code(int numbers) {
        if (codes.length == 0) {
            int more = layout.less() * ONES;
            return ((numbers & ~SIGNS) + more) ^ (numbers & SIGNS);
        }
        int four = 0;
        for (int bit = 0; bit < Integer.SIZE; bit += Byte.SIZE) {
            four |= codes[numbers >>> bit & 0xff] << bit;
        }
        return four;
    }

    /** Stores {@code count} bits of each code, from bit {@code from} on. */
    private void storeBits(int at, int count, int from) {
        int mask = ((1 << count) - 1) * ONES;
        for (int four = 0; four < FOURS && count > 0; four++) {
            int inWord = four & (count - 1);
            block[at + inWord] |= (fours[four] >>> from & mask) << (four - inWord);
        }
    }
}
