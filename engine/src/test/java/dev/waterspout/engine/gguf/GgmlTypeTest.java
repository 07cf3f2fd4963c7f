package dev.waterspout.engine.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.waterspout.kernels.weights.WeightFormat;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Sizes and numbers of the tensor types. */
class GgmlTypeTest {
    /** The bits per weight that ggml's documentation gives; they reveal a wrong block or size. */
    @ParameterizedTest
    @CsvSource({
        "F32, 0, 32",
        "F16, 1, 16",
        "Q4_0, 2, 4.5",
        "Q4_1, 3, 5",
        "Q5_0, 6, 5.5",
        "Q5_1, 7, 6",
        "Q8_0, 8, 8.5",
        "Q8_1, 9, 9",
        "Q2_K, 10, 2.625",
        "Q3_K, 11, 3.4375",
        "Q4_K, 12, 4.5",
        "Q5_K, 13, 5.5",
        "Q6_K, 14, 6.5625",
        "Q8_K, 15, 9.125",
        "IQ2_XXS, 16, 2.0625",
        "IQ2_XS, 17, 2.3125",
        "IQ3_XXS, 18, 3.0625",
        "IQ1_S, 19, 1.5625",
        "IQ4_NL, 20, 4.5",
        "IQ3_S, 21, 3.4375",
        "IQ2_S, 22, 2.5625",
        "IQ4_XS, 23, 4.25",
        "I8, 24, 8",
        "I16, 25, 16",
        "I32, 26, 32",
        "I64, 27, 64",
        "F64, 28, 64",
        "IQ1_M, 29, 1.75",
        "BF16, 30, 16",
        "TQ1_0, 34, 1.6875",
        "TQ2_0, 35, 2.0625",
        "MXFP4, 39, 4.25",
        "NVFP4, 40, 4.5",
        "Q1_0, 41, 1.125",
        "Q2_0, 42, 2.25"
    })
    void hasItsBitsPerWeight(GgmlType type, int id, double bits) {
        assertThat(type.id()).isEqualTo(id);
        assertThat(8.0 * type.blockBytes() / type.blockElements()).isEqualTo(bits);
        assertThat(type.bytes(1024L * type.blockElements())).isEqualTo(1024L * type.blockBytes());
    }

    @ParameterizedTest
    @EnumSource
    void isFoundByItsNumber(GgmlType type) {
        assertThat(GgmlType.byId(type.id())).hasValue(type);
        assertThat(GgmlType.removedName(type.id())).isEmpty();
    }

    @Test
    void hasANameForEveryNumber() {
        for (int id = 0; id <= 42; id++) {
            assertThat(GgmlType.byId(id).isPresent())
                    .as("type %d", id)
                    .isNotEqualTo(GgmlType.removedName(id).isPresent());
        }
        assertThat(GgmlType.byId(43)).isEmpty();
        assertThat(GgmlType.byId(-1)).isEmpty();
        assertThat(Arrays.stream(GgmlType.values()).map(GgmlType::id)).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @CsvSource({"Q8_0, 31", "Q8_0, -32", "Q4_K, 128"})
    void refusesPartialBlocks(GgmlType type, long elements) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> type.bytes(elements))
                .withMessageContaining(String.valueOf(elements));
    }

    @Test
    void blockSizesEqualThoseOfTheKernels() {
        for (WeightFormat format : WeightFormat.values()) {
            GgmlType type = GgmlType.byId(format.id()).orElseThrow();
            assertThat(type.name()).isEqualTo(format.name());
            assertThat(type.blockElements()).isEqualTo(format.blockElements());
            assertThat(type.blockBytes()).isEqualTo(format.blockBytes());
            assertThat(type.weights()).contains(format);
        }
        assertThat(GgmlType.I32.weights()).isEmpty();
    }
}
