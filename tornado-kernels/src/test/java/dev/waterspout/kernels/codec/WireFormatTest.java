package dev.waterspout.kernels.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WireFormatTest {
    @ParameterizedTest
    @CsvSource({
        "f32, f32",
        "BF16, bf16",
        "e2m1, e2m1:32:e8m0",
        "E4M3:16, e4m3:16:e8m0",
        "Int4:128:E5M0, int4:128:e5m0",
        "e1m1:8:f16, e1m1:8:f16",
        "F16, f16",
        "q8_0, int8:32:f16",
        "INT4:Token, int4:token",
        "int8:channel, int8:channel",
        "topk:65536, topk:65536",
        "e2m1:32:e8m0:floor, e2m1:32:e8m0",
        "E2M1:32:E8M0:RCEIL, e2m1:32:e8m0:rceil",
        "int4:8:f16:ceil, int4:8:f16:ceil",
        "e4m3:64:e4m0:even, e4m3:64:e4m0:even"
    })
    void readsTextInEitherCase(String text, String label) {
        WireFormat format = WireFormat.parse(text);

        assertThat(format.label()).isEqualTo(label);
        assertThat(format).hasToString(label);
        assertThat(WireFormat.parse(label)).isEqualTo(format);
    }

    @Test
    void fillsInTheDefaults() {
        assertThat(WireFormat.parse("e2m1"))
                .isEqualTo(new MxFormat(ElementType.E2M1, 32, ScaleType.E8M0, ScaleRule.FLOOR, Rounding.EVEN));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ":",
                "f16:32",
                "q8_0:32",
                "int6:token",
                "int4:token:f16",
                "token",
                "topk",
                "topk:0",
                "topk:08",
                "topk:-1",
                "topk:65537",
                "topk:9999999",
                "f32:32",
                "bf16:8",
                "e2m1:",
                "e2m1:12",
                "e2m1:256",
                "e2m1:032",
                "e2m1:32:",
                "e2m1:32:e9m0",
                "e2m1:32:e8m0:",
                "e2m1:32:e8m0:round",
                "e2m1:32:e8m0:ceil:",
                "e2m1:e8m0",
                " e2m1",
                "e9m9"
            })
    void refusesOtherText(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> WireFormat.parse(text))
                .withMessage("wire format '" + text
                        + "' is not f32, bf16, f16, int4:token, int8:token, int4:channel, int8:channel, q8_0,"
                        + " topk:<n> or <element>[:block[:scale[:rule]]] with an element of"
                        + " e5m2|e4m3|e3m2|e2m3|e3m1|e2m2|e2m1|e1m2|e3m0|e2m0|e1m1|int8|int6|int5|int4|int3,"
                        + " a block of 8|16|32|64|128, a scale of e8m0|e5m0|e4m0|f16"
                        + " and a rule of floor|even|ceil|rceil");
    }

    @Test
    void everyFormatHasItsOwnIdAndText() {
        Set<Integer> ids = new HashSet<>();
        Samples.formats().forEach(format -> {
            assertThat(WireFormat.ofId(format.id())).isEqualTo(format);
            assertThat(((MxFormat) WireFormat.parse(format.label())).withRounding(format.rounding()))
                    .isEqualTo(format);
            ids.add(format.id());
        });
        for (PlainFormat format : PlainFormat.values()) {
            assertThat(WireFormat.ofId(format.id())).isEqualTo(format);
            ids.add(format.id());
        }

        for (String text :
                List.of("int4:token", "int8:token", "int4:channel", "int8:channel", "topk:1", "topk:65536")) {
            WireFormat format = WireFormat.parse(text);
            assertThat(WireFormat.ofId(format.id())).isEqualTo(format);
            assertThat(format).hasToString(text);
            ids.add(format.id());
        }

        assertThat(ids).hasSize(16 * 5 * 4 * 2 * 4 + 3 + 6).doesNotContain(0);
    }

    @Test
    void idsAreStable() {
        assertThat(PlainFormat.F32.id()).isEqualTo(1);
        assertThat(PlainFormat.BF16.id()).isEqualTo(2);
        assertThat(PlainFormat.F16.id()).isEqualTo(4);
        assertThat(WireFormat.parse("int4:token").id()).isEqualTo(0x04_05);
        assertThat(WireFormat.parse("int8:channel").id()).isEqualTo(0x08_15);
        assertThat(WireFormat.parse("topk:16").id()).isEqualTo(0x10_06);
        assertThat(WireFormat.parse("e2m1").id()).isEqualTo(0x00_08_21_53);
        assertThat(WireFormat.parse("e2m1:32:e8m0:rceil").id()).isEqualTo(0x03_08_21_53);
        assertThat(WireFormat.parse("int8:128:f16").id()).isEqualTo(0x00_10_06_73);
        assertThat(MxFormat.of(ElementType.E4M3, 8, ScaleType.E5M0)
                        .withRounding(Rounding.AWAY)
                        .id())
                .isEqualTo(0x10_05_43_33);
    }

    @ParameterizedTest
    @CsvSource({
        "0x00000000, 'kind 0 is not within 1..6'",
        "0x00000011, f32 has no bits above its kind",
        "0x80000002, bf16 has no bits above its kind",
        "0x00082123, block 2^2 is not within 2^3..2^7",
        "0x00082183, block 2^8 is not within 2^3..2^7",
        "0x000821f3, block 2^15 is not within 2^3..2^7",
        "0x00089953, element code 0x99 is unknown",
        "0x00072153, scale code 0x7 is unknown",
        "0x04082153, rule code 0x4 is unknown",
        "0x20082153, rounding code 0x2 is unknown",
        "0x00000007, kind 7 is not within 1..6",
        "0x00000104, f16 has no bits above its kind",
        "0x00000505, bits 5 are not 4 or 8",
        "0x00010405, bits 260 are not 4 or 8",
        "0x00000425, axis code 0x2 is unknown",
        "0x00000006, topk keeps one in 1..65536 and has no other bits",
        "0x00000116, topk keeps one in 1..65536 and has no other bits",
        "0x01000106, topk keeps one in 1..65536 and has no other bits"
    })
    void refusesOtherIds(String id, String reason) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> WireFormat.ofId(Integer.parseUnsignedInt(id.substring(2), 16)))
                .withMessage("format id " + id + " names no wire format: " + reason);
    }

    @Test
    void refusesOtherBlocks() {
        for (int block : new int[] {-8, 0, 4, 24, 256}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> MxFormat.of(ElementType.E2M1, block, ScaleType.E8M0))
                    .withMessage("block " + block + " is not one of 8, 16, 32, 64, 128");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "f32, 5, 20",
        "bf16, 5, 10",
        "e2m1, 2048, 1088",
        "e2m1, 33, 19",
        "e2m1:8:e4m0, 17, 11",
        "int3:32:e5m0, 1021, 403",
        "e4m3:128:f16, 129, 133",
        "e2m1, 2147483647, 1140850688",
        "f16, 5, 10",
        "q8_0, 2048, 2176",
        "int4:token, 33, 19",
        "int8:token, 33, 35",
        "topk:8, 2048, 864",
        "topk:8, 7, 3",
        "topk:1, 2147483647, 12616466427"
    })
    void sizesAreExact(String text, int columns, long rowBytes) {
        WireFormat format = WireFormat.parse(text);

        assertThat(format.rowBytes(columns)).isEqualTo(rowBytes);
        assertThat(format.encodedBytes(7, columns)).isEqualTo(7 * rowBytes);
        assertThat(format.encodedBytes(0, columns)).isZero();
        assertThat(format.bitsPerElement(columns)).isEqualTo(8.0 * rowBytes / columns);
    }

    @Test
    void channelsShareTheirScales() {
        WireFormat format = WireFormat.parse("int4:channel");

        assertThat(format.encodedBytes(7, 33)).isEqualTo(2 * 33 + 7 * 17);
        assertThat(format.encodedBytes(0, 33)).isZero();
        assertThat(format.rowBytes(33)).isEqualTo(format.encodedBytes(1, 33)).isEqualTo(83);
    }

    @Test
    void refusesImpossibleShapes() {
        for (String text : new String[] {"f32", "bf16", "f16", "e2m1", "int4:token", "int8:channel", "topk:4"}) {
            WireFormat format = WireFormat.parse(text);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> format.rowBytes(0))
                    .withMessage("columns 0 is not 1 or more");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> format.encodedBytes(-1, 8))
                    .withMessage("rows -1 is not 0 or more");
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> WireFormat.parse("f32").encodedBytes(Integer.MAX_VALUE, Integer.MAX_VALUE))
                .withMessage("rows 2147483647 of 8589934588 bytes exceed 2^63 bytes");
    }
}
