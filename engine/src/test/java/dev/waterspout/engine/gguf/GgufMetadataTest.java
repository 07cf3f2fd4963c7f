package dev.waterspout.engine.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Typed access to metadata, and how it is shown. */
class GgufMetadataTest {
    private static final GgufValue INT = new GgufValue.Int(GgufValueType.INT8, -5);
    private static final GgufValue TEXT = new GgufValue.Text("text");
    private static final GgufValue INTS = GgufValue.Numbers.ofInts(1, 2);

    @ParameterizedTest
    @CsvSource({
        "UINT8, 200",
        "INT8, -7",
        "UINT16, 40000",
        "INT16, -7",
        "UINT32, 4294967295",
        "INT32, -7",
        "UINT64, 9223372036854775807",
        "INT64, -9223372036854775808"
    })
    void readsIntegersOfEveryWidth(GgufValueType type, long value) {
        GgufMetadata metadata = of(new GgufValue.Int(type, value));
        assertThat(metadata.integer("key")).hasValue(value);
        assertThat(metadata.real("key")).hasValue((double) value);
    }

    @Test
    void keepsHugeUnsignedValues() {
        GgufMetadata metadata = of(new GgufValue.Int(GgufValueType.UINT64, -1));
        assertThat(metadata.real("key")).hasValue(0x1p64);
        assertThat(metadata.value("key").orElseThrow().render()).isEqualTo("18446744073709551615");
        assertThatExceptionOfType(GgufException.class)
                .isThrownBy(() -> metadata.integer("key"))
                .withMessage("model.gguf: metadata key \"key\" has the value 18446744073709551615; "
                        + "-9223372036854775808 to 9223372036854775807 is allowed");
    }

    @Test
    void readsEveryKind() {
        assertThat(of(TEXT).string("key")).hasValue("text");
        assertThat(of(new GgufValue.Bool(true)).bool("key")).hasValue(true);
        assertThat(of(new GgufValue.Real(GgufValueType.FLOAT32, 0.5)).real("key"))
                .hasValue(0.5);
        assertThat(of(new GgufValue.Strings(List.of("a"))).strings("key")).hasValue(List.of("a"));
        assertThat(of(GgufValue.Numbers.ofFloats(1f, -2f)).floats("key")).hasValue(new float[] {1f, -2f});
        assertThat(of(GgufValue.Numbers.ofDoubles(0.5)).floats("key")).hasValue(new float[] {0.5f});
        assertThat(of(INTS).integers("key")).hasValue(new int[] {1, 2});
        assertThat(of(GgufValue.Numbers.ofLongs(GgufValueType.UINT64, 3)).integers("key"))
                .hasValue(new int[] {3});
    }

    @Test
    void refusesArrayElementsThatDoNotFit() {
        GgufMetadata metadata = of(GgufValue.Numbers.ofLongs(GgufValueType.UINT32, 1, 4_294_967_295L));
        assertThatExceptionOfType(GgufException.class)
                .isThrownBy(() -> metadata.integers("key"))
                .withMessageContaining("4294967295");
    }

    @Test
    void isEmptyForAnAbsentKey() {
        GgufMetadata metadata = of(TEXT);
        assertThat(metadata.value("other")).isEmpty();
        assertThat(metadata.string("other")).isEmpty();
        assertThat(metadata.integer("other")).isEmpty();
        assertThat(metadata.real("other")).isEmpty();
        assertThat(metadata.bool("other")).isEmpty();
        assertThat(metadata.strings("other")).isEmpty();
        assertThat(metadata.floats("other")).isEmpty();
        assertThat(metadata.integers("other")).isEmpty();
    }

    static Stream<Arguments> wrongTypes() {
        GgufValue real = new GgufValue.Real(GgufValueType.FLOAT64, 1);
        return Stream.of(
                wrong("string", GgufMetadata::string, INT, "int8; a string"),
                wrong("integer", GgufMetadata::integer, real, "float64; an integer"),
                wrong("integer", GgufMetadata::integer, new GgufValue.Bool(true), "bool; an integer"),
                wrong("real", GgufMetadata::real, TEXT, "string; a number"),
                wrong("bool", GgufMetadata::bool, INT, "int8; a bool"),
                wrong("strings", GgufMetadata::strings, INTS, "array of int32; an array of strings"),
                wrong("strings", GgufMetadata::strings, TEXT, "string; an array of strings"),
                wrong("floats", GgufMetadata::floats, INTS, "array of int32; an array of floating-point numbers"),
                wrong("integers", GgufMetadata::integers, INT, "int8; an array of integers"),
                wrong("integers", GgufMetadata::integers, GgufValue.Numbers.ofBools(true), "bool; an array of integ"));
    }

    @ParameterizedTest(name = "{0}: {2}")
    @MethodSource("wrongTypes")
    void namesKeyAndTypes(BiConsumer<GgufMetadata, String> accessor, GgufValue value, String says) {
        GgufMetadata metadata = of(value);
        assertThatExceptionOfType(GgufException.class)
                .isThrownBy(() -> accessor.accept(metadata, "key"))
                .withMessageStartingWith("model.gguf: metadata key \"key\" has the type ")
                .withMessageContaining(says)
                .withMessageEndingWith(" is wanted");
    }

    @Test
    void rendersInOneLine() {
        assertThat(INT.render()).isEqualTo("-5");
        assertThat(new GgufValue.Real(GgufValueType.FLOAT32, 1e-5f).render()).isEqualTo("1.0E-5");
        assertThat(new GgufValue.Bool(false).render()).isEqualTo("false");
        assertThat(new GgufValue.Text("two\nlines \u001b[0m").render()).isEqualTo("\"two\\nlines \\u001b[0m\"");
        assertThat(new GgufValue.Text("x".repeat(61)).render()).isEqualTo("\"" + "x".repeat(60) + "...\"");
        assertThat(new GgufValue.Text("x".repeat(59) + "\ud83c\udf0a").render())
                .isEqualTo("\"" + "x".repeat(59) + "...\"");
        assertThat(new GgufValue.Strings(List.of("a", "b")).render()).isEqualTo("string[2] {\"a\", \"b\"}");
        assertThat(GgufValue.Numbers.ofInts(1, 2, 3, 4, 5).render()).isEqualTo("int32[5] {1, 2, 3, 4, ...}");
        assertThat(GgufValue.Numbers.ofFloats().render()).isEqualTo("float32[0] {}");
        assertThat(GgufValue.Numbers.ofBools(true).render()).isEqualTo("bool[1] {true}");
        assertThat(GgufValue.Numbers.ofLongs(GgufValueType.UINT64, -1).render())
                .isEqualTo("uint64[1] {18446744073709551615}");
        assertThat(new GgufValue.Arrays(List.of(GgufValue.Numbers.ofInts(1))).render())
                .isEqualTo("array[1] {int32[1] {1}}");
    }

    @ParameterizedTest
    @CsvSource({
        "UINT8, 256",
        "UINT8, -1",
        "INT8, 128",
        "UINT16, 65536",
        "INT16, -32769",
        "UINT32, -1",
        "INT32, 2147483648",
        "BOOL, 1",
        "FLOAT32, 1"
    })
    void refusesValuesOutsideTheirType(GgufValueType type, long value) {
        assertThatIllegalArgumentException().isThrownBy(() -> new GgufValue.Int(type, value));
    }

    private static Arguments wrong(
            String name, BiConsumer<GgufMetadata, String> accessor, GgufValue value, String says) {
        return Arguments.of(Named.of(name, accessor), value, says);
    }

    private static GgufMetadata of(GgufValue value) {
        return new GgufMetadata("model.gguf", Map.of("key", value));
    }
}
