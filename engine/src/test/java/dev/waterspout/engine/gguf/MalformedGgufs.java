package dev.waterspout.engine.gguf;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Stream;

/** Files that must be refused with one clear error, for the tests of the reader and of the commands that open files. */
public final class MalformedGgufs {
    private static final int ALIGNMENT = 32;
    private static final int F32 = 0;
    private static final int Q8_0 = 8;

    /** A malformed file. */
    public static final class Case {
        private final String name;
        private final byte[] bytes;
        private final String says;

        Case(String name, byte[] bytes, String says) {
            this.name = name;
            this.bytes = bytes;
            this.says = says;
        }

        /** Returns a description of the file's defect. */
        public String name() {
            return name;
        }

        /** The file; the caller's. */
        public byte[] bytes() {
            return bytes.clone();
        }

        /** A part of the expected message. */
        public String says() {
            return says;
        }

        @Override
        public String toString() {
            return name;
        }
    }

    private MalformedGgufs() {}

    /** All of them. */
    public static Stream<Case> stream() {
        return Stream.of(
                        notGguf(),
                        truncations(),
                        counts(),
                        strings(),
                        values(),
                        arrays(),
                        alignments(),
                        dimensions(),
                        types(),
                        places())
                .flatMap(cases -> cases);
    }

    /** A file with a field of every kind, which ends with the last byte of its last tensor. */
    static GgufBytes sample() {
        return GgufBytes.header(3, 2, 3)
                .mark("key length")
                .u64("general.architecture".length())
                .mark("key bytes")
                .raw("general.architecture".chars().toArray())
                .mark("value type")
                .u32(GgufValueType.STRING.id())
                .mark("string length")
                .u64(5)
                .mark("string bytes")
                .raw("llama".chars().toArray())
                .key("llama.context_length", GgufValueType.UINT32)
                .mark("value")
                .u32(512)
                .key("tokenizer.ggml.tokens", GgufValueType.ARRAY)
                .mark("element type")
                .u32(GgufValueType.STRING.id())
                .mark("array length")
                .u64(2)
                .mark("first element")
                .string("<s>")
                .mark("last element")
                .string("the")
                .mark("tensor name length")
                .u64(5)
                .mark("tensor name bytes")
                .raw("first".chars().toArray())
                .mark("number of dimensions")
                .u32(2)
                .mark("dimension 0")
                .u64(8)
                .mark("dimension 1")
                .u64(2)
                .mark("tensor type")
                .u32(F32)
                .mark("tensor offset")
                .u64(0)
                .tensor("second", Q8_0, 64, 32)
                .mark("padding")
                .data(ALIGNMENT, 0)
                .mark("first tensor's data")
                .data(ALIGNMENT, 64)
                .mark("last tensor's data")
                .data(ALIGNMENT, 34);
    }

    private static Stream<Case> notGguf() {
        return Stream.of(
                new Case("empty file", new byte[0], "is empty"),
                new Case("text file", "Once upon a time".getBytes(StandardCharsets.UTF_8), "not a GGUF file"),
                new Case("zeros", new byte[4096], "not a GGUF file"),
                new Case(
                        "magic in lower case",
                        new GgufBytes().raw('g', 'g', 'u', 'f').u32(3).build(),
                        "not a GGUF"),
                new Case("version 0", GgufBytes.header(0, 0, 0).build(), "version 0"),
                new Case("version 1", GgufBytes.header(1, 0, 0).build(), "version 1"),
                new Case("version 4", GgufBytes.header(4, 0, 0).build(), "version 4"),
                new Case("version 2^32 - 1", GgufBytes.header(-1, 0, 0).build(), "version 4294967295"),
                new Case(
                        "big-endian, version 2", GgufBytes.header(2 << 24, 0, 0).build(), "big-endian"),
                new Case(
                        "big-endian, version 3", GgufBytes.header(3 << 24, 0, 0).build(), "big-endian"));
    }

    private static Stream<Case> truncations() {
        GgufBytes sample = sample();
        byte[] whole = sample.build();
        Stream<Case> inside = sample.marks().entrySet().stream()
                .map(mark -> new Case("truncated in " + mark.getKey(), Arrays.copyOf(whole, mark.getValue() + 1), ""));
        Stream<Case> before = sample.marks().entrySet().stream()
                .filter(mark -> mark.getValue() > 0)
                .map(mark -> new Case("truncated before " + mark.getKey(), Arrays.copyOf(whole, mark.getValue()), ""));
        Case lastByte = new Case("truncated by one byte", Arrays.copyOf(whole, whole.length - 1), "\"second\"");
        return Stream.concat(Stream.concat(inside, before), Stream.of(lastByte));
    }

    private static Stream<Case> counts() {
        return Stream.of(
                new Case("tensor count 1 of none", GgufBytes.header(3, 1, 0).build(), "tensor count is 1"),
                new Case("tensor count 2^32", GgufBytes.header(3, 1L << 32, 0).build(), "4294967296"),
                new Case(
                        "tensor count 2^63 - 1",
                        GgufBytes.header(3, Long.MAX_VALUE, 0).build(),
                        "9223372036854775807"),
                new Case("tensor count 2^64 - 1", GgufBytes.header(3, -1, 0).build(), "18446744073709551615"),
                new Case("metadata count 1 of none", GgufBytes.header(3, 0, 1).build(), "metadata count is 1"),
                new Case("metadata count 2^31", GgufBytes.header(3, 0, 1L << 31).build(), "2147483648"),
                new Case("metadata count 2^64 - 1", GgufBytes.header(3, 0, -1).build(), "18446744073709551615"),
                new Case("metadata count one too high", patched("metadata count", 4), "tensor 0: the name's length"),
                new Case(
                        "metadata count one too low", patched("metadata count", 2), "tensor \"tokenizer.ggml.tokens\""),
                new Case("tensor count one too high", patched("tensor count", 3), "tensor 2"));
    }

    private static Stream<Case> strings() {
        return Stream.of(
                new Case("key length 0", withKey(""), "1 to 65535"),
                new Case("key of 65,536 bytes", withKey("k".repeat(65_536)), "65536"),
                new Case("key length 2^63 - 1", patched("key length", Long.MAX_VALUE), "9223372036854775807"),
                new Case("key length 2^63", patched("key length", Long.MIN_VALUE), "9223372036854775808"),
                new Case("key length 2^64 - 1", patched("key length", -1), "18446744073709551615"),
                new Case("string length 2^31", patched("string length", 1L << 31), "2147483648"),
                new Case("string length 2^63 - 8", patched("string length", Long.MAX_VALUE - 7), "9223372036854775800"),
                new Case("string length 2^64 - 1", patched("string length", -1), "18446744073709551615"),
                new Case(
                        "length of a string in an array 2^63", patched("last element", Long.MIN_VALUE), "922337203685"),
                new Case("tensor name length 0", withTensors(32, t -> t.tensor("", F32, 0, 8)), "1 to 65535"),
                new Case("tensor name length 2^63", patched("tensor name length", Long.MIN_VALUE), "922337203685"),
                new Case(
                        "duplicate key",
                        GgufBytes.header(3, 0, 2)
                                .key("twice", GgufValueType.BOOL)
                                .raw(1)
                                .key("twice", GgufValueType.UINT8)
                                .raw(1)
                                .build(),
                        "\"twice\""),
                new Case(
                        "key of terminal controls and no value",
                        GgufBytes.header(3, 0, 1)
                                .string("\n\r\u001b[31m\u2028\u202e\u0000")
                                .raw(99, 0, 0, 0, 0)
                                .build(),
                        "\\n\\r\\u001b[31m\\u2028\\u202e\\u0000"));
    }

    private static Stream<Case> values() {
        return Stream.of(
                new Case("value type 13", withValueType(13), "is 13; 0 to 12"),
                new Case("value type 2^32 - 1", withValueType(-1), "is 4294967295"),
                new Case("bool 2", withValue(GgufValueType.BOOL, v -> v.raw(2)), "bool is 2"),
                new Case("bool 255", withValue(GgufValueType.BOOL, v -> v.raw(255)), "bool is 255"),
                new Case("bool 3 in an array", withArray(GgufValueType.BOOL.id(), 3, v -> v.raw(0, 1, 3)), "bool is 3"),
                new Case("float64 of 4 bytes", withValue(GgufValueType.FLOAT64, v -> v.u32(0)), "needs 8 bytes"));
    }

    private static Stream<Case> arrays() {
        return Stream.of(
                new Case("element type 13", withArray(13, 0, v -> v), "is 13; 0 to 12"),
                new Case("uint8[2^31]", withArray(GgufValueType.UINT8.id(), 1L << 31, v -> v.u64(0)), "2147483648"),
                new Case("int16[2^63]", withArray(GgufValueType.INT16.id(), 1L << 63, v -> v.u64(0)), "922337203685"),
                new Case("float32[2^62]", withArray(GgufValueType.FLOAT32.id(), 1L << 62, v -> v.u64(0)), "461168601"),
                new Case("uint64[2^61]", withArray(GgufValueType.UINT64.id(), 1L << 61, v -> v.u64(0)), "230584300"),
                new Case("int64[2^61 + 1]", withArray(GgufValueType.INT64.id(), (1L << 61) + 1, v -> v.u64(0)), "2305"),
                new Case("int64[2] of one", withArray(GgufValueType.INT64.id(), 2, v -> v.u64(0)), "hold at most 1"),
                new Case("string[2^61]", withArray(GgufValueType.STRING.id(), 1L << 61, v -> v.u64(0)), "230584300"),
                new Case("string[2^64 - 1]", withArray(GgufValueType.STRING.id(), -1, v -> v.u64(0)), "18446744073"),
                new Case("array[2^60]", withArray(GgufValueType.ARRAY.id(), 1L << 60, v -> v.u64(0)), "115292150"),
                new Case("arrays nested 5 deep", nested(5), "nest deeper"),
                new Case("arrays nested 100,000 deep", nested(100_000), "nest deeper"),
                new Case(
                        "inner array of 2^61",
                        withArray(
                                GgufValueType.ARRAY.id(),
                                1,
                                v -> v.u32(GgufValueType.UINT64.id()).u64(1L << 61)),
                        "230584300"));
    }

    private static Stream<Case> alignments() {
        return Stream.of(
                alignment(GgufValueType.UINT32, 0),
                alignment(GgufValueType.UINT32, 1),
                alignment(GgufValueType.UINT32, 3),
                alignment(GgufValueType.UINT32, 4),
                alignment(GgufValueType.UINT32, 24),
                alignment(GgufValueType.UINT32, 1L << 31),
                alignment(GgufValueType.UINT32, 0xffff_ffffL),
                alignment(GgufValueType.INT32, 32),
                alignment(GgufValueType.FLOAT32, 0x4200_0000));
    }

    private static Stream<Case> dimensions() {
        long half = 1L << 32;
        return Stream.of(
                new Case("no dimensions", withTensors(32, t -> t.tensor("t", F32, 0)), "1 to 4"),
                new Case("5 dimensions", withTensors(32, t -> t.tensor("t", F32, 0, 1, 1, 1, 1, 1)), "1 to 4"),
                new Case("2^32 - 1 dimensions", patched32("number of dimensions", -1), "4294967295"),
                new Case("dimension 0", withTensors(32, t -> t.tensor("t", F32, 0, 8, 0)), "dimension 1"),
                new Case("columns 0", withTensors(32, t -> t.tensor("t", F32, 0, 0)), "dimension 0"),
                new Case("dimension -1", withTensors(32, t -> t.tensor("t", F32, 0, 8, -1)), "18446744073709551615"),
                new Case("elements 2^64", withTensors(32, t -> t.tensor("t", F32, 0, half, half)), "2^63 - 1 elements"),
                new Case("elements 2^63", withTensors(32, t -> t.tensor("t", F32, 0, half, half / 2)), "2^63 - 1 elem"),
                new Case("elements 2^96", withTensors(32, t -> t.tensor("t", F32, 0, half, half, half)), "2^63 - 1 el"),
                new Case("bytes 2^64", withTensors(32, t -> t.tensor("t", F32, 0, half, half / 4)), "2^63 - 1 bytes"),
                new Case("bytes 2^40", withTensors(32, t -> t.tensor("t", F32, 0, half, 64)), "do not fit"),
                new Case("Q8_0 row of 31", withTensors(34, t -> t.tensor("t", Q8_0, 0, 31)), "multiple of 32"),
                new Case("Q8_0 row of 16, 2 rows", withTensors(34, t -> t.tensor("t", Q8_0, 0, 16, 2)), "multiple of"),
                new Case("Q6_K row of 128", withTensors(210, t -> t.tensor("t", 14, 0, 128)), "multiple of 256"));
    }

    private static Stream<Case> types() {
        Stream<Case> removed = Map.of(
                        4,
                        "Q4_2",
                        5,
                        "Q4_3",
                        31,
                        "Q4_0_4_4",
                        32,
                        "Q4_0_4_8",
                        33,
                        "Q4_0_8_8",
                        36,
                        "IQ4_NL_4_4",
                        37,
                        "IQ4_NL_4_8",
                        38,
                        "IQ4_NL_8_8")
                .entrySet()
                .stream()
                .sorted(Map.Entry.comparingByKey())
                .map(type -> tensorType(type.getKey(), type.getValue()));
        Stream<Case> unknown = Stream.of(tensorType(43, "43"), tensorType(1000, "1000"), tensorType(-1, "4294967295"));
        return Stream.concat(removed, unknown);
    }

    private static Stream<Case> places() {
        return Stream.of(
                new Case("offset 1", withTensors(64, t -> t.tensor("t", F32, 1, 4)), "multiple of 32"),
                new Case("offset 16", withTensors(64, t -> t.tensor("t", F32, 16, 4)), "multiple of 32"),
                new Case("offset at the end", withTensors(64, t -> t.tensor("t", F32, 64, 4)), "do not fit"),
                new Case("offset beyond the end", withTensors(64, t -> t.tensor("t", F32, 96, 4)), "do not fit"),
                new Case("end beyond the end", withTensors(64, t -> t.tensor("t", F32, 32, 16)), "do not fit"),
                new Case("offset 2^63", withTensors(64, t -> t.tensor("t", F32, 1L << 63, 4)), "9223372036854775808"),
                new Case("offset 2^64 - 32", withTensors(64, t -> t.tensor("t", F32, -32, 4)), "1844674407370955158"),
                new Case(
                        "offset 2^63 - 32", withTensors(64, t -> t.tensor("t", F32, Long.MAX_VALUE - 31, 4)), "do not"),
                new Case("no data", withTensors(0, t -> t.tensor("t", F32, 0, 4)), "do not fit"),
                overlap("same offset", 0, 8, 0, 8),
                overlap("partial overlap", 0, 16, 32, 16),
                overlap("partial overlap, later tensor first", 32, 16, 0, 16),
                overlap("tensor inside another", 0, 32, 64, 4),
                overlap("tensor around another", 32, 4, 0, 32),
                new Case(
                        "third tensor overlaps the first",
                        GgufBytes.header(3, 3, 0)
                                .tensor("a", F32, 0, 16)
                                .tensor("b", F32, 64, 8)
                                .tensor("c", F32, 32, 8)
                                .data(ALIGNMENT, 256)
                                .build(),
                        "overlaps"),
                new Case(
                        "duplicate tensor",
                        GgufBytes.header(3, 2, 0)
                                .tensor("same", F32, 0, 8)
                                .tensor("same", F32, 32, 8)
                                .data(ALIGNMENT, 64)
                                .build(),
                        "\"same\""));
    }

    private interface Part {
        GgufBytes addTo(GgufBytes file);
    }

    private static Case overlap(String name, long offsetA, long elementsA, long offsetB, long elementsB) {
        byte[] file = GgufBytes.header(3, 2, 0)
                .tensor("a", F32, offsetA, elementsA)
                .tensor("b", F32, offsetB, elementsB)
                .data(ALIGNMENT, 256)
                .build();
        return new Case(name, file, "overlaps");
    }

    private static Case alignment(GgufValueType type, long value) {
        byte[] file = GgufBytes.header(3, 0, 1)
                .key("general.alignment", type)
                .u32(value)
                .build();
        return new Case("alignment " + type + " " + value, file, "general.alignment is " + type);
    }

    private static Case tensorType(int type, String says) {
        return new Case(
                "tensor type " + Integer.toUnsignedString(type),
                withTensors(256, t -> t.tensor("t", type, 0, 32)),
                says);
    }

    private static byte[] withTensors(int dataBytes, Part tensor) {
        return tensor.addTo(GgufBytes.header(3, 1, 0))
                .data(ALIGNMENT, dataBytes)
                .build();
    }

    private static byte[] withKey(String key) {
        return GgufBytes.header(3, 0, 1).key(key, GgufValueType.UINT64).u64(0).build();
    }

    private static byte[] withValue(GgufValueType type, Part value) {
        return value.addTo(GgufBytes.header(3, 0, 1).key("key", type)).build();
    }

    private static byte[] withValueType(int type) {
        return GgufBytes.header(3, 0, 1).string("key").u32(type).u64(0).build();
    }

    private static byte[] withArray(int elementType, long count, Part elements) {
        return withValue(
                GgufValueType.ARRAY, v -> elements.addTo(v.u32(elementType).u64(count)));
    }

    private static byte[] nested(int depth) {
        return withValue(GgufValueType.ARRAY, v -> {
            for (int i = 1; i < depth; i++) {
                v.u32(GgufValueType.ARRAY.id()).u64(1);
            }
            return v.u32(GgufValueType.UINT8.id()).u64(1).raw(7);
        });
    }

    private static byte[] patched(String field, long value) {
        return patch(field, value, Long.BYTES);
    }

    private static byte[] patched32(String field, int value) {
        return patch(field, value, Integer.BYTES);
    }

    private static byte[] patch(String field, long value, int width) {
        GgufBytes sample = sample();
        byte[] bytes = sample.build();
        Integer start = sample.marks().get(field);
        if (start == null) {
            throw new IllegalArgumentException(
                    "field=" + field + " must be one of " + sample.marks().keySet());
        }
        for (int i = 0; i < width; i++) {
            bytes[start + i] = (byte) (value >>> (Byte.SIZE * i));
        }
        return bytes;
    }
}
