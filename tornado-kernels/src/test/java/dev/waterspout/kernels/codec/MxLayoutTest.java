package dev.waterspout.kernels.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MxLayoutTest {
    private static final int ROWS = 3;

    @ParameterizedTest
    @CsvSource({
        "e2m1, 32",
        "e2m1:8:e5m0, 64",
        "int3:16:e4m0, 32",
        "int8:128:f16, 128",
        "e4m3:32:e5m0, 256",
        "f32, 1",
        "bf16, 1",
        "f16, 1",
        "int4:token, 1",
        "int4:channel, 1",
        "topk:8, 1"
    })
    void unitsFillWholeBytes(String text, int unit) {
        WireFormat format = WireFormat.parse(text);

        assertThat(format.columnUnit()).isEqualTo(unit);
        if (format instanceof MxFormat mx) {
            assertThat(new MxLayout(mx, 5).columnUnit()).isEqualTo(unit);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"e2m1", "e2m1:8:e5m0", "int3:16:e4m0", "e3m1:8:f16", "e4m3:16:e8m0", "int6:64:e4m0"})
    void tilesAreCopiedAsTheyWouldBeEncoded(String text) {
        MxFormat format = (MxFormat) WireFormat.parse(text);
        PartialCodec codec = PartialCodec.reference(format);
        int unit = format.columnUnit();
        for (int columns : new int[] {unit, 3 * unit, 5 * unit + 1, 4 * unit - 3}) {
            MxLayout layout = new MxLayout(format, columns);
            float[] values = Samples.heavyTailed(columns, ROWS * columns);
            MemorySegment whole = Samples.encode(codec, values, ROWS);
            MemorySegment assembled = Samples.bytes(whole.byteSize());
            for (int first = 0; first < columns; first += 2 * unit) {
                int width = Math.min(2 * unit, columns - first);
                MxLayout tileLayout = new MxLayout(format, width);
                MemorySegment tile = Samples.bytes(format.encodedBytes(ROWS, width));
                layout.copyColumns(whole, ROWS, first, tileLayout, tile);
                layout.pasteColumns(tile, tileLayout, assembled, ROWS, first);

                float[] cut = new float[ROWS * width];
                for (int row = 0; row < ROWS; row++) {
                    System.arraycopy(values, row * columns + first, cut, row * width, width);
                }
                assertThat(Samples.array(tile))
                        .as("%s, columns %d to %d of %d", text, first, first + width, columns)
                        .isEqualTo(Samples.array(Samples.encode(codec, cut, ROWS)));
            }
            assertThat(Samples.array(assembled)).isEqualTo(Samples.array(whole));
        }
    }

    @Test
    void pastingDoesNotChangeOtherColumns() {
        MxFormat format = (MxFormat) WireFormat.parse("e2m1:8:e4m0");
        MxLayout layout = new MxLayout(format, 48);
        MxLayout tileLayout = new MxLayout(format, 16);
        MemorySegment packed = Samples.bytes(2 * layout.rowBytes());
        packed.fill((byte) 0x5a);
        layout.pasteColumns(Samples.bytes(2 * tileLayout.rowBytes()), tileLayout, packed, 2, 16);

        byte[] expected = new byte[2 * (3 + 24)];
        Arrays.fill(expected, (byte) 0x5a);
        for (int row = 0; row < 2; row++) {
            expected[row * 27 + 1] = 0;
            Arrays.fill(expected, row * 27 + 3 + 8, row * 27 + 3 + 16, (byte) 0);
        }
        assertThat(Samples.array(packed)).isEqualTo(expected);
    }

    @Test
    void refusesWhatCannotBeCut() {
        MxFormat format = (MxFormat) WireFormat.parse("e2m1");
        MxLayout layout = new MxLayout(format, 100);
        MemorySegment packed = Samples.bytes(2 * layout.rowBytes());
        MemorySegment tile = Samples.bytes(2 * format.rowBytes(32));

        assertThatIllegalArgumentException()
                .isThrownBy(() -> layout.copyColumns(packed, 2, 16, new MxLayout(format, 32), tile))
                .withMessage("tile of columns 16 to 48 does not start and end at multiples of 32 or the end of the"
                        + " row, 100");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> layout.copyColumns(packed, 2, 32, new MxLayout(format, 33), tile))
                .withMessage("tile of columns 32 to 65 does not start and end at multiples of 32 or the end of the"
                        + " row, 100");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> layout.pasteColumns(tile, new MxLayout(format, 32), packed, 2, 96))
                .withMessage("tile of columns 96 to 128 is not within 0 to 100");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> layout.copyColumns(packed, 2, 0, new MxLayout(format, 32), tile.asSlice(1)))
                .withMessage("tile has 33 bytes, but 2 packed rows of 32 columns take 34");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> layout.copyColumns(packed.asSlice(1), 2, 0, new MxLayout(format, 32), tile))
                .withMessage("packed has 107 bytes, but 2 packed rows of 100 columns take 108");
        MxLayout other = new MxLayout((MxFormat) WireFormat.parse("e4m3"), 32);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> layout.copyColumns(packed, 2, 0, other, tile))
                .withMessage("a tile of another format cannot be copied: 32 columns of 8 bits in blocks of 32 with"
                        + " scales of 8 bits, not 100 columns of 4 bits in blocks of 32 with scales of 8 bits");
    }
}
